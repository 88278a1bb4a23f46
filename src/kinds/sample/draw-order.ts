/** The order in which candidates are drawn: a function of seed and data alone, so that a larger count only goes further along it. */

import { unitFromHash } from '#util/sha256.ts';
import { type Candidates, turnKey } from './candidates.ts';
import type { SampleConfig } from './config.ts';

/** Numbers of candidates, first drawn first. For `stratified` the order inside each stratum. */
export function drawOrder(candidates: Candidates, config: SampleConfig, dataset: string): number[] {
  const order = Array.from({ length: candidates.length }, (_, at) => at);
  if (config.strategy === 'all') return order;
  const seed = String(config.seed);
  const turnRank = turnRanks(candidates, config, dataset);
  const byTurn = (a: number, b: number) => (turnRank[a] ?? 0) - (turnRank[b] ?? 0) || a - b;
  if (config.strategy !== 'windows' && config.unit === 'turn') return order.sort(byTurn);

  const round = roundsOf(order.toSorted(byTurn), candidates);
  const isWindows = config.strategy === 'windows';
  const sourceRank = candidates.sources.map(({ place, position }) =>
    isWindows
      ? unitFromHash(seed, 'window', dataset, String(Math.floor(position / config.window)))
      : unitFromHash(seed, 'trajectory', turnKey(dataset, place, 0)),
  );
  const rankOf = (at: number) => sourceRank[candidates.source[at] ?? 0] ?? 0;
  // Inside a window the data's own order holds; between trajectories of equal rank (there are none but by chance) as well.
  return order.sort((a, b) => (round[a] ?? 0) - (round[b] ?? 0) || rankOf(a) - rankOf(b) || a - b);
}

/** Of the trajectories of one window, in the data's order: those turns that are drawn in this round. */
export function windowOrder(candidates: Candidates, config: SampleConfig, dataset: string, nth: number): number[] {
  const all = Array.from({ length: candidates.length }, (_, at) => at);
  const rank = turnRanks(candidates, config, dataset);
  const round = roundsOf(
    all.toSorted((a, b) => (rank[a] ?? 0) - (rank[b] ?? 0) || a - b),
    candidates,
  );
  return all.filter((at) => round[at] === nth);
}

function turnRanks(candidates: Candidates, config: SampleConfig, dataset: string): number[] {
  return candidates.turn.map((turn, at) =>
    unitFromHash(String(config.seed), 'turn', turnKey(dataset, candidates.sourceOf(at).place, turn)),
  );
}

/** By candidate: how many turns of its trajectory are drawn before it. */
function roundsOf(byRank: readonly number[], { source, sources }: Candidates): number[] {
  const drawn = new Array<number>(sources.length).fill(0);
  const rounds: number[] = [];
  for (const at of byRank) {
    const nth = source[at] ?? 0;
    rounds[at] = drawn[nth] ?? 0;
    drawn[nth] = (drawn[nth] ?? 0) + 1;
  }
  return rounds;
}
