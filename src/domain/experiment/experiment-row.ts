/** What an experiment came to, as a field of its row. */

import { type Static, Type } from '#contract/schema.ts';

const Trouble = Type.Object({ code: Type.String(), reason: Type.String() });

export const ExperimentSchema = Type.Object({
  status: Type.Enum(['completed', 'partial', 'failed'], {
    description: '`partial`: cut by its time budget, with metrics that are whole.',
  }),
  metrics: Type.Record(Type.String(), Type.Number(), { description: 'By `condition/seed/metric` and shorter keys.' }),
  sources: Type.Record(Type.String(), Type.String(), { description: 'Where each metric was read.' }),
  troubles: Type.Array(Trouble, { description: 'Why it is not completed.' }),
  warnings: Type.Array(Trouble),
  dataset: Type.Union([Type.String(), Type.Null()], {
    description: 'The dataset it said it used, and was seen to open.',
  }),
  opened: Type.Array(Type.String(), { description: 'Files of declared datasets that were seen to be opened.' }),
  results_file: Type.Union([Type.String(), Type.Null()]),
  ended: Type.String(),
  code: Type.Union([Type.Integer(), Type.Null()]),
  repeats: Type.Integer({ minimum: 1 }),
  reproducible: Type.Union([Type.Boolean(), Type.Null()], { description: 'Whether repeats gave equal metrics.' }),
  stdout_tail: Type.String(),
  stderr_tail: Type.String(),
  backend: Type.String(),
  strength: Type.Enum(['strong', 'weak']),
  interpreter: Type.String(),
  policy: Type.Object({ version: Type.Integer(), digest: Type.String() }),
});
export type Experiment = Static<typeof ExperimentSchema>;
