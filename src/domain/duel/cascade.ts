/** When a first few judges do not settle a duel, so that the next ones are worth their price. */

import { type JudgeEntry, majorityOf, scoreByJudge, scoreTurn } from './score.ts';

export interface CascadeRules {
  /** Judges that must be parsed for a score; more than half of those asked where it is null. */
  readonly minJudges: number | null;
  /** Scores at which something is decided, 0..100, and how close a score may not come to one. */
  readonly near: readonly number[];
  readonly within: number;
}

/** `unread`: too few judges are parsed, or one is not. `flip`, `disagree`: see `findDoubt`. `near`: close to a threshold. */
export type Doubt = 'unread' | 'disagree' | 'flip' | 'near';

/**
 * Why the judges so far do not settle a duel, else null. A judge flips where its preference over all dimensions turns with the order;
 * two disagree where they prefer different answers.
 */
export function findDoubt(entries: readonly JudgeEntry[], rules: CascadeRules): Doubt | null {
  const scores = [...scoreByJudge(entries).values()].map(({ score }) => score);
  const needed = rules.minJudges ?? majorityOf(scores.length);
  const { score } = scoreTurn(entries, [], needed);
  if (score === null || scores.includes(null)) return 'unread';
  if (scores.some((each) => each !== null && each > 0.5) && scores.some((each) => each !== null && each < 0.5))
    return 'disagree';
  const judges = new Set(entries.map(({ judge }) => judge));
  for (const judge of judges) {
    const sides = entries.filter((entry) => entry.judge === judge).map(preferenceOf);
    if (sides.includes(1) && sides.includes(-1)) return 'flip';
  }
  return rules.near.some((threshold) => Math.abs(score - threshold) <= rules.within) ? 'near' : null;
}

/** 1 where more dimensions go to the candidate than against it, -1 the other way round, 0 for a draw. */
export function preferenceOf({ choices }: Pick<JudgeEntry, 'choices'>): -1 | 0 | 1 {
  let lead = 0;
  for (const verdict of Object.values(choices)) {
    if (verdict === 'candidate') lead++;
    else if (verdict === 'against') lead--;
  }
  return lead > 0 ? 1 : lead < 0 ? -1 : 0;
}
