/** The verdict's row and measured evidence, as they come in. */

import type { JsonObject } from '#contract/json.ts';
import type { ClosedInput } from '#contract/kind.ts';
import type { Evidence } from '#contract/row.ts';
import { isObject } from '#util/json-object.ts';
import type { JudgeFacts, VerdictFacts } from './facts.ts';

const EVIDENCE_LIMIT = 1000;

export interface Measured {
  readonly verdict: VerdictFacts | null;
  readonly evidence: readonly Evidence[];
}

/** Rows with `accepted` are verdicts, rows with `name` and `value` are evidence; others say nothing here. */
export async function readMeasured(inputs: readonly (ClosedInput | undefined)[]): Promise<Measured> {
  let verdict: VerdictFacts | null = null;
  const evidence: Evidence[] = [];
  for (const input of inputs) {
    for await (const { fields } of input?.rows() ?? []) {
      if (typeof fields['accepted'] === 'boolean') verdict ??= toVerdict(fields, fields['accepted']);
      else if (typeof fields['name'] === 'string' && evidence.length < EVIDENCE_LIMIT)
        evidence.push(toEvidence(fields, fields['name']));
    }
  }
  return { verdict, evidence };
}

/** Judges with what a panel's evidence says of them. */
export function withWorth(judges: readonly JudgeFacts[], evidence: readonly Evidence[]): readonly JudgeFacts[] {
  return judges.map((judge) => {
    const found = evidence.find(({ name, slice }) => name === 'judge_status' && slice === judge.judge);
    if (found === undefined) return judge;
    const told = found.value === 'excluded' ? 'leave out' : 'keep';
    return { ...judge, worth: found.source === undefined ? told : `${told}: ${found.source}` };
  });
}

function toVerdict(fields: JsonObject, accepted: boolean): VerdictFacts {
  const { conditions, notes, ...numbers } = fields;
  return {
    accepted,
    conditions: (Array.isArray(conditions) ? conditions : []).flatMap((condition) =>
      isObject(condition) && typeof condition['name'] === 'string'
        ? [{ name: condition['name'], holds: condition['holds'] === true, detail: String(condition['detail'] ?? '') }]
        : [],
    ),
    notes: (Array.isArray(notes) ? notes : []).filter((note) => typeof note === 'string'),
    numbers,
  };
}

function toEvidence(fields: JsonObject, name: string): Evidence {
  const { value = null, n, interval, status, slice, source, formula } = fields;
  const [low, high] = Array.isArray(interval) ? interval : [];
  return {
    name,
    value,
    status: status === 'missing' || status === 'not_evaluable' || status === 'closed' ? status : 'ok',
    ...(typeof n === 'number' ? { n } : {}),
    ...(typeof low === 'number' && typeof high === 'number' ? { interval: [low, high] as const } : {}),
    ...(typeof slice === 'string' ? { slice } : {}),
    ...(typeof source === 'string' ? { source } : {}),
    ...(typeof formula === 'string' ? { formula } : {}),
  };
}
