/** All that a verdict found out, before it is a row. */

import type { DecideCost } from '#domain/duel/decide-cost.ts';
import type { Survivorship } from '#domain/duel/survivorship.ts';
import type { VerdictNumbers } from '#domain/duel/verdict.ts';
import type { ExcludedJudge } from './read-sides.ts';

export interface Findings {
  readonly numbers: VerdictNumbers;
  readonly lost: ReadonlyMap<string, number> | null;
  readonly survivorship: Survivorship | null;
  /** Null without a panel. */
  readonly excluded: readonly ExcludedJudge[] | null;
  readonly cost: DecideCost | null;
  readonly notes: readonly string[];
}
