/**
 * Whether a challenger has beaten a king over many duels. Pure arithmetic over points: challenger minus king, resampled by clusters,
 * because turns of one instance are no independent observations.
 */

import { wilson } from '#stats/intervals.ts';
import { holm } from '#stats/multiplicity.ts';
import { detectableDifference, observationsNeeded, powerOfMean } from '#stats/power.ts';
import { type AcceptanceRules, type Condition, type JudgeNumbers, makeConditions } from './conditions.ts';
import { type DuelPoint, deltaOf, isAhead, judgesOf, type PanelRules, withoutJudges } from './points.ts';
import { type ResampleRules, resampleViews, type Sampled, type View } from './resample.ts';

export interface VerdictRules extends AcceptanceRules, PanelRules, ResampleRules {
  /** Judges that do not count, e.g. because the panel found them worthless. */
  readonly excluded: readonly string[];
}

/** What one choice of judges decides. */
export interface Outcome {
  readonly accepted: boolean;
  readonly conditions: readonly Condition[];
  readonly parsed: number;
  readonly margin: number | null;
  readonly interval: readonly [number, number] | null;
}

export interface VerdictNumbers extends Outcome {
  /** Who is ahead by the margin; the king keeps what nobody wins. */
  readonly winner: 'challenger' | 'king';
  readonly turns: number;
  readonly parsedFraction: number;
  readonly parsedInterval: readonly [number, number];
  readonly clusters: number;
  /** Null without a parsed duel, like all numbers below. */
  readonly kingMean: number | null;
  readonly challengerMean: number | null;
  readonly worstCase: number | null;
  readonly worstInterval: readonly [number, number] | null;
  /** One-sided; null where the bootstrap decides. */
  readonly pValue: number | null;
  readonly exact: boolean | null;
  readonly wins: number;
  readonly draws: number;
  readonly losses: number;
  /** Judges that count. */
  readonly judges: { readonly [judge: string]: JudgeNumbers };
  /** The outcome without one judge at a time, of two or more. */
  readonly leaveOneOut: { readonly [judge: string]: Outcome };
  /** The outcome with the excluded judges; null where none is. */
  readonly allJudges: Outcome | null;
  readonly power: PowerNumbers | null;
}

export interface PowerNumbers {
  /** Spread of a cluster: sd / sqrt(clusters) is the standard error of the margin. */
  readonly sd: number;
  /** Chance that this many clusters find a true margin of `winMargin`. */
  readonly atMargin: number;
  /** Smallest margin found 80 % of the time. */
  readonly detectable: number;
  /** Clusters needed to find `winMargin` 80 % of the time; null where the margin is not above zero. */
  readonly needed: number | null;
}

export function decideVerdict(all: readonly DuelPoint[], rules: VerdictRules): VerdictNumbers {
  const excluded = new Set(rules.excluded);
  const points = withoutJudges(all, excluded, rules);
  const names = judgesOf(points);
  const choices = [
    points,
    ...(excluded.size > 0 ? [all] : []),
    ...(names.length > 1 ? names.map((name) => withoutJudges(points, new Set([name]), rules)) : []),
  ];
  const [main, ...others] = assess(all, choices, rules);
  if (main === undefined) throw new Error('a verdict over nothing');
  const allJudges = excluded.size > 0 ? (others.shift()?.outcome ?? null) : null;
  const { margin, worst, judges, outcome } = main;
  const scored = points.flatMap(({ scores }) => (scores === null ? [] : [scores]));
  const deltas = points.map(deltaOf).filter((delta) => delta !== null);
  return {
    ...outcome,
    winner: outcome.margin !== null && isAhead(outcome.margin, 0, rules.winMargin) ? 'challenger' : 'king',
    turns: points.length,
    parsedFraction: points.length === 0 ? 0 : outcome.parsed / points.length,
    parsedInterval: wilson(outcome.parsed, points.length),
    clusters: margin.clusters,
    kingMean: average(scored.map(({ king }) => king)),
    challengerMean: average(scored.map(({ challenger }) => challenger)),
    worstCase: worst.mean,
    worstInterval: worst.interval,
    pValue: margin.pAhead,
    exact: margin.exact,
    wins: deltas.filter((delta) => delta > 0).length,
    draws: deltas.filter((delta) => delta === 0).length,
    losses: deltas.filter((delta) => delta < 0).length,
    judges,
    leaveOneOut: Object.fromEntries(
      others.flatMap((each, at) => (names[at] === undefined ? [] : [[names[at], each.outcome]])),
    ),
    allJudges,
    power: margin.mean === null ? null : measurePower(margin, rules),
  };
}

