/**
 * The cluster bootstrap of a mean (Efron 1979; Field and Welsh 2007): whole clusters are drawn with replacement, and the mean of a
 * draw is the sum of its values over their number. With one value a cluster it is the ordinary bootstrap.
 */

import type { Clusters } from './clusters.ts';
import { quantile } from './intervals.ts';
import { makeRandom } from './random.ts';

export interface BootstrapOptions {
  readonly resamples: number;
  readonly seed: number;
}

/** Means of the resamples, ascending. Empty without values. */
export function bootstrapMeans(clusters: Clusters, options: BootstrapOptions): Float64Array {
  return bootstrapSeries([clusters], options)[0] ?? new Float64Array(0);
}

/**
 * The same for several series over the same clusters: each draw of clusters serves all of them, so that their means are of equal
 * samples and can be compared, and chance is paid for once. Resamples in which a series has no value are left out of its means.
 */
export function bootstrapSeries(series: readonly Clusters[], { resamples, seed }: BootstrapOptions): Float64Array[] {
  const size = series[0]?.sums.length ?? 0;
  if (size === 0) return series.map(() => new Float64Array(0));
  const columns = new Columns(size);
  const places = series.map(({ sums, counts }) => ({ sum: columns.add(sums), count: columns.add(counts) }));
  const means = series.map(() => new Float64Array(resamples));
  const random = makeRandom(seed);
  const draw = columns.width === 1 ? new Gathered(columns.all) : new Counted(columns.all);
  for (let at = 0; at < resamples; at++) {
    const totals = draw.next(size, random.index);
    for (const [which, { sum, count }] of places.entries()) {
      const list = means[which];
      if (list !== undefined) list[at] = columns.total(sum, totals) / columns.total(count, totals);
    }
  }
  return means.map((list) => (list.some(Number.isNaN) ? list.filter((mean) => !Number.isNaN(mean)) : list).sort());
}

/** One column: its values are added as they are drawn. */
class Gathered {
  readonly #column: Float64Array;
  readonly #total = new Float64Array(1);

  constructor([column = new Float64Array(0)]: readonly Float64Array[]) {
    this.#column = column;
  }

  next(size: number, index: (n: number) => number): Float64Array {
    const column = this.#column;
    let sum = 0;
    for (let at = 0; at < size; at++) sum += column[index(size)] ?? 0;
    this.#total[0] = sum;
    return this.#total;
  }
}

/** Several: how often each cluster was drawn, times each column; twice as fast as gathering eleven values a draw. */
class Counted {
  readonly #columns: readonly Float64Array[];
  readonly #times: Float64Array;
  readonly #totals: Float64Array;

  constructor(columns: readonly Float64Array[]) {
    // Four sums side by side need lengths that four divides.
    const length = 4 * Math.ceil((columns[0]?.length ?? 0) / 4);
    this.#columns = columns.map((column) => {
      const padded = new Float64Array(length);
      padded.set(column);
      return padded;
    });
    this.#times = new Float64Array(length);
    this.#totals = new Float64Array(columns.length);
  }

  next(size: number, index: (n: number) => number): Float64Array {
    const times = this.#times.fill(0);
    for (let at = 0; at < size; at++) {
      const cluster = index(size);
      times[cluster] = (times[cluster] ?? 0) + 1;
    }
    for (const [which, column] of this.#columns.entries()) this.#totals[which] = dot(times, column);
    return this.#totals;
  }
}

function dot(times: Float64Array, column: Float64Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let at = 0; at < times.length; at += 4) {
    a += (times[at] ?? 0) * (column[at] ?? 0);
    b += (times[at + 1] ?? 0) * (column[at + 1] ?? 0);
    c += (times[at + 2] ?? 0) * (column[at + 2] ?? 0);
    d += (times[at + 3] ?? 0) * (column[at + 3] ?? 0);
  }
  return a + b + c + d;
}

/** Sums and counts of all series. Equal columns are kept once, and constant ones (one value a cluster) not at all. */
class Columns {
  readonly #size: number;
  readonly #columns: Float64Array[] = [];
  readonly #constants: number[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  get width(): number {
    return this.#columns.length;
  }

  get all(): readonly Float64Array[] {
    return this.#columns;
  }

  /** @returns a place for `total`: below zero for constants */
  add(values: Float64Array): number {
    const [first = 0] = values;
    if (values.every((value) => value === first)) return -this.#constants.push(first * this.#size);
    const known = this.#columns.findIndex((column) => column.every((value, at) => value === values[at]));
    return known >= 0 ? known : this.#columns.push(values) - 1;
  }

  total(place: number, totals: Float64Array): number {
    return (place < 0 ? this.#constants[-place - 1] : totals[place]) ?? 0;
  }
}

/** Percentile interval whose bounds each leave out `1 - confidence`: both are one-sided bounds at that confidence. */
export function oneSidedBounds(means: Float64Array, confidence: number): readonly [number, number] {
  return [quantile(means, 1 - confidence), quantile(means, confidence)];
}

/** Share of the resamples at or above zero, the observed sample counted as one of them. Never 0. */
export function shareAtLeastZero(means: Float64Array): number {
  let below = 0;
  while (below < means.length && (means[below] ?? 0) < 0) below++;
  return (means.length - below + 1) / (means.length + 1);
}
