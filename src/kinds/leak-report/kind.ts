/** leak-report: what an audit has found among answers, and what it is worth: recall on planted leaks, and false alarms. */

import { defineWhole } from '#contract/kind.ts';
import { Type } from '#contract/schema.ts';
import { LeakSchema } from '#domain/leak/audit-fields.ts';
import { leakReportConfig } from './config.ts';
import { runLeakReport } from './run.ts';

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
  config: leakReportConfig,
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
