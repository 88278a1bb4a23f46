/** What it would cost to decide a margin: how much more of the same there would have to be, at the spread and the prices that were seen. */

import { observationsNeeded } from '#stats/power.ts';

/** Calls and tokens of one model behind the duels seen, their lost rows included. */
export interface ModelUsage {
  readonly model: string;
  readonly calls: number;
  readonly input: number;
  readonly output: number;
}

/** USD per million tokens. */
export interface TokenPrice {
  readonly input: number;
  readonly output: number;
}

export interface CostBasis {
  /** Duels seen, parsed or not, and the clusters among those parsed. */
  readonly turns: number;
  readonly clusters: number;
  /** Rows that set out and were lost before a duel; null where nobody said. */
  readonly lost: number | null;
  /** Spread of a cluster, in points. */
  readonly sd: number;
  /** Calls of the judges, counted on the duels themselves. */
  readonly judgeCalls: number;
  /** From tallies; null where none were given. */
  readonly usage: readonly ModelUsage[] | null;
  readonly prices: { readonly [model: string]: TokenPrice };
}

export interface DecideCost {
  readonly margin: number;
  readonly clusters: number;
  readonly turns: number;
  /** Rows to set out with, at the losses seen; null where they are unknown. */
  readonly drawn: number | null;
  readonly calls: number;
  /** Whether `calls` counts those of the writers too. */
  readonly isAllCalls: boolean;
  readonly tokens: { readonly input: number; readonly output: number } | null;
  readonly usd: number | null;
  /** Models that have no price. */
  readonly unpriced: readonly string[];
  /** As often as what was seen. */
  readonly factor: number;
}

/** @returns null where nothing was parsed, or where all clusters agree and so any number of them would do */
export function costToDecide(margin: number, basis: CostBasis, alpha: number): DecideCost | null {
  const { turns, clusters, lost, sd, usage, prices } = basis;
  if (clusters === 0 || sd === 0 || margin <= 0) return null;
  const needed = observationsNeeded(margin, sd, { alpha });
  const factor = needed / clusters;
  const scale = (count: number) => Math.ceil(count * factor - 1e-9);
  const all = usage ?? [];
  const sum = (of: (each: ModelUsage) => number) => all.reduce((total, each) => total + of(each), 0);
  const unpriced = all.filter(({ model }) => !Object.hasOwn(prices, model)).map(({ model }) => model);
  const cost = ({ model, input, output }: ModelUsage) => {
    const price = prices[model];
    return price === undefined ? 0 : (input * price.input + output * price.output) / 1e6;
  };
  const hasUsage = usage !== null && sum(({ calls }) => calls) > 0;
  return {
    margin,
    clusters: needed,
    turns: scale(turns),
    drawn: lost === null ? null : scale(turns + lost),
    calls: scale(hasUsage ? sum(({ calls }) => calls) : basis.judgeCalls),
    isAllCalls: hasUsage,
    tokens: hasUsage ? { input: scale(sum(({ input }) => input)), output: scale(sum(({ output }) => output)) } : null,
    usd: hasUsage && unpriced.length === 0 ? sum(cost) * factor : null,
    unpriced: hasUsage ? unpriced : [],
    factor,
  };
}
