/** What a mutate node is told. */

import { LANGUAGES } from '#contract/code.ts';
import { FieldPath, type Static, Type } from '#contract/schema.ts';
import { CANDIDATE_CLASSES } from '#domain/mutate/make-candidates.ts';
import { OPERATORS } from '#domain/mutate/operators.ts';
import { SandboxField } from '#domain/sandbox-options.ts';

export const mutateConfig = Type.Object(
  {
    task_id: FieldPath({ default: 'task_id', description: 'Names the task; ids and ranks hang on it.' }),
    reference: FieldPath({ default: 'reference', description: 'The accepted solution.' }),
    before: Type.Optional(FieldPath({ description: 'The state that the task starts from; gives the baits.' })),
    language: Type.Optional(Type.Enum([...LANGUAGES], { description: 'Of all tasks; else `language_field` says it.' })),
    language_field: FieldPath({ default: 'language', description: 'Names the language of each task.' }),
    seed: Type.Integer({ default: 7, minimum: 0, description: 'Another seed is another choice among the mutants.' }),
    seed_field: Type.Optional(FieldPath({ description: 'A seed of the task itself, in place of `seed`.' })),
    pool_size: Type.Union([Type.Integer({ minimum: 2, maximum: 64 }), Type.Literal('all')], {
      default: 6,
      description: 'Candidates that a task shall end up with; `all` emits every mutant.',
    }),
    pool_size_field: Type.Optional(FieldPath({ description: 'A pool size of the task itself.' })),
    oversample: Type.Integer({
      default: 4,
      minimum: 1,
      maximum: 64,
      description: 'How many times its share each class of mutants gets, so that `pool` can choose after the labels.',
    }),
    classes: Type.Optional(
      Type.Array(Type.Enum([...CANDIDATE_CLASSES]), { minItems: 1, uniqueItems: true, description: 'Only these.' }),
    ),
    without: Type.Array(Type.Enum(OPERATORS.map(({ name }) => name)), {
      default: [],
      uniqueItems: true,
      description: 'Operators to leave out.',
    }),
    bytecode: Type.Boolean({
      default: true,
      description: 'Python: drop mutants that compile to the same bytecode as the reference. Decided in the sandbox.',
    }),
    sandbox: Type.Optional(SandboxField),
  },
  { additionalProperties: false },
);

export type MutateConfig = Static<typeof mutateConfig>;

/** Fields of a task that a node reads, each a path into its row. */
export function fieldsOf(config: MutateConfig): readonly { readonly path: string; readonly what: 'text' | 'number' }[] {
  const { task_id, reference, before, language, language_field, seed_field, pool_size_field } = config;
  const texts = [task_id, reference, before, language === undefined ? language_field : undefined];
  return [
    ...texts.flatMap((path) => (path === undefined ? [] : [{ path, what: 'text' as const }])),
    ...[seed_field, pool_size_field].flatMap((path) => (path === undefined ? [] : [{ path, what: 'number' as const }])),
  ];
}
