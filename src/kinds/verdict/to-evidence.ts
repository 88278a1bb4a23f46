/** Every number of a verdict as evidence: with its formula and inputs, what it rests on, and how sure it is. */

import type { Json } from '#contract/json.ts';
import type { Evidence } from '#contract/row.ts';
import { show } from '#domain/duel/conditions.ts';
import { clusterPath, decideMargin, type VerdictConfig } from './config.ts';
import type { Findings } from './findings.ts';

/** Names that `when: verdict.NAME` may read. */
export const VERDICT_EVIDENCE: readonly string[] = [
  'accepted',
  'winner',
  'margin',
  'delta_mean',
  'king_mean',
  'challenger_mean',
  'parsed_fraction',
  'worst_case',
  'p_value',
  'turns',
  'clusters',
  'sd',
  'power',
  'detectable_margin',
  'clusters_needed',
  'excluded_judges',
  'accepted_all_judges',
  'margin_all_judges',
  'is_stable',
  'survivorship',
  'margin_of_all_started',
  'decide_clusters',
  'decide_turns',
  'decide_drawn',
  'decide_calls',
  'decide_usd',
];

interface More {
  readonly n?: number;
  readonly interval?: readonly [number, number] | null;
  readonly slice?: string;
  readonly source?: string;
}

export function toEvidence(findings: Findings, config: VerdictConfig): Evidence[] {
  const { parsed } = findings.numbers;
  const measured: Measure = (name, value, formula, { n = parsed, interval = null, ...more } = {}) => ({
    name,
    value,
    n,
    ...(interval === null ? {} : { interval }),
    status: value === null ? 'not_evaluable' : 'ok',
    ...more,
    formula,
  });
  return [
    ...marginEvidence(findings, config, measured),
    ...judgeEvidence(findings, config, measured),
    ...lossEvidence(findings, config, measured),
    ...powerEvidence(findings, config, measured),
    ...costEvidence(findings, config, measured),
  ];
}

type Measure = (name: string, value: Json, formula: string, more?: More) => Evidence;

const AHEAD = 'mean over parsed duels of challenger - king';

function marginEvidence({ numbers }: Findings, config: VerdictConfig, measured: Measure): Evidence[] {
  const { turns, interval, clusters } = numbers;
  const { confidence, win_margin, resamples, seed, unit } = config;
  const path = clusterPath(config);
  const bounds = `each bound holds at ${confidence}: quantiles of ${resamples} means of ${clusters} clusters drawn with replacement, seed ${seed}`;
  const tested =
    numbers.exact === true
      ? 'all combinations of signs'
      : `${resamples} random combinations of signs, seed ${seed}, the observed one among them`;
  return [
    measured('accepted', numbers.accepted, numbers.conditions.map(({ detail }) => detail).join(' and ')),
    measured('winner', numbers.winner, `challenger where margin ${show(numbers.margin)} >= ${win_margin}, else king`),
    measured('margin', numbers.margin, `${AHEAD} = ${show(numbers.challengerMean)} - ${show(numbers.kingMean)}`, {
      interval,
    }),
    measured('delta_mean', numbers.margin, `${AHEAD}; ${bounds}`, { interval }),
    measured('king_mean', numbers.kingMean, 'mean over parsed duels of the king'),
    measured('challenger_mean', numbers.challengerMean, 'mean over parsed duels of the challenger'),
    measured(
      'parsed_fraction',
      numbers.parsedFraction,
      `parsed duels / duels = ${numbers.parsed} / ${turns}; Wilson interval at .95`,
      { n: turns, interval: numbers.parsedInterval },
    ),
    measured(
      'worst_case',
      numbers.worstCase,
      `the margin with ${turns - numbers.parsed} unparsed duels as losses of ${config.range[0] - config.range[1]} each; ${bounds}`,
      { n: turns, interval: numbers.worstInterval },
    ),
    measured(
      'p_value',
      numbers.pValue,
      `one-sided sign-flip permutation test over clusters: share of ${tested} whose sum is at least the observed one`,
      { n: clusters },
    ),
    measured('turns', turns, 'duels, parsed or not', { n: turns }),
    measured('clusters', clusters, `distinct ${path ?? `${unit}s`} among parsed duels`),
  ];
}

