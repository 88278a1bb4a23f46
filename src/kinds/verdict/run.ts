/** Reads the duels and what stands beside them, decides, and writes one row and its evidence. */

import type { JsonObject } from '#contract/json.ts';
import type { WholeContext, WholeItem } from '#contract/kind.ts';
import { costToDecide } from '#domain/duel/decide-cost.ts';
import { deltaOf, withoutJudges } from '#domain/duel/points.ts';
import { measureSurvivorship } from '#domain/duel/survivorship.ts';
import { decideVerdict } from '#domain/duel/verdict.ts';
import { verdictNotes } from '#domain/duel/verdict-notes.ts';
import { decideMargin, toRules, type VerdictConfig } from './config.ts';
import type { Findings } from './findings.ts';
import { readPoints } from './read-points.ts';
import { readLost, readPanel, readUsage } from './read-sides.ts';
import { toEvidence } from './to-evidence.ts';
import { toFields } from './to-fields.ts';

export async function* runVerdict({ config, inputs }: WholeContext<VerdictConfig>): AsyncIterable<WholeItem> {
  const { points, judgeCalls } = await readPoints(inputs['from'], config);
  const lost = await readLost(inputs['lost']);
  const usage = await readUsage(inputs['tallies']);
  const excluded = await readPanel(inputs['panel']);
  const rules = toRules(config, excluded?.map(({ judge }) => judge) ?? []);
  const numbers = decideVerdict(points, rules);
  const counted = withoutJudges(points, new Set(rules.excluded), rules);
  const deltas = counted.map(deltaOf).filter((delta) => delta !== null);
  const lostRows = lost === null ? null : [...lost.values()].reduce((sum, count) => sum + count, 0);
  const reach = config.range[1] - config.range[0];
  const survivorship = lostRows === null ? null : measureSurvivorship(deltas, points.length, lostRows, reach);
  const basis = { turns: points.length, clusters: numbers.clusters, lost: lostRows, sd: numbers.power?.sd ?? 0 };
  const cost = costToDecide(
    decideMargin(config),
    { ...basis, judgeCalls, usage, prices: config.prices },
    1 - config.confidence,
  );
  const notes = verdictNotes(numbers, rules, survivorship, cost, decideMargin(config));
  const findings: Findings = { numbers, lost, survivorship, excluded, cost, notes };
  yield { type: 'row', key: 'verdict', fields: toFields(findings) };
  for (const evidence of toEvidence(findings, config)) {
    const key = evidence.slice === undefined ? evidence.name : `${evidence.name}/${evidence.slice}`;
    yield { type: 'row', port: 'evidence', key, fields: evidence as unknown as JsonObject };
  }
}
