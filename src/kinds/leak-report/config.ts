/** What a leak-report node is told. */

import { FieldPath, type Static, Type } from '#contract/schema.ts';

export const leakReportConfig = Type.Object(
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
export type LeakReportConfig = Static<typeof leakReportConfig>;
