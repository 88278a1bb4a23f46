/** What a pool node is told. */

import { FieldPath, type Static, Type } from '#contract/schema.ts';
import { CANDIDATE_CLASSES } from '#domain/mutate/make-candidates.ts';

const quotaOfClass = Object.fromEntries(
  CANDIDATE_CLASSES.map((name) => [name, Type.Optional(Type.Integer({ minimum: 0, maximum: 64 }))]),
);

export const poolConfig = Type.Object(
  {
    task_id: FieldPath({ default: 'task_id', description: 'Candidates of one task share it.' }),
    label: FieldPath({ default: 'label', description: 'What sandbox-label found.' }),
    size: Type.Integer({ default: 6, minimum: 2, maximum: 64, description: 'Candidates of a task.' }),
    size_field: Type.Optional(FieldPath({ description: 'A size of the task itself.' })),
    seed: Type.Integer({ default: 7, minimum: 0, description: 'Another seed is another choice.' }),
    seed_field: Type.Optional(FieldPath({ description: 'A seed of the task itself.' })),
    quotas: Type.Object(quotaOfClass, {
      additionalProperties: false,
      default: {},
      description:
        'The most of a class in a pool. Unless told: one reference, bait, near bait and neutral reference; mutants as they fit.',
    }),
    easy_share: Type.Number({
      default: 0.2,
      minimum: 0,
      maximum: 1,
      description:
        'The most of a pool that may fail for a reason seen without running it: NameError, SyntaxError and the like.',
    }),
    equivalents: Type.Enum(['drop', 'keep'], {
      default: 'drop',
      description: 'Mutants that behave like the reference on all tests: no negatives, and suspected to be equivalent.',
    }),
    shortfall: Type.Enum(['keep', 'reject'], {
      default: 'keep',
      description: 'Tasks whose pool cannot be filled: keep the smaller pool, or none of it.',
    }),
  },
  { additionalProperties: false },
);

export type PoolConfig = Static<typeof poolConfig>;
