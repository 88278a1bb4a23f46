/** sample: moments of real agents, each with the history before it and what the agent did next. */

import { defineSource, type Finding } from '#contract/kind.ts';
import { turnFields } from '#domain/rows.ts';
import { type SampleConfig, sampleConfig } from './config.ts';
import { sampleTurns } from './run.ts';

export const sampleKind = defineSource({
  name: 'sample',
  version: 1,
  summary: 'draws agent turns from trajectories',
  example: `turns:
  kind: sample
  dataset: data/trajectories.jsonl
  strategy: uniform
  count: 500
  seed: 7
  max_per_instance: 5`,
  config: sampleConfig,
  inputs: {},
  outputs: () => ({
    out: { summary: 'one row a drawn turn, in the order of drawing', carries: 'own', adds: turnFields },
  }),
  needs: ['datasets'],
  check: checkConfig,
  estimate: ({ count }) => (count === undefined ? { calls: [], notes: [] } : { calls: [], rows: count, notes: [] }),
  run: (ctx) => sampleTurns(ctx.config, ctx.datasets, ctx.signal),
});

function checkConfig({ min_turn, max_turn, strategy, dataset }: SampleConfig): Finding[] {
  const findings: Finding[] = [];
  if (dataset.remote !== undefined && strategy !== 'windows' && strategy !== 'all') {
    const bytes = dataset.files.reduce((sum, file) => sum + file.bytes, 0);
    const size = bytes === 0 ? '' : ` (${(bytes / 1e9).toFixed(2)} GB)`;
    const message = `strategy ${strategy} reads every file of ${dataset.name}${size} before it draws`;
    const hint = 'write `strategy: windows`, which reads only what it draws; `window: 1` draws single trajectories';
    findings.push({ severity: 'warning', code: 'reads-whole-set', message, path: ['strategy'], hint });
  }
  if (max_turn !== undefined && max_turn < min_turn) {
    const message = `max_turn ${max_turn} is below min_turn ${min_turn}, so no turn can be drawn`;
    findings.push({ severity: 'error', code: 'empty-range', message, path: ['max_turn'] });
  }
  return findings;
}
