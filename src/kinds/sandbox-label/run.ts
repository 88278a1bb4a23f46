/** One candidate, run as often as there are hash seeds, and what its row gets of that. */

import type { JsonObject } from '#contract/json.ts';
import type { Context, RowInput, RowOutcome } from '#contract/kind.ts';
import type { CandidateTests, SandboxLanguage, TestResult } from '#contract/sandbox.ts';
import { valueAtPath } from '#domain/at-path.ts';
import { LABEL_OF, LABEL_TABLE_VERSION, type Label, withoutAddresses } from '#domain/labels/label.ts';
import { toSandboxOptions } from '#domain/sandbox-options.ts';
import { isObject, stableJson } from '#util/json-object.ts';
import { sha256 } from '#util/sha256.ts';
import { type LabelConfig, toTestsConfig } from './config.ts';
import { BadTests, testsOfRow } from './tests-of-row.ts';

export async function runLabel({ row: { fields } }: RowInput, ctx: Context<LabelConfig>): Promise<RowOutcome> {
  const { config, sandbox } = ctx;
  const candidate = valueAtPath(fields, config.text);
  if (typeof candidate !== 'string') return reject('candidate-missing', `no text in \`${config.text}\``);
  const language = config.language ?? valueAtPath(fields, config.language_field);
  if (language !== 'python' && language !== 'javascript')
    return reject(
      'language-not-run',
      `candidates in ${JSON.stringify(language)} cannot be run; python and javascript can`,
    );
  let tests: CandidateTests;
  let files: { [path: string]: string };
  try {
    tests = testsOfRow(fields, toTestsConfig(config));
    files = filesOfRow(fields, config);
  } catch (error) {
    if (error instanceof BadTests) return reject('tests-invalid', error.message);
    throw error;
  }
  const reference = config.reference === undefined ? null : valueAtPath(fields, config.reference);
  const result = await sandbox.runTests({
    language: language satisfies SandboxLanguage,
    candidate,
    tests,
    ...(typeof reference === 'string' ? { reference } : {}),
    ...(config.mode === undefined ? {} : { mode: config.mode }),
    hashSeeds: config.hash_seeds,
    files,
    sandbox: toSandboxOptions(config.sandbox),
  });
  const digest = sha256(stableJson({ tests: tests as unknown as JsonObject, files }));
  return { type: 'emit', emissions: [{ set: { [config.as]: toLabel(result, digest) } }] };
}

function toLabel(result: TestResult, tests: string): Label {
  const { status, served, policy } = result;
  return {
    label: LABEL_OF[status],
    status,
    table: LABEL_TABLE_VERSION,
    detail: withoutAddresses(result.detail),
    passed: result.passed,
    total: result.total,
    behaviour: result.behaviour,
    runs: result.runs.map(({ hashSeed, status: one, behaviour }) => ({ hash_seed: hashSeed, status: one, behaviour })),
    mode: result.mode,
    forgeable: result.forgeable,
    forgeable_because: result.forgeableBecause,
    tests,
    backend: served.backend,
    strength: served.strength,
    interpreter: served.interpreter,
    policy: { version: policy.version, digest: policy.digest },
  };
}

/** @throws BadTests */
function filesOfRow(fields: JsonObject, { files: path }: LabelConfig): { [path: string]: string } {
  const value = path === undefined ? undefined : valueAtPath(fields, path);
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw new BadTests(`\`${path}\` holds no files by path`);
  const files: { [path: string]: string } = {};
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw new BadTests(`file ${JSON.stringify(name)} of \`${path}\` is no text`);
    if (name.startsWith('/') || name.split(/[\\/]/).includes('..'))
      throw new BadTests(`file ${JSON.stringify(name)} of \`${path}\` would lie outside the folder`);
    files[name] = text;
  }
  return files;
}

const reject = (code: string, reason: string): RowOutcome => ({ type: 'reject', code, reason });
