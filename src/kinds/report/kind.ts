/** report: what a pipeline made, as Markdown and as one self-contained page. */

import { defineWhole, type Reads } from '#contract/kind.ts';
import { Type } from '#contract/schema.ts';
import { reportConfig } from './config.ts';

const ANY = Type.Unknown();

const optional = (...paths: readonly string[]): Reads =>
  Object.fromEntries(paths.map((path) => [path, { schema: ANY, optional: true }]));

export const reportKind = defineWhole({
  name: 'report',
  version: 8,
  summary: 'Writes report.md and one self-contained report.html about duels or any other rows.',
  example: `report:
  kind: report
  from:
    duels: duel
    verdict: verdict
    buckets: buckets.*
    lost: [king.rejected, challenger.rejected, duel.rejected]
  to: out/report`,
  config: reportConfig,
  inputs: {
    from: { summary: 'Rows of any sort; duels are recognised.', optional: true },
    duels: { summary: 'Judged duels.', optional: true },
    verdict: { summary: "The verdict's row, its evidence, or both.", optional: true },
    buckets: { summary: 'The ports of a bucket node.', optional: true },
    lost: { summary: 'Rejected rows, in the order of the nodes.', optional: true },
    tallies: { summary: 'Tallies of nodes, in their order, for the balance of rows.', optional: true },
    evidence: { summary: 'Measured facts of other nodes.', optional: true },
  },
  outputs: () => ({}),
  publishes: true,
  namesPorts: true,
  reads: () => ({
    from: '*',
    duels: optional(
      '$key',
      'instance_id',
      'turn_index',
      'messages',
      'reference',
      'king.text',
      'king.command',
      'challenger.text',
      'challenger.command',
      'challenger.leak',
      'score',
      'parsed',
      'metrics',
      'judges',
      'flips',
      'decided',
    ),
    verdict: '*',
    buckets: optional('$key', 'bucket'),
    lost: optional('$key', 'rejection.code', 'rejection.reason'),
    tallies: optional('disposition', 'code', 'count'),
    evidence: optional('name', 'value', 'n', 'interval', 'status', 'slice', 'source', 'formula'),
  }),
  async *run(ctx) {
    const { runReport } = await import('./run.ts');
    yield* runReport(ctx);
  },
});
