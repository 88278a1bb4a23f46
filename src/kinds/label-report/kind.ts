/** label-report: how the labels came about: by class and operator, from which source, and what is left unverified. */

import { defineWhole } from '#contract/kind.ts';
import { LabelSchema } from '#domain/labels/label.ts';
import { SidecarSchema, yieldFields } from '#domain/mutate/candidate-row.ts';
import { labelReportConfig } from './config.ts';

export const labelReportKind = defineWhole({
  name: 'label-report',
  version: 2,
  summary:
    'Reports how labels were made: by class and operator, their sources, what is unverified, yield and survival.',
  example: `report:
  kind: label-report
  from: { from: labels, yields: candidates.yields, pool: pools }
  to: out/labels`,
  config: labelReportConfig,
  inputs: {
    from: { summary: 'Labelled candidates.' },
    yields: { summary: 'What each operator of mutate made and dropped.', optional: true },
    pool: { summary: 'The candidates that were chosen.', optional: true },
  },
  outputs: () => ({}),
  evidence: ['labels', 'label_share', 'unverified', 'forgeable', 'weak', 'survival', 'reference_pass'],
  publishes: true,
  reads: ({ label }) => ({
    from: { [label]: { schema: LabelSchema }, sidecar: { schema: SidecarSchema, optional: true } },
    yields: { operators: { schema: yieldFields.operators } },
    pool: { [label]: { schema: LabelSchema }, sidecar: { schema: SidecarSchema, optional: true } },
  }),
  run: async function* (ctx) {
    yield* (await import('./run.ts')).runLabelReport(ctx);
  },
});
