/** A panel over all its duels: what each judge is worth, who is left out, how far they agree, and what each changes. */

import { cohenKappa, correlation, effectiveVotes, krippendorffAlpha } from '#stats/agreement.ts';
import { bootstrapMeans, oneSidedBounds } from '#stats/bootstrap.ts';
import { toClusters } from '#stats/clusters.ts';
import { mean } from '#stats/intervals.ts';
import { type FindingName, findFaultsAgainst, findOwnFaults, type JudgeFinding } from './judge-findings.ts';
import { type JudgeMeasures, measureJudge, type SeenDuel, type SeenProbe } from './judge-measures.ts';
import { type DuelPoint, deltaOf, withoutJudges } from './points.ts';

export interface PanelRules {
  /** Findings for which a judge is left out. */
  readonly exclude: readonly FindingName[];
  /** Fewer rows than this name nobody. */
  readonly minRows: number;
  readonly resamples: number;
  readonly seed: number;
  readonly confidence: number;
}

/** Mean of candidate minus against, in points of 100 a side; both bounds are one-sided. */
export interface Margin {
  readonly mean: number;
  readonly n: number;
  readonly interval: readonly [number, number];
}

export interface JudgeWorth {
  readonly measures: JudgeMeasures;
  readonly findings: readonly JudgeFinding[];
  readonly status: 'kept' | 'excluded';
  /** What the other judges say, this one left out; null where nothing is left. */
  readonly without: Margin | null;
}

export interface PanelWorth {
  readonly judges: readonly JudgeWorth[];
  readonly pairs: readonly {
    readonly pair: readonly [string, string];
    readonly n: number;
    readonly kappa: number | null;
  }[];
  readonly alphas: { readonly [dimension: string]: { readonly alpha: number | null; readonly n: number } };
  /** Of the judges that are kept. */
  readonly meanCorrelation: number | null;
  readonly effectiveVotes: number | null;
  readonly margin: Margin | null;
  readonly marginKept: Margin | null;
}

export function weighPanel(duels: readonly SeenDuel[], probes: readonly SeenProbe[], rules: PanelRules): PanelWorth {
  const points = duels.map(toPoint);
  const judged = duels.filter(({ entries }) => entries.length > 0);
  const names = [...new Set([...judged, ...probes].flatMap(({ entries }) => entries.map(({ judge }) => judge)))].sort();
  const measured = names.map((judge) => measureJudge(judge, judged, probes));
  const own = new Map(measured.map((measures) => [measures.judge, findOwnFaults(measures, rules.minRows)]));
  const isSound = (judge: string) => !isExcluded(own.get(judge) ?? [], rules);
  const judges = measured.map((measures): JudgeWorth => {
    const { judge } = measures;
    const others = names.filter((other) => other !== judge && isSound(other));
    const first = own.get(judge) ?? [];
    const against = findFaultsAgainst(measures, judged, consensusOf(judged, others), first, rules.minRows);
    const findings = withoutImplied([...first, ...against]);
    const status = isExcluded(findings, rules) ? 'excluded' : 'kept';
    return { measures, findings, status, without: marginWithout(points, [judge], rules) };
  });
  const excluded = judges.filter(({ status }) => status === 'excluded').map(({ measures }) => measures.judge);
  const kept = names.filter((name) => !excluded.includes(name));
  const meanCorrelation = correlate(judged, kept);
  return {
    judges,
    pairs: comparePairs(judged, names),
    alphas: measureAlphas(judged),
    meanCorrelation,
    effectiveVotes: meanCorrelation === null ? null : effectiveVotes(kept.length, meanCorrelation),
    margin: marginWithout(points, [], rules),
    marginKept: marginWithout(points, excluded, rules),
  };
}

function isExcluded(findings: readonly JudgeFinding[], { exclude }: PanelRules): boolean {
  return findings.some(({ name }) => exclude.includes(name));
}

