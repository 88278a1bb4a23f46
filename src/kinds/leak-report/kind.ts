/** leak-report: what an audit has found among answers, and what it is worth: recall on planted leaks, and false alarms. */

import { defineWhole } from '#contract/kind.ts';
import { FieldPath, type Static, Type } from '#contract/schema.ts';
import { LeakSchema } from '#domain/leak/audit-fields.ts';
import { runLeakReport } from './run.ts';

const config = Type.Object(
  {
    leak: FieldPath({ default: 'challenger.leak', description: 'Where the answers carry their annotation.' }),
    calibration: FieldPath({
      default: 'reference_leak',
      description: 'Where the rows of the input `calibration` carry theirs.',
    }),
    decoys: FieldPath({ default: 'challenger.hidden.decoys', description: 'Where the answers carry their decoys.' }),
  },
  { additionalProperties: false },
);
export type LeakReportConfig = Static<typeof config>;

export const leakReportKind = defineWhole({
  name: 'leak-report',
  version: 1,
  summary: 'measures a leak audit: hits by detector, decoys, recall on planted leaks, false alarms',
  example: `calibration:
  kind: leak-audit
  from: turns
  with: { pr: { from: prs, match: instance_id } }
  field: reference
  plant: { share: 0.5 }
leaks:
  kind: leak-report
  from: { from: [challenger, challenger.quarantined, challenger.rejected], calibration: calibration }`,
  config,
  inputs: {
    from: { summary: 'audited answers, also those set aside; rows without an annotation are passed over' },
    calibration: { summary: 'honest texts audited with `plant`', optional: true },
  },
  outputs: () => ({}),
  evidence: [
    'leak_hits',
    'leak_proven',
    'leak_detector',
    'leak_canary_hits',
    'leak_cleared',
    'leak_false_alarms',
    'leak_recall',
    'leak_recall_sort',
  ],
  reads: (settings) => ({
    from: {
      [settings.leak]: { schema: LeakSchema, optional: true },
      [settings.decoys]: { schema: Type.Array(Type.String()), optional: true },
    },
    calibration: { [settings.calibration]: { schema: LeakSchema } },
  }),
  run: runLeakReport,
});
