/** Values in clusters, reduced to what resampling needs: a sum and a count a cluster, in the order of their names. */

/** Which cluster each observation is in; clusters are sorted by name (UTF-16 order), so the order of the rows does not matter. */
export interface ClusterIndex {
  readonly size: number;
  /** Cluster of each observation. */
  readonly of: Int32Array;
}

export interface Clusters {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
  /** All values, whatever their cluster. */
  readonly total: number;
  readonly n: number;
}

export function indexClusters(names: readonly string[]): ClusterIndex {
  const places = new Map([...new Set(names)].sort().map((name, place) => [name, place]));
  return { size: places.size, of: Int32Array.from(names, (name) => places.get(name) ?? 0) };
}

/** One series over the clusters: null is an observation that the series does not have. Clusters without any keep a count of 0. */
export function sumByCluster({ size, of }: ClusterIndex, values: readonly (number | null)[]): Clusters {
  const sums = new Float64Array(size);
  const counts = new Float64Array(size);
  let n = 0;
  for (const [at, value] of values.entries()) {
    if (value === null) continue;
    const cluster = of[at] ?? 0;
    sums[cluster] = (sums[cluster] ?? 0) + value;
    counts[cluster] = (counts[cluster] ?? 0) + 1;
    n++;
  }
  return { sums, counts, total: sums.reduce((all, sum) => all + sum, 0), n };
}

export function toClusters(values: readonly number[], names: readonly string[]): Clusters {
  return sumByCluster(indexClusters(names), values);
}

/** Clusters that hold anything. */
export function occupied({ counts }: Clusters): number {
  return counts.reduce((all, count) => all + (count > 0 ? 1 : 0), 0);
}

/**
 * Standard deviation that one cluster's share of the mean has, times the clusters: sd / sqrt(clusters) is the standard error of the mean
 * over all values. By linearisation of the ratio sum / count (Liang and Zeger 1986, with the factor G / (G - 1)); for clusters of
 * one size it is the standard deviation of their means. 0 for fewer than two clusters.
 */
export function clusterSpread(clusters: Clusters): number {
  const size = occupied(clusters);
  if (size < 2) return 0;
  const { sums, counts, total, n } = clusters;
  const mean = total / n;
  let squares = 0;
  for (let at = 0; at < sums.length; at++) squares += ((sums[at] ?? 0) - mean * (counts[at] ?? 0)) ** 2;
  return (Math.sqrt((squares * size) / (size - 1)) / n) * Math.sqrt(size);
}
