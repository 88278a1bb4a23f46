/** What stands beside the duels: what was lost, what the panel says of its judges, what the calls behind the rows used. */

import type { Json } from '#contract/json.ts';
import type { ClosedInput } from '#contract/kind.ts';
import { valueAtPath } from '#domain/at-path.ts';
import type { ModelUsage } from '#domain/duel/decide-cost.ts';

/** Lost rows by code, sorted; null where nobody said. */
export async function readLost(input: ClosedInput | undefined): Promise<ReadonlyMap<string, number> | null> {
  if (input === undefined) return null;
  const lost = new Map<string, number>();
  for await (const { fields } of input.rows()) {
    const found = valueAtPath(fields, 'rejection.code');
    const code = typeof found === 'string' ? found : 'unknown';
    lost.set(code, (lost.get(code) ?? 0) + 1);
  }
  return new Map([...lost].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export interface ExcludedJudge {
  readonly judge: string;
  readonly reason: string;
}

/** Judges whose `judge_status` is `excluded`, by name; null without a panel. */
export async function readPanel(input: ClosedInput | undefined): Promise<readonly ExcludedJudge[] | null> {
  if (input === undefined) return null;
  const excluded = new Map<string, string>();
  for await (const { fields } of input.rows()) {
    const { name, slice, value, source } = fields;
    if (name !== 'judge_status' || value !== 'excluded' || typeof slice !== 'string') continue;
    excluded.set(slice, typeof source === 'string' ? source : '');
  }
  return [...excluded].sort(([a], [b]) => (a < b ? -1 : 1)).map(([judge, reason]) => ({ judge, reason }));
}

/** Calls and tokens by model, over all tallies given; null without any. */
export async function readUsage(input: ClosedInput | undefined): Promise<readonly ModelUsage[] | null> {
  if (input === undefined) return null;
  const usage = new Map<string, ModelUsage>();
  for await (const { fields } of input.rows()) {
    const { disposition, code } = fields;
    if (disposition !== 'usage' || typeof code !== 'string') continue;
    const sums = usage.get(code) ?? { model: code, calls: 0, input: 0, output: 0 };
    usage.set(code, {
      model: code,
      calls: sums.calls + toNumber(fields['count']),
      input: sums.input + toNumber(fields['input']),
      output: sums.output + toNumber(fields['output']),
    });
  }
  return [...usage.values()].sort((a, b) => (a.model < b.model ? -1 : 1));
}

function toNumber(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0;
}
