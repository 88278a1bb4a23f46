/** What the manifest may say about a panel. */

import { FieldPath, type Static, Type } from '#contract/schema.ts';
import { FINDINGS } from '#domain/duel/judge-findings.ts';

export const panelConfig = Type.Object(
  {
    candidate: FieldPath({
      default: 'challenger',
      description:
        'As in the judge node: the text whose length is compared; `challenger` stands for `challenger.text`.',
    }),
    against: FieldPath({ default: 'king', description: 'As in the judge node.' }),
    cluster: FieldPath({
      default: 'instance_id',
      description: 'Rows that share it are resampled together for the intervals of margins.',
    }),
    exclude: Type.Array(Type.Enum([...FINDINGS]), {
      default: [...FINDINGS],
      uniqueItems: true,
      description: 'Findings for which a judge is left out; the others are only reported.',
    }),
    min_rows: Type.Integer({
      default: 8,
      minimum: 1,
      description: 'A judge that was asked about fewer rows is named for nothing but probes.',
    }),
    confidence: Type.Number({
      default: 0.95,
      minimum: 0.5,
      exclusiveMaximum: 1,
      description: 'One-sided, of the bounds of margins.',
    }),
    resamples: Type.Integer({ default: 2000, minimum: 100, maximum: 1_000_000 }),
    seed: Type.Integer({ default: 0, minimum: 0, maximum: 4_294_967_295 }),
  },
  { additionalProperties: false },
);

export type PanelConfig = Static<typeof panelConfig>;
