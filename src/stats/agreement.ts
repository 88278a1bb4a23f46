/** Agreement between raters: chance-corrected kappa and alpha, correlation, and what correlated votes are worth. */

import { mean } from './intervals.ts';

/** A rating on any scale; null where there is none. */
export type Rating = string | number | null;

/**
 * Cohen's kappa (1960) of two raters over nominal categories: (observed - expected) / (1 - expected).
 * Items that either did not rate are left out. @returns null without items, or where both always say the same one thing
 */
export function cohenKappa(one: readonly Rating[], other: readonly Rating[]): number | null {
  const counts = new Map<Rating, { one: number; other: number }>();
  let n = 0;
  let agreed = 0;
  for (const [at, a] of one.entries()) {
    const b = other[at] ?? null;
    if (a === null || b === null) continue;
    n++;
    if (a === b) agreed++;
    countOf(counts, a).one++;
    countOf(counts, b).other++;
  }
  if (n === 0) return null;
  let expected = 0;
  for (const count of counts.values()) expected += count.one * count.other;
  // In whole numbers, so that perfect chance agreement is met exactly.
  return expected === n * n ? null : (agreed * n - expected) / (n * n - expected);
}

function countOf(counts: Map<Rating, { one: number; other: number }>, category: Rating) {
  let count = counts.get(category);
  if (count === undefined) {
    count = { one: 0, other: 0 };
    counts.set(category, count);
  }
  return count;
}

/** How far apart two values are: `ordinal` knows only their order, `interval` their difference. */
export type AlphaMetric = 'nominal' | 'ordinal' | 'interval';

/**
 * Krippendorff's alpha for any number of raters and missing data (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"):
 * 1 - observed / expected disagreement over the coincidence matrix. Units with fewer than two values count for nothing.
 * @param units the values a unit was given, whoever gave them
 * @returns null without a pair, or where all values are one
 */
export function krippendorffAlpha(units: readonly (readonly (number | null)[])[], metric: AlphaMetric): number | null {
  const rated = units.map((unit) => unit.filter((value) => value !== null)).filter(({ length }) => length >= 2);
  const values = [...new Set(rated.flat())].sort((a, b) => a - b);
  const place = new Map(values.map((value, at) => [value, at]));
  const size = values.length;
  const coincidences = new Float64Array(size * size);
  for (const unit of rated) {
    const places = unit.map((value) => place.get(value) ?? 0);
    const weight = 1 / (unit.length - 1);
    for (const [at, row] of places.entries())
      for (const [other, column] of places.entries())
        if (at !== other) coincidences[row * size + column] = (coincidences[row * size + column] ?? 0) + weight;
  }
  const totals = values.map((_, row) => sumOf(coincidences.subarray(row * size, (row + 1) * size)));
  const n = sumOf(totals);
  const distance = makeDistance(values, totals, metric);
  let observed = 0;
  let expected = 0;
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const apart = distance(row, column);
      observed += (coincidences[row * size + column] ?? 0) * apart;
      expected += (totals[row] ?? 0) * (totals[column] ?? 0) * apart;
    }
  return expected === 0 ? null : 1 - ((n - 1) * observed) / expected;
}

/** Squared, between the places of two values. Ordinal: the ranks that lie from one to the other, both ends by half. */
function makeDistance(values: readonly number[], totals: readonly number[], metric: AlphaMetric) {
  if (metric === 'nominal') return (a: number, b: number) => (a === b ? 0 : 1);
  if (metric === 'interval') return (a: number, b: number) => ((values[a] ?? 0) - (values[b] ?? 0)) ** 2;
  return (a: number, b: number) => {
    const [low, high] = a < b ? [a, b] : [b, a];
    const between = sumOf(totals.slice(low, high + 1));
    return (between - ((totals[low] ?? 0) + (totals[high] ?? 0)) / 2) ** 2;
  };
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] ?? 0;
  return sum;
}

/** Pearson's r over the items that both rated; null with fewer than two, or where one never varies. */
export function correlation(one: readonly (number | null)[], other: readonly (number | null)[]): number | null {
  const pairs = one.flatMap((a, at) => {
    const b = other[at] ?? null;
    return a === null || b === null ? [] : [[a, b] as const];
  });
  if (pairs.length < 2) return null;
  const [centerA, centerB] = [mean(pairs.map(([a]) => a)), mean(pairs.map(([, b]) => b))];
  let [product, squareA, squareB] = [0, 0, 0];
  for (const [a, b] of pairs) {
    product += (a - centerA) * (b - centerB);
    squareA += (a - centerA) ** 2;
    squareB += (b - centerB) ** 2;
  }
  return squareA === 0 || squareB === 0 ? null : product / Math.sqrt(squareA * squareB);
}

/**
 * How many independent votes `raters` with a mean correlation of `r` are worth: k / (1 + (k - 1) r), Kish's design effect (1965).
 * A negative r is taken as none: more votes than raters are never claimed.
 */
export function effectiveVotes(raters: number, r: number): number {
  return raters === 0 ? 0 : raters / (1 + (raters - 1) * Math.min(1, Math.max(0, r)));
}

export interface PositionCounts {
  /** Pairs with a reading in both orders. */
  readonly n: number;
  /** The same reading in both. */
  readonly consistent: number;
  /** What was shown first was taken in both orders, what was shown second in both. */
  readonly firstInBoth: number;
  readonly secondInBoth: number;
}

/**
 * A judge that saw pairs in both orders, as in MT-Bench (Zheng et al. 2023, table 2): a tie in one order only is inconsistent.
 * @param pairs who won, in one frame for both orders: `a` is shown first in the first reading and second in the other; null is unread
 */
export function countPositions(pairs: readonly (readonly [Reading, Reading])[]): PositionCounts {
  const read = pairs.filter(([ab, ba]) => ab !== null && ba !== null);
  return {
    n: read.length,
    consistent: read.filter(([ab, ba]) => ab === ba).length,
    firstInBoth: read.filter(([ab, ba]) => ab === 'a' && ba === 'b').length,
    secondInBoth: read.filter(([ab, ba]) => ab === 'b' && ba === 'a').length,
  };
}

export type Reading = 'a' | 'b' | 'tie' | null;