interface Assessed {
  readonly outcome: Outcome;
  readonly margin: Sampled;
  readonly worst: Sampled;
  readonly judges: { readonly [judge: string]: JudgeNumbers };
}

/** Every choice of judges on the same resamples. */
function assess(
  all: readonly DuelPoint[],
  choices: readonly (readonly DuelPoint[])[],
  rules: VerdictRules,
): Assessed[] {
  const names = judgesOf(all);
  const lost = rules.range[0] - rules.range[1];
  // The units of all views are those of the first, so it must be one that holds every judge.
  const views: View[] = [
    ...names.map((judge) => ({ points: all, unparsedAs: null, judge })),
    ...choices.map((points) => ({ points, unparsedAs: null })),
    ...(rules.worstCase ? choices : []).map((points) => ({ points, unparsedAs: lost })),
  ];
  const sampled = resampleViews(views, rules);
  const byJudge = new Map(names.map((name, at) => [name, sampled[at] ?? NOTHING]));
  return choices.map((points, at): Assessed => {
    const deltas = points.map(deltaOf);
    // Whatever is resampled, a margin is the mean over duels.
    const margin = withMean(
      sampled[names.length + at],
      deltas.filter((delta) => delta !== null),
    );
    const worst = withMean(
      sampled[names.length + choices.length + at],
      deltas.map((delta) => delta ?? lost),
    );
    const judges = judgeNumbers(judgesOf(points), byJudge);
    const parsed = points.filter(({ scores }) => scores !== null).length;
    const conditions = makeConditions({ turns: points.length, parsed, margin, worst, judges }, rules);
    const accepted = conditions.every(({ holds }) => holds);
    return {
      outcome: { accepted, conditions, parsed, margin: margin.mean, interval: margin.interval },
      margin,
      worst,
      judges,
    };
  });
}

function withMean(sampled: Sampled = NOTHING, deltas: readonly number[]): Sampled {
  return { ...sampled, mean: average(deltas) };
}

const NOTHING: Sampled = {
  mean: null,
  n: 0,
  clusters: 0,
  interval: null,
  sd: 0,
  pAhead: null,
  exact: null,
  pBehind: 1,
};

function judgeNumbers(
  names: readonly string[],
  byJudge: ReadonlyMap<string, Sampled>,
): { [judge: string]: JudgeNumbers } {
  const read = names.flatMap((name) => {
    const sampled = byJudge.get(name);
    return sampled === undefined || sampled.mean === null || sampled.interval === null
      ? []
      : [{ name, mean: sampled.mean, n: sampled.n, interval: sampled.interval, pBehind: sampled.pBehind }];
  });
  const adjusted = holm(read.map(({ pBehind }) => pBehind));
  return Object.fromEntries(
    read.map(({ name, mean, n, interval }, at) => [name, { mean, n, interval, pAgainst: adjusted[at] ?? 1 }]),
  );
}

function measurePower({ sd, clusters }: Sampled, { winMargin, confidence }: VerdictRules): PowerNumbers {
  const alpha = 1 - confidence;
  const needed = observationsNeeded(winMargin, sd, { alpha });
  return {
    sd,
    atMargin: powerOfMean(clusters, winMargin, sd, { alpha }),
    detectable: detectableDifference(clusters, sd, { alpha }),
    needed: Number.isFinite(needed) ? needed : null,
  };
}

function average(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
