/** One task into its candidates. */

import { LANGUAGES, type Language, type ParsedText } from '#contract/code.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import type { Context, Emission, RowInput, RowOutcome } from '#contract/kind.ts';
import { valueAtPath } from '#domain/at-path.ts';
import { CANDIDATE_CLASSES, type Candidate, makeCandidates, type Yields } from '#domain/mutate/make-candidates.ts';
import { chooseByQuota, type Quota } from '#domain/mutate/quotas.ts';
import { TABLES } from '#domain/mutate/tables.ts';
import { toSandboxOptions } from '#domain/sandbox-options.ts';
import { didYouMean } from '#util/did-you-mean.ts';
import { hashTexts } from '#util/sha256.ts';
import type { MutateConfig } from './config.ts';

const MAX_POOL = 64;

export async function runMutate({ row }: RowInput, ctx: Context<MutateConfig>): Promise<RowOutcome> {
  const { config, code } = ctx;
  const { fields } = row;
  const text = (path: string | undefined): string | null => {
    const value = path === undefined ? null : valueAtPath(fields, path);
    return typeof value === 'string' ? value : null;
  };
  const id = text(config.task_id);
  const reference = text(config.reference);
  if (id === null || id === '') return reject('task-id-missing', `no text in \`${config.task_id}\``);
  if (reference === null || reference.trim() === '')
    return reject('reference-missing', `no solution in \`${config.reference}\``);
  const language = languageOf(config.language ?? text(config.language_field));
  if (typeof language !== 'string') return language;
  const quota = quotaOf(config, fields);
  if (typeof quota === 'object' && 'type' in quota) return quota;
  const seed = seedOf(config, fields);
  const grammar = await code.grammar(language);
  const open: ParsedText[] = [];
  try {
    const parsed = grammar.parse(reference);
    if (parsed === null)
      return reject('reference-unparsable', `the solution in \`${config.reference}\` is no ${language}`);
    open.push(parsed);
    const before = text(config.before);
    const parsedBefore = before === null ? null : grammar.parse(before);
    if (parsedBefore !== null) open.push(parsedBefore);
    const { candidates, yields } = makeCandidates({
      id,
      seed,
      reference: parsed,
      before: before === null ? null : { text: before, parsed: parsedBefore },
      table: TABLES[language],
      classes: new Set(config.classes ?? CANDIDATE_CLASSES),
      without: new Set(config.without),
    });
    const isDistinct = language === 'python' && config.bytecode ? bytecodeFilter(reference, ctx) : null;
    const chosen = await chooseByQuota(candidates, quota, isDistinct, yields);
    return { type: 'emit', emissions: emissionsOf(chosen, yields, { id, seed, language }) };
  } finally {
    for (const parsed of open) parsed.close();
  }
}

/** Which of these texts compile to something that neither the reference nor an earlier one compiles to. */
function bytecodeFilter(reference: string, { config, sandbox }: Context<MutateConfig>) {
  const seen = new Set<string>();
  const options = toSandboxOptions(config.sandbox);
  return async (texts: readonly string[]): Promise<readonly boolean[]> => {
    const [first, ...digests] = await sandbox.bytecode([reference, ...texts], options);
    if (typeof first === 'string') seen.add(first);
    return digests.map((digest) => {
      // Not compiling is for the label to say.
      if (digest === null) return true;
      if (seen.has(digest)) return false;
      seen.add(digest);
      return true;
    });
  };
}

function emissionsOf(
  chosen: readonly Candidate[],
  yields: Yields,
  { id, seed, language }: { readonly id: string; readonly seed: string; readonly language: Language },
): Emission[] {
  const rows = chosen.map((candidate) => ({
    candidate,
    candidate_id: hashTexts(seed, id, 'id', candidate.text).slice(0, 12),
    place: hashTexts(seed, id, 'order', candidate.text),
  }));
  rows.sort((a, b) => (a.place < b.place ? -1 : 1));
  return [
    ...rows.map(({ candidate, candidate_id }) => ({
      suffix: candidate_id,
      set: toFields(candidate, candidate_id, language),
    })),
    {
      port: 'yields',
      set: { task_id: id, language, operators: yields as unknown as JsonObject, emitted: chosen.length },
    },
  ];
}

function toFields(candidate: Candidate, candidate_id: string, language: Language): JsonObject {
  const { text, operator, span, before, after } = candidate;
  const sidecar = { class: candidate.class, operator, span: span as Json, before, after };
  return { candidate_id, language, text, sidecar };
}

function languageOf(name: string | null): Language | RowOutcome {
  const known = LANGUAGES.find((language) => language === name);
  if (known !== undefined) return known;
  const meant = name === null ? null : didYouMean(name, LANGUAGES);
  const hint = meant === null ? `one of ${LANGUAGES.join(', ')}` : `did you mean ${meant}?`;
  return reject('language-unknown', `${name === null ? 'no language' : `'${name}' is no language`} (${hint})`);
}

function seedOf({ seed, seed_field }: MutateConfig, fields: JsonObject): string {
  const own = seed_field === undefined ? undefined : valueAtPath(fields, seed_field);
  return String(typeof own === 'number' ? own : seed);
}

function quotaOf(config: MutateConfig, fields: JsonObject): Quota | RowOutcome {
  const { pool_size, pool_size_field, oversample } = config;
  const own = pool_size_field === undefined ? undefined : valueAtPath(fields, pool_size_field);
  if (typeof own !== 'number') return { poolSize: pool_size, oversample };
  if (own >= 2 && own <= MAX_POOL) return { poolSize: own, oversample };
  return reject('pool-size-invalid', `a pool of ${own} in \`${pool_size_field}\`: 2 to ${MAX_POOL} are possible`);
}

const reject = (code: string, reason: string): RowOutcome => ({ type: 'reject', code, reason });
