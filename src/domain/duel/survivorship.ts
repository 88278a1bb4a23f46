/** Turns that set out and never became a score: how many, why, and what they could do to the margin (Manski 1990: bounds without assumptions). */

import { wilson } from '#stats/intervals.ts';

export interface Survivorship {
  /** Turns that set out: duels and lost rows. */
  readonly started: number;
  readonly lost: number;
  /** Parsed duels among them. */
  readonly share: number;
  /** Wilson's interval at .95. */
  readonly interval: readonly [number, number];
  /** The margin over all that set out, were every missing one lost outright, and won outright; null where none set out. */
  readonly bounds: readonly [number, number] | null;
}

/** @param deltas of the parsed duels; @param reach the largest lead that one duel can give */
export function measureSurvivorship(
  deltas: readonly number[],
  turns: number,
  lost: number,
  reach: number,
): Survivorship {
  const started = turns + lost;
  const sum = deltas.reduce((all, delta) => all + delta, 0);
  const missing = reach * (started - deltas.length);
  return {
    started,
    lost,
    share: started === 0 ? 0 : deltas.length / started,
    interval: wilson(deltas.length, started),
    bounds: started === 0 ? null : [(sum - missing) / started, (sum + missing) / started],
  };
}