/** Who draws lots flips too. */
function withoutImplied(findings: readonly JudgeFinding[]): JudgeFinding[] {
  const isRandom = findings.some(({ name }) => name === 'random');
  return isRandom ? findings.filter(({ name }) => name !== 'flips') : [...findings];
}

/** The side that these judges prefer in each duel, by the mean of their scores. */
function consensusOf(duels: readonly SeenDuel[], judges: readonly string[]): (-1 | 0 | 1 | null)[] {
  return duels.map(({ scores }) => {
    const read = judges.map((judge) => scores.get(judge)?.score ?? null).filter((score) => score !== null);
    if (read.length === 0) return null;
    const lead = mean(read) - 0.5;
    return lead > 1e-9 ? 1 : lead < -1e-9 ? -1 : 0;
  });
}

function toPoint({ cluster, score, scores, entries }: SeenDuel): DuelPoint {
  const read = [...scores].flatMap(([judge, { score: share }]) =>
    share === null ? [] : [[judge, 200 * share - 100] as const],
  );
  return {
    cluster,
    // A side has what the other does not: 60 points are a margin of 20.
    scores: score === null ? null : { king: 100 - score, challenger: score },
    judges: Object.fromEntries(read),
    asked: [...new Set(entries.map(({ judge }) => judge))],
  };
}

function marginWithout(points: readonly DuelPoint[], excluded: readonly string[], rules: PanelRules): Margin | null {
  const left = withoutJudges(points, new Set(excluded), { minJudges: null, range: [0, 100] });
  const read = left.flatMap((point) => {
    const delta = deltaOf(point);
    return delta === null ? [] : [{ cluster: point.cluster, delta }];
  });
  if (read.length === 0) return null;
  const deltas = read.map(({ delta }) => delta);
  const clusters = toClusters(
    deltas,
    read.map(({ cluster }) => cluster),
  );
  const interval = oneSidedBounds(bootstrapMeans(clusters, rules), rules.confidence);
  return { mean: mean(deltas), n: read.length, interval };
}

/** Kappa of whom two judges prefer: candidate, against or neither. */
function comparePairs(duels: readonly SeenDuel[], names: readonly string[]): PanelWorth['pairs'] {
  const sides = new Map(
    names.map((name) => [name, duels.map(({ scores }) => sideOf(scores.get(name)?.score ?? null))]),
  );
  return names.flatMap((one, at) =>
    names.slice(at + 1).map((other) => {
      const [a = [], b = []] = [sides.get(one), sides.get(other)];
      const n = a.filter((side, row) => side !== null && (b[row] ?? null) !== null).length;
      return { pair: [one, other] as const, n, kappa: cohenKappa(a, b) };
    }),
  );
}

function sideOf(score: number | null): number | null {
  return score === null ? null : Math.sign(score - 0.5);
}

/** Ordinal: against, draw and candidate have an order, and a judge that wins in one order and draws in the other lies between. */
function measureAlphas(duels: readonly SeenDuel[]): PanelWorth['alphas'] {
  const names = [
    ...new Set(duels.flatMap(({ scores }) => [...scores.values()].flatMap((each) => Object.keys(each.dimensions)))),
  ];
  return Object.fromEntries(
    names.sort().map((name) => {
      const units = duels.map(({ scores }) => [...scores.values()].map(({ dimensions }) => dimensions[name] ?? null));
      const n = units.filter((unit) => unit.filter((value) => value !== null).length >= 2).length;
      return [name, { alpha: krippendorffAlpha(units, 'ordinal'), n }];
    }),
  );
}

/** Mean of the pairwise correlations of their scores; null with fewer than two judges, or where none can be worked out. */
function correlate(duels: readonly SeenDuel[], names: readonly string[]): number | null {
  const scores = names.map((name) => duels.map((duel) => duel.scores.get(name)?.score ?? null));
  const found = scores.flatMap((one, at) => scores.slice(at + 1).map((other) => correlation(one, other)));
  const known = found.filter((r) => r !== null);
  return known.length === 0 ? null : mean(known);
}
