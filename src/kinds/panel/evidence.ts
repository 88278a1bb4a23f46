/** A weighed panel as evidence: what verdict, gates, report and cards read. */

import type { Json } from '#contract/json.ts';
import type { Evidence } from '#contract/row.ts';
import type { JudgeFinding } from '#domain/duel/judge-findings.ts';
import type { JudgeMeasures, Share } from '#domain/duel/judge-measures.ts';
import type { JudgeWorth, Margin, PanelWorth } from '#domain/duel/panel.ts';
import { toPoints } from '#domain/duel/score.ts';
import { mean } from '#stats/intervals.ts';
import type { PanelConfig } from './config.ts';

/** Measures of one judge by name of the evidence, with what is divided by what. */
const SHARES = {
  failed: ['failed', 'answers that did not come / answers owed'],
  unparsed: ['unparsed', 'answers that cannot be read / answers that came'],
  unquoted: ['unquoted', 'choices whose quote is not there / choices'],
  position_consistency: ['consistency', 'choices that are the same in both orders / choices made in both'],
  flips: ['flips', 'choices that turn round with the order / choices that decide in both'],
  first_share: ['first', 'answers that take what is shown first / answers that prefer one in both orders'],
  longer_share: ['longer', 'duels where it takes the longer text / duels that it decides'],
  sensitivity: ['sensitivity', 'planted defects that it saw / planted defects'],
  specificity: ['specificity', 'changes that are no improvement and were not rewarded / such changes'],
} as const satisfies { readonly [evidence: string]: readonly [keyof JudgeMeasures, string] };

export function toEvidence(worth: PanelWorth, config: PanelConfig): Evidence[] {
  const { judges } = worth;
  const n = judges.length;
  const kept = judges.filter(({ status }) => status === 'kept');
  const drop = judges.filter(({ status }) => status === 'excluded').map(({ measures }) => measures.judge);
  const consistency = judges
    .map(({ measures }) => measures.consistency?.value ?? null)
    .filter((value) => value !== null);
  const bounds = `each bound holds at ${config.confidence}, by cluster bootstrap`;
  return [
    measured('judges', n, { n, formula: 'judges that were asked' }),
    measured('judges_kept', kept.length, {
      n,
      formula: `judges without ${config.exclude.join(', ') || 'any finding'}`,
    }),
    measured('drop', drop, { n, formula: 'judges to leave out' }),
    measured('effective_votes', worth.effectiveVotes, {
      n: kept.length,
      formula: 'k / (1 + (k - 1) r) over the k judges kept, r the mean correlation of their scores',
    }),
    measured('mean_correlation', worth.meanCorrelation, {
      n: kept.length,
      formula: 'mean of pairwise Pearson correlations',
    }),
    measured('position_consistency', consistency.length === 0 ? null : mean(consistency), {
      n: consistency.length,
      formula: 'mean over judges',
    }),
    margin('margin_all', worth.margin, `mean of candidate - against in points, all judges; ${bounds}`),
    margin('margin_kept', worth.marginKept, `the same without ${drop.join(', ') || 'nobody'}; ${bounds}`),
    ...judges.flatMap((judge) => ofJudge(judge, bounds)),
    ...worth.pairs.map(({ pair, n: rows, kappa }) =>
      measured('kappa', kappa, {
        n: rows,
        slice: pair.join('/'),
        formula: "Cohen's kappa of whom they prefer: candidate, against or neither",
      }),
    ),
    ...Object.entries(worth.alphas).map(([dimension, { alpha, n: rows }]) =>
      measured('alpha', alpha, {
        n: rows,
        slice: dimension,
        formula: "Krippendorff's alpha, ordinal, over all judges",
      }),
    ),
  ];
}

function ofJudge({ measures, findings, status, without }: JudgeWorth, bounds: string): Evidence[] {
  const slice = measures.judge;
  const reason = reasonOf(findings);
  return [
    measured('judge_status', status, { n: measures.rows, slice, ...(reason === '' ? {} : { source: reason }) }),
    measured('answers', measures.answers, { n: measures.rows, slice, formula: 'answers owed: one a row and order' }),
    measured('judge_score', measures.mean === null ? null : toPoints(measures.mean), {
      n: measures.rows,
      slice,
      formula: 'mean score for the candidate, 0..100',
    }),
    ...Object.entries(SHARES).map(([name, [key, formula]]) => share(name, slice, measures[key], formula)),
    ...Object.entries(measures.probes).map(([probe, right]) =>
      share('probe_right', `${slice}/${probe}`, right, 'probes taken right / probes read; Wilson interval at .95'),
    ),
    ...Object.entries(measures.stoodIn).map(([alias, stood]) =>
      share('stood_in', `${slice}/${alias}`, stood, 'answers of another model in its place / answers that came'),
    ),
    margin('margin_without', without, `mean of candidate - against in points without this judge; ${bounds}`, slice),
    ...findings.map(({ name, share: found, words }) => ({
      ...share('finding', `${slice}/${name}`, found, ''),
      source: words,
    })),
  ];
}

/** Why a judge is left out, or would be. */
export function reasonOf(findings: readonly JudgeFinding[]): string {
  return findings.map(({ name, words }) => `${name}: ${words}`).join('; ');
}

interface More {
  readonly n: number;
  readonly slice?: string;
  readonly interval?: readonly [number, number];
  readonly source?: string;
  readonly formula?: string;
}

function measured(name: string, value: Json, more: More): Evidence {
  return { name, value, status: value === null ? 'not_evaluable' : 'ok', ...more };
}

function share(name: string, slice: string, found: Share | null, formula: string): Evidence {
  const more = { slice, ...(formula === '' ? {} : { formula }) };
  if (found === null) return measured(name, null, { n: 0, ...more });
  return measured(name, found.value, { n: found.n, interval: found.interval, ...more });
}

function margin(name: string, found: Margin | null, formula: string, slice?: string): Evidence {
  const more = { formula, ...(slice === undefined ? {} : { slice }) };
  if (found === null) return measured(name, null, { n: 0, ...more });
  return measured(name, found.mean, { n: found.n, interval: found.interval, ...more });
}