function judgeEvidence({ numbers, excluded }: Findings, config: VerdictConfig, measured: Measure): Evidence[] {
  const { allJudges } = numbers;
  const left = Object.entries(numbers.leaveOneOut);
  const hold = left.filter(([, { accepted }]) => accepted === numbers.accepted).length;
  const test =
    numbers.pValue === null
      ? 'share of bootstrap means at or above 0'
      : 'sign-flip permutation test over clusters that the mean is below 0';
  const count = Object.keys(numbers.judges).length;
  return [
    ...Object.entries(numbers.judges).flatMap(([judge, { mean, n, interval, pAgainst }]) => [
      measured('judge_mean', mean, `${AHEAD}, by this judge alone; bounds at ${config.confidence}`, {
        n,
        interval,
        slice: judge,
      }),
      measured('judge_against', pAgainst, `${test}; adjusted for ${count} judges (Holm)`, { n, slice: judge }),
    ]),
    ...left.map(([judge, outcome]) =>
      measured('margin_without', outcome.margin, `${AHEAD}, scored by all judges but this one`, {
        n: outcome.parsed,
        interval: outcome.interval,
        slice: judge,
      }),
    ),
    ...left.map(([judge, outcome]) =>
      measured(
        'accepted_without',
        outcome.accepted,
        `without this judge: ${outcome.conditions.map(({ detail }) => detail).join(' and ')}`,
        { n: outcome.parsed, slice: judge },
      ),
    ),
    ...(left.length === 0
      ? []
      : [
          measured(
            'is_stable',
            hold === left.length,
            `leaving one judge out changes the outcome in ${left.length - hold} of ${left.length} cases`,
            { n: left.length },
          ),
        ]),
    ...(excluded === null
      ? []
      : [
          measured(
            'excluded_judges',
            excluded.length,
            excluded.length === 0
              ? 'judges that the panel excludes'
              : `judges that the panel excludes: ${excluded.map(({ judge, reason }) => (reason === '' ? judge : `${judge} (${reason})`)).join('; ')}`,
            { n: excluded.length + count },
          ),
        ]),
    ...(allJudges === null
      ? []
      : [
          measured(
            'accepted_all_judges',
            allJudges.accepted,
            `with the excluded judges: ${allJudges.conditions.map(({ detail }) => detail).join(' and ')}`,
            { n: allJudges.parsed },
          ),
          measured('margin_all_judges', allJudges.margin, `${AHEAD}, with the excluded judges`, {
            n: allJudges.parsed,
            interval: allJudges.interval,
          }),
        ]),
  ];
}

function lossEvidence({ numbers, lost, survivorship }: Findings, config: VerdictConfig, measured: Measure): Evidence[] {
  if (survivorship === null) return [];
  const { started, share, interval, bounds } = survivorship;
  const reach = config.range[1] - config.range[0];
  const missing = started - numbers.parsed;
  return [
    measured(
      'survivorship',
      share,
      `parsed duels / (duels + rejected before a duel) = ${numbers.parsed} / (${numbers.turns} + ${survivorship.lost}); Wilson at .95`,
      { n: started, interval },
    ),
    measured(
      'margin_of_all_started',
      bounds === null || bounds[0] !== bounds[1] ? null : bounds[0],
      `(sum over parsed duels -+ ${reach} x ${missing} without a score) / ${started}: the lowest and highest margin that all turns that set out can have`,
      { n: started, interval: bounds },
    ),
    ...[...(lost ?? [])].map(([code, count]) =>
      measured('lost', count, `rows rejected as ${code} before a duel`, { n: started, slice: code }),
    ),
  ];
}

function powerEvidence({ numbers }: Findings, config: VerdictConfig, measured: Measure): Evidence[] {
  const { power, clusters } = numbers;
  const { win_margin, confidence } = config;
  const alpha = show(1 - confidence);
  const sd = show(power?.sd ?? null);
  return [
    measured('sd', power?.sd ?? null, 'sqrt(clusters) x standard error of the margin, from sums by cluster', {
      n: clusters,
    }),
    measured(
      'power',
      power?.atMargin ?? null,
      `chance to find a true margin of ${win_margin}: Phi(${win_margin} x sqrt(${clusters}) / ${sd} - z(1 - ${alpha}))`,
      { n: clusters },
    ),
    measured(
      'detectable_margin',
      power?.detectable ?? null,
      `margin found 80 % of the time: (z(1 - ${alpha}) + z(.8)) x ${sd} / sqrt(${clusters})`,
      { n: clusters },
    ),
    measured(
      'clusters_needed',
      power?.needed ?? null,
      `clusters that find a true margin of ${win_margin} 80 % of the time: ((z(1 - ${alpha}) + z(.8)) x ${sd} / ${win_margin})^2`,
      { n: clusters },
    ),
  ];
}

/** Not `decide_drawn`, which needs to be told what was lost. */
const DECIDE = ['decide_clusters', 'decide_turns', 'decide_calls', 'decide_usd'];

function costEvidence({ numbers, cost }: Findings, config: VerdictConfig, measured: Measure): Evidence[] {
  const { clusters, turns } = numbers;
  if (cost === null) {
    const formula = 'no duel was parsed, or all clusters agree: there is no spread to reckon with';
    return DECIDE.map((name) => measured(name, null, formula, { n: clusters }));
  }
  const margin = decideMargin(config);
  const scaled = (what: string) =>
    `${what} of this run x ${cost.clusters} / ${clusters} clusters, to find a margin of ${margin} 80 % of the time`;
  const whose = cost.isAllCalls ? 'calls behind the rows of the tallies' : 'calls of the judges';
  const priced = cost.unpriced.length > 0 ? `; no price for ${cost.unpriced.join(', ')}` : '';
  return [
    measured(
      'decide_clusters',
      cost.clusters,
      `((z(1 - ${show(1 - config.confidence)}) + z(.8)) x ${show(numbers.power?.sd ?? null)} / ${margin})^2`,
      { n: clusters },
    ),
    measured('decide_turns', cost.turns, scaled('duels'), { n: turns }),
    ...(cost.drawn === null ? [] : [measured('decide_drawn', cost.drawn, scaled('turns that set out'), { n: turns })]),
    measured('decide_calls', cost.calls, scaled(whose), { n: turns }),
    measured('decide_usd', cost.usd, `${scaled('tokens by model x prices')}${priced}`, { n: turns }),
  ];
}
