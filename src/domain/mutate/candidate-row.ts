/** Fields of a candidate: one text that claims to solve a task, and in a sidecar how it came about. */

import { type Static, Type } from '#contract/schema.ts';
import { IntervalSchema } from '#domain/row-schemas.ts';
import { CANDIDATE_CLASSES } from './make-candidates.ts';

export const SidecarSchema = Type.Object(
  {
    class: Type.Enum([...CANDIDATE_CLASSES]),
    operator: Type.Union([Type.String(), Type.Null()]),
    span: Type.Union([IntervalSchema, Type.Null()], {
      description: 'Start and end (exclusive) of the edit, in UTF-16 units of the text that was edited.',
    }),
    before: Type.String({ description: 'What stood there.' }),
    after: Type.String({ description: 'What stands there now.' }),
  },
  { description: 'How the candidate was made. It tells the label: training exports leave it out.' },
);
export type Sidecar = Static<typeof SidecarSchema>;

/** What mutate adds to the row of its task. */
export const candidateAdds = {
  candidate_id: Type.String({ description: 'Neutral: from seed, task and text.' }),
  language: Type.String(),
  text: Type.String(),
  sidecar: SidecarSchema,
} as const;

const CountsSchema = Type.Object({
  made: Type.Integer({ minimum: 0 }),
  kept: Type.Integer({ minimum: 0 }),
  dropped: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
});

/** A row of the port `yields`: made = kept + dropped, for each operator that applied. */
export const yieldFields = {
  task_id: Type.String(),
  language: Type.String(),
  operators: Type.Record(Type.String(), CountsSchema),
  emitted: Type.Integer({ minimum: 0, description: 'Candidates of the task after the quotas.' }),
} as const;
