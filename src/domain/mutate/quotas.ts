/** How many candidates of each class are emitted. A class looks only at its own: a new operator of one leaves the others alone. */

import type { Candidate, Yields } from './make-candidates.ts';
import { MUTANT_CLASSES, type MutantClass } from './operators/operator.ts';

export interface Quota {
  readonly poolSize: number | 'all';
  readonly oversample: number;
}

/** The reference, a bait, a near bait and a neutral edit: one each. */
const FIXED = 4;

const isMutant = ({ class: name }: Candidate): boolean => MUTANT_CLASSES.includes(name as MutantClass);

/** Mutants of one class that a pool of this size is offered. */
export function shareOf({ poolSize, oversample }: Quota): number {
  if (poolSize === 'all') return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.ceil((poolSize - FIXED) / MUTANT_CLASSES.length)) * oversample;
}

/**
 * The first by rank of each class. `isDistinct` is asked only about mutants that would be chosen; those that it refuses are
 * counted in `yields` and the next of their class move up.
 */
export async function chooseByQuota(
  candidates: readonly Candidate[],
  quota: Quota,
  isDistinct: ((texts: readonly string[]) => Promise<readonly boolean[]>) | null,
  yields: Yields,
): Promise<readonly Candidate[]> {
  const share = shareOf(quota);
  const chosen = candidates.filter((candidate) => !isMutant(candidate));
  const waiting = new Map(
    MUTANT_CLASSES.map((name) => [name, candidates.filter((candidate) => candidate.class === name)]),
  );
  const taken = new Map<MutantClass, number>();
  for (;;) {
    const round: Candidate[] = [];
    for (const [name, queue] of waiting) {
      const missing = share - (taken.get(name) ?? 0);
      round.push(...queue.splice(0, Math.min(missing, queue.length)));
    }
    if (round.length === 0) return chosen;
    const distinct = isDistinct === null ? null : await isDistinct(round.map(({ text }) => text));
    for (const [at, candidate] of round.entries()) {
      if (distinct === null || distinct[at] === true) {
        chosen.push(candidate);
        const name = candidate.class as MutantClass;
        taken.set(name, (taken.get(name) ?? 0) + 1);
        continue;
      }
      const counts = yields[candidate.operator ?? ''];
      if (counts === undefined) continue;
      counts.kept -= 1;
      counts.dropped['same-bytecode'] = (counts.dropped['same-bytecode'] ?? 0) + 1;
    }
  }
}
