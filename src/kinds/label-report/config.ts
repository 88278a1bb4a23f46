/** What a label-report node is told. */

import { FieldPath, type Static, Type } from '#contract/schema.ts';

export const labelReportConfig = Type.Object(
  {
    title: Type.String({ default: 'Labels', minLength: 1, maxLength: 200 }),
    label: FieldPath({ default: 'label', description: 'What sandbox-label found.' }),
  },
  { additionalProperties: false },
);

export type LabelReportConfig = Static<typeof labelReportConfig>;
