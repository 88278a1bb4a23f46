/** One reading of the duels: counts over all of them, a line for each, and as much of their texts as the page may hold. */

import type { Json, JsonObject } from '#contract/json.ts';
import type { ClosedInput } from '#contract/kind.ts';
import { isObject } from '#util/json-object.ts';
import { actionStyle, commandIn } from './action-style.ts';
import { byDimension } from './by-dimension.ts';
import { budgetFor, toDuelDetail } from './duel-detail.ts';
import type { Detail, DuelFacts, MetricFacts, StyleFacts, Turn } from './facts.ts';
import { JudgeTally, toJudgeEntries } from './judge-tally.ts';
import { LeakTally } from './leak-tally.ts';

export interface DuelOptions {
  readonly maxRows: number;
  readonly maxBytes: number;
  /** Row key to bucket. */
  readonly buckets: ReadonlyMap<string, string>;
}

export async function tallyDuels(input: ClosedInput, options: DuelOptions): Promise<DuelFacts> {
  const judges = new JudgeTally();
  const leaks = new LeakTally();
  const metrics = new Map<string, number[]>();
  const styles = new Map<string, { king: number; challenger: number; sum: number; scored: number }>();
  const scores: number[] = [];
  const turns: Turn[] = [];
  const details: (Detail | null)[] = [];
  const budget = budgetFor(Math.min(input.count, options.maxRows), options.maxBytes);
  let room = options.maxBytes;
  let other = 'king';
  for await (const { key, fields } of input.rows()) {
    if (fields['king'] === undefined && fields['reference'] !== undefined) other = 'reference';
    const entries = toJudgeEntries(fields['judges']);
    judges.add(entries);
    if (isObject(fields['challenger'])) leaks.add(fields['challenger']['leak']);
    const turn = toTurn(key, fields, options.buckets);
    if (turn.score !== null) scores.push(turn.score);
    for (const name of Object.keys(turn.metrics)) {
      const value = turn.metrics[name] ?? null;
      const list = metrics.get(name) ?? [];
      if (value !== null) list.push(value);
      metrics.set(name, list);
    }
    addStyle(styles, turn);
    if (turns.length >= options.maxRows) continue;
    turns.push(turn);
    const detail =
      room > 0
        ? toDuelDetail(`${turn.instance}${turn.turn === null ? '' : `, turn ${turn.turn}`}`, fields, entries, budget)
        : null;
    if (detail !== null) room -= JSON.stringify(detail).length;
    details.push(detail);
  }
  const dimensions = byDimension(metrics.keys());
  return {
    count: input.count,
    scored: scores.length,
    scores,
    metrics: dimensions.map((dimension) => metricFacts(dimension, metrics.get(dimension) ?? [])),
    judges: judges.facts(),
    styles: styleFacts(styles),
    turns,
    dimensions,
    details,
    other,
    leaks: leaks.facts(),
  };
}

function toTurn(key: string, fields: JsonObject, buckets: ReadonlyMap<string, string>): Turn {
  const metrics = isObject(fields['metrics']) ? fields['metrics'] : {};
  const instance = fields['instance_id'];
  return {
    key,
    instance: typeof instance === 'string' ? instance : key,
    turn: numberOf(fields['turn_index']),
    score: fields['parsed'] === false ? null : numberOf(fields['score']),
    bucket: buckets.get(key) ?? null,
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, numberOf(value)])),
    flips: numberOf(fields['flips']) ?? 0,
    kingStyle: styleOf(fields['king'] ?? fields['reference']),
    challengerStyle: styleOf(fields['challenger']),
  };
}

function styleOf(answer: Json | undefined): string {
  if (typeof answer === 'string') return actionStyle(commandIn(answer));
  if (!isObject(answer)) return 'no action';
  const { command, text } = answer;
  if (typeof command === 'string') return actionStyle(command);
  return actionStyle(typeof text === 'string' ? commandIn(text) : null);
}

function numberOf(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function metricFacts(dimension: string, values: readonly number[]): MetricFacts {
  return {
    dimension,
    n: values.length,
    mean: values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length,
    ahead: values.filter((value) => value > 50).length,
    even: values.filter((value) => value === 50).length,
    behind: values.filter((value) => value < 50).length,
  };
}

type StyleCounts = Map<string, { king: number; challenger: number; sum: number; scored: number }>;

function addStyle(styles: StyleCounts, turn: Turn): void {
  const at = (style: string) => {
    const counts = styles.get(style) ?? { king: 0, challenger: 0, sum: 0, scored: 0 };
    styles.set(style, counts);
    return counts;
  };
  at(turn.kingStyle).king++;
  const own = at(turn.challengerStyle);
  own.challenger++;
  if (turn.score === null) return;
  own.sum += turn.score;
  own.scored++;
}

function styleFacts(styles: StyleCounts): StyleFacts[] {
  return [...styles]
    .map(([style, { king, challenger, sum, scored }]) => ({
      style,
      king,
      challenger,
      mean: scored === 0 ? null : sum / scored,
    }))
    .sort((a, b) => b.king + b.challenger - a.king - a.challenger || (a.style < b.style ? -1 : 1));
}
