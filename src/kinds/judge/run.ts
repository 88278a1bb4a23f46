/** One row: what code can decide, else the panel's answers (all at once, or in stages), its probes, and the score of what could be read. */

import type { JsonObject } from '#contract/json.ts';
import type { Context, Emission, RowInput, RowOutcome } from '#contract/kind.ts';
import { rejectPrompt } from '#domain/answer/render-or-reject.ts';
import { valueAtPath } from '#domain/at-path.ts';
import { type Doubt, findDoubt } from '#domain/duel/cascade.ts';
import { renderHistory } from '#domain/duel/judge-request.ts';
import { findFault } from '#domain/duel/prechecks.ts';
import { type JudgeEntry, scoreByJudge, scoreTurn } from '#domain/duel/score.ts';
import { textPath } from '#domain/duel/text-path.ts';
import { type Asked, askJudges, ordersOf, type Pair, toProvisional } from './ask.ts';
import { type JudgeConfig, type JudgeFields, rulesOf } from './config.ts';
import { askProbes } from './probe.ts';

export async function runJudge({ row }: RowInput<JudgeFields>, ctx: Context<JudgeConfig>): Promise<RowOutcome> {
  const { config } = ctx;
  const texts = { candidate: textOf(row.fields, config.candidate), against: textOf(row.fields, config.against) };
  const missing = texts.candidate === null ? config.candidate : texts.against === null ? config.against : null;
  if (missing !== null) return { type: 'reject', code: 'text-missing', reason: `there is no text at ${missing}` };
  const pair = { candidate: texts.candidate ?? '', against: texts.against ?? '' };
  const decision = decide(pair, row.fields, config);
  if (decision !== null) return { type: 'emit', emissions: [{ set: decidedFields(decision, config) }] };
  const history = renderHistory(row.fields.messages);
  const length = history.length + pair.candidate.length + pair.against.length;
  if (length > config.max_chars) {
    const reason = `history and answers are ${length} characters, ${config.max_chars} allowed`;
    return { type: 'reject', code: 'duel-too-long', reason, evidence: { chars: length } };
  }
  try {
    return await judge(pair, history, row.key, ctx);
  } catch (error) {
    if (config.prompt === undefined) throw error;
    return rejectPrompt(error, config.prompt);
  }
}

/** Empty is no answer either. */
function textOf(fields: JudgeFields, path: string): string | null {
  const text = valueAtPath(fields as JsonObject, textPath(path));
  return typeof text === 'string' && text.trim() !== '' ? text.toWellFormed() : null;
}

interface Decision {
  readonly score: number;
  readonly reason: string;
}

/** Points for the candidate where no judge is needed. */
function decide(pair: Pair, fields: JudgeFields, config: JudgeConfig): Decision | null {
  if (pair.candidate.trim() === pair.against.trim()) return { score: 50, reason: 'identical' };
  const { prechecks } = rulesOf(config);
  const fault = (text: string) => findFault(text, fields.messages, prechecks, config.fence);
  const [candidate, against] = [fault(pair.candidate), fault(pair.against)];
  if (candidate !== null && against !== null) return { score: 50, reason: `both-${candidate}` };
  if (candidate !== null) return { score: 0, reason: `candidate-${candidate}` };
  return against === null ? null : { score: 100, reason: `against-${against}` };
}

/**
 * All calls are let finish before a failure is passed on: what was paid is then in the journal, and a rerun repeats only what failed.
 * Probes are asked beside the duel itself.
 */
async function judge(pair: Pair, history: string, key: string, ctx: Context<JudgeConfig>): Promise<RowOutcome> {
  const probing = askProbes(pair.against, history, key, ctx);
  const [duel, probes] = await Promise.allSettled([askPanel(pair, history, ctx), probing]);
  if (duel.status === 'rejected') throw duel.reason;
  if (probes.status === 'rejected') throw probes.reason;
  const { entries, failures, doubts } = duel.value;
  const judges = scoreByJudge(entries).size;
  const failed = new Set(failures.map(({ judge: alias }) => alias)).size;
  const needed = rulesOf(ctx.config).minJudges(judges);
  const [first] = [...failures, ...probes.value.failures];
  if (first !== undefined && (ctx.config.failed_judges === 'fail' || judges - failed < needed)) throw first.failure;
  const provisional = toProvisional([...failures, ...probes.value.failures]);
  const emissions: Emission[] = [{ set: judgedFields(entries, doubts, ctx.config) }, ...probes.value.emissions];
  return { type: 'emit', emissions, ...(provisional === undefined ? {} : { provisional }) };
}

interface AskedPanel extends Asked {
  /** Why each stage but the last one asked was not enough; null without a cascade. */
  readonly doubts: readonly Doubt[] | null;
}

async function askPanel(pair: Pair, history: string, ctx: Context<JudgeConfig>): Promise<AskedPanel> {
  const { panel, cascade } = ctx.config;
  const orders = ordersOf(ctx.config);
  if (cascade === undefined) return { ...(await askJudges(panel, orders, pair, history, ctx)), doubts: null };
  const rules = { minJudges: ctx.config.min_judges ?? null, near: cascade.near, within: cascade.within };
  const doubts: Doubt[] = [];
  let entries: JudgeEntry[] = [];
  const failures: Asked['failures'][number][] = [];
  for (const [at, aliases] of cascade.stages.entries()) {
    const stage = panel.filter(({ alias }) => aliases.includes(alias));
    const asked = await askJudges(stage, orders, pair, history, ctx);
    // By alias, as without a cascade.
    entries = [...entries, ...asked.entries].sort((a, b) => (a.judge < b.judge ? -1 : a.judge > b.judge ? 1 : 0));
    failures.push(...asked.failures);
    const doubt = at === cascade.stages.length - 1 ? null : findDoubt(entries, rules);
    if (doubt === null) break;
    doubts.push(doubt);
  }
  return { entries, failures, doubts };
}

function judgedFields(
  entries: readonly JudgeEntry[],
  doubts: readonly Doubt[] | null,
  config: JudgeConfig,
): JsonObject {
  const asked = scoreByJudge(entries).size;
  const { score, parsed, metrics, flips } = scoreTurn(entries, config.dimensions, rulesOf(config).minJudges(asked));
  const judges = entries.map((entry) => ({ ...entry }));
  return { score, parsed, metrics, flips, judges, decided: null, ...(doubts === null ? {} : { doubts: [...doubts] }) };
}

function decidedFields({ score, reason }: Decision, config: JudgeConfig): JsonObject {
  const metrics = Object.fromEntries(config.dimensions.map((name) => [name, score]));
  const doubts = config.cascade === undefined ? {} : { doubts: [] };
  return { score, parsed: true, metrics, flips: 0, judges: [], decided: reason, ...doubts };
}
