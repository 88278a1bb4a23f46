/** What becomes of a row once its answer was audited. */

import type { JsonObject } from '#contract/json.ts';
import type { OutputSpec, RowOutcome } from '#contract/kind.ts';
import { Type } from '#contract/schema.ts';
import type { LeakVerdict } from './audit-leak.ts';

export type LeakAction = 'off' | 'flag' | 'quarantine' | 'reject';
export const QUARANTINED = 'quarantined';

const RejectionSchema = Type.Object({ code: Type.String(), reason: Type.String(), evidence: Type.Unknown() });

/** The port that `quarantine` adds; its rows carry a rejection as those of `rejected` do, so that both can be counted as lost. */
export function quarantinePort(action: LeakAction, adds: OutputSpec['adds']): { readonly [port: string]: OutputSpec } {
  if (action !== 'quarantine') return {};
  return {
    [QUARANTINED]: {
      summary: 'Rows whose answer seems to know the pull request.',
      carries: 'carry',
      adds: { ...adds, rejection: RejectionSchema },
    },
  };
}

/**
 * `flag`: goes on with its annotation. `quarantine`: suspicion is set aside, proof is rejected. `reject`: both are rejected.
 * @param set the row's fields with the annotation in place
 */
export function decideLeak({ outcome, evidence }: LeakVerdict, action: LeakAction, set: JsonObject): RowOutcome {
  if (outcome === 'pass' || action === 'flag' || action === 'off') return { type: 'emit', emissions: [{ set }] };
  const counting = evidence.filter(({ cleared, strength }) => cleared === undefined && strength !== 'weak');
  const shown = (counting.length > 0 ? counting : evidence).map(({ detector }) => detector);
  const reason = `the answer seems to know the pull request: ${[...new Set(shown)].join(', ')}`;
  const places = evidence.map(({ detector, strength, start, end, text }) => ({ detector, strength, start, end, text }));
  if (outcome === 'reject') return { type: 'reject', code: 'leak-proven', reason, evidence: places, set };
  if (action === 'reject') return { type: 'reject', code: 'leak-suspected', reason, evidence: places, set };
  const rejection = { code: 'leak-suspected', reason, evidence: places };
  return { type: 'emit', emissions: [{ port: QUARANTINED, set: { ...set, rejection } }] };
}
