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
  const totals = new Float64Array(columns.width);
  const draw = columns.width === 1 ? drawOne : drawMany;
  const table = columns.toTable();
  for (let at = 0; at < resamples; at++) {
    draw(table, totals, size, random.index);
    for (const [which, { sum, count }] of places.entries()) {
      const list = means[which];
      if (list !== undefined) list[at] = columns.total(sum, totals) / columns.total(count, totals);
    }
  }
  return means.map((list) => (list.some(Number.isNaN) ? list.filter((mean) => !Number.isNaN(mean)) : list).sort());
}

type Draw = (table: Float64Array, totals: Float64Array, size: number, index: (n: number) => number) => void;

const drawOne: Draw = (table, totals, size, index) => {
  let sum = 0;
  for (let at = 0; at < size; at++) sum += table[index(size)] ?? 0;
  totals[0] = sum;
};

const drawMany: Draw = (table, totals, size, index) => {
  const width = totals.length;
  totals.fill(0);
  for (let at = 0; at < size; at++) {
    const base = index(size) * width;
    for (let column = 0; column < width; column++) totals[column] = (totals[column] ?? 0) + (table[base + column] ?? 0);
  }
};

/** Sums and counts side by side, one row a cluster. Equal columns are kept once, and constant ones (one value a cluster) not at all. */
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

  toTable(): Float64Array {
    const table = new Float64Array(this.#size * this.width);
    for (const [at, column] of this.#columns.entries())
      for (let cluster = 0; cluster < this.#size; cluster++) table[cluster * this.width + at] = column[cluster] ?? 0;
    return table;
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
