/**
 * What the same resamples say of several views of one duel (all judges, one judge, all but one, unparsed as losses): the lower and upper
 * bound of each mean, and with few clusters a permutation test.
 */

import { bootstrapSeries, oneSidedBounds, shareAtLeastZero } from '#stats/bootstrap.ts';
import { type Clusters, clusterSpread, indexClusters, occupied, sumByCluster } from '#stats/clusters.ts';
import { signFlipTest } from '#stats/permutation.ts';
import { type DuelPoint, deltaOf } from './points.ts';

export const UNITS = ['instance', 'repo', 'turn', 'vote'] as const;
/** What is drawn with replacement. `instance` stands for any cluster; `vote` is one choice of one judge. */
export type Unit = (typeof UNITS)[number];

export interface ResampleRules {
  readonly unit: Unit;
  /** `auto`: permutation under FEW_CLUSTERS clusters, unless every turn or vote is its own. */
  readonly test: 'auto' | 'bootstrap' | 'permutation';
  /** One-sided; .95 makes the lower bound the 5 % quantile. */
  readonly confidence: number;
  readonly resamples: number;
  readonly seed: number;
}

/** Under this many clusters bootstrap bounds are too narrow to be believed. */
export const FEW_CLUSTERS = 100;

/** One view: the points in the order of the others, and what an unparsed one counts as (null: it is left out). */
export interface View {
  readonly points: readonly DuelPoint[];
  readonly unparsedAs: number | null;
  /** Of this judge alone. */
  readonly judge?: string;
}

export interface Sampled {
  /** Null without a value. */
  readonly mean: number | null;
  readonly n: number;
  readonly clusters: number;
  /** Bounds that each leave out 1 - confidence. */
  readonly interval: readonly [number, number] | null;
  /** Spread of a cluster: the standard error of the mean is sd / sqrt(clusters). */
  readonly sd: number;
  /** One-sided, that the mean is above zero; null where the bootstrap decides. */
  readonly pAhead: number | null;
  /** Whether every combination of signs was tried; null where the bootstrap decides. */
  readonly exact: boolean | null;
  /** One-sided, that the mean is below zero: by permutation, else by the share of resamples. */
  readonly pBehind: number;
}

/** @param views of the same duels, place by place */
export function resampleViews(views: readonly View[], rules: ResampleRules): Sampled[] {
  const [first] = views;
  if (first === undefined) return [];
  const units = toUnits(first.points, rules.unit);
  const index = indexClusters(units.map(({ name }) => name));
  const series = views.map((view) =>
    sumByCluster(
      index,
      units.map((unit) => valueIn(unit, view)),
    ),
  );
  const means = bootstrapSeries(series, rules);
  return series.map((clusters, at) => summarize(clusters, means[at] ?? new Float64Array(0), rules));
}

function summarize(clusters: Clusters, means: Float64Array, rules: ResampleRules): Sampled {
  const { n, total } = clusters;
  const size = occupied(clusters);
  if (n === 0) return { mean: null, n, clusters: 0, interval: null, sd: 0, pAhead: null, exact: null, pBehind: 1 };
  const isOwn = rules.unit === 'turn' || rules.unit === 'vote';
  const permutes = rules.test === 'permutation' || (rules.test === 'auto' && !isOwn && size < FEW_CLUSTERS);
  const ahead = permutes ? signFlipTest(clusters, rules) : null;
  return {
    mean: total / n,
    n,
    clusters: size,
    interval: oneSidedBounds(means, rules.confidence),
    sd: clusterSpread(clusters),
    pAhead: ahead?.p ?? null,
    exact: ahead?.exact ?? null,
    pBehind: permutes ? signFlipTest(negated(clusters), rules).p : shareAtLeastZero(means),
  };
}

function negated(clusters: Clusters): Clusters {
  return { ...clusters, sums: clusters.sums.map((sum) => -sum), total: -clusters.total };
}

interface UnitPlace {
  readonly name: string;
  /** Place of its duel. */
  readonly row: number;
  /** The first unit of a duel speaks for it as a whole. */
  readonly isFirst: boolean;
  readonly vote: { readonly judge: string; readonly value: number } | null;
}

function toUnits(points: readonly DuelPoint[], unit: Unit): UnitPlace[] {
  return points.flatMap((point, row): UnitPlace[] => {
    const whole = { name: unit === 'instance' || unit === 'repo' ? point.cluster : String(row), row };
    const votes = Object.entries(unit === 'vote' ? (point.votes ?? {}) : {}).flatMap(([judge, values]) =>
      values.map((value) => ({ judge, value })),
    );
    if (votes.length === 0) return [{ ...whole, isFirst: true, vote: null }];
    return votes.map((vote, at) => ({ name: `${row}/${at}`, row, isFirst: at === 0, vote }));
  });
}

/** Null where the view holds nothing for this unit. */
function valueIn({ row, isFirst, vote }: UnitPlace, { points, unparsedAs, judge }: View): number | null {
  const point = points[row];
  if (point === undefined) return null;
  if (judge !== undefined) {
    if (vote !== null) return vote.judge === judge && Object.hasOwn(point.judges, judge) ? vote.value : null;
    return Object.hasOwn(point.judges, judge) ? (point.judges[judge] ?? null) : null;
  }
  const delta = deltaOf(point);
  if (delta === null) return isFirst ? unparsedAs : null;
  if (vote === null) return delta;
  return Object.hasOwn(point.judges, vote.judge) ? vote.value : null;
}
