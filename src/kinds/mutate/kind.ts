/** mutate: plausible wrong candidates from an accepted solution, none of which is called wrong before it was run. */

import { defineRow } from '#contract/kind.ts';
import { Type } from '#contract/schema.ts';
import { candidateAdds, yieldFields } from '#domain/mutate/candidate-row.ts';
import { backendFindings } from '#domain/sandbox-options.ts';
import { fieldsOf, mutateConfig } from './config.ts';

export const mutateKind = defineRow()({
  name: 'mutate',
  version: 1,
  summary:
    'Makes candidates of an accepted solution: itself, baits, neutral edits, and mutants that differ in one span.',
  example: `candidates:
  kind: mutate
  from: tasks
  language: python
  before: before
  pool_size: 8`,
  config: mutateConfig,
  inputs: { from: { summary: 'Tasks, each with an accepted solution.' } },
  outputs: () => ({
    out: { summary: 'One row a candidate, in an order that says nothing.', carries: 'carry', adds: candidateAdds },
    yields: {
      summary: 'One row a task: what each operator made and why some of it was dropped.',
      carries: 'own',
      adds: yieldFields,
    },
  }),
  needs: ['code', 'sandbox'],
  reads: (config) =>
    Object.fromEntries(
      fieldsOf(config).map(({ path, what }) => [
        path,
        what === 'text'
          ? { schema: Type.Union([Type.String(), Type.Null()]), ...(path === config.before ? { optional: true } : {}) }
          : { schema: Type.Union([Type.Integer(), Type.Null()]), optional: true },
      ]),
    ),
  check: ({ bytecode, language, sandbox }) =>
    bytecode && language === 'python' ? backendFindings(sandbox, 'python') : [],
  run: async (input, ctx) => (await import('./run.ts')).runMutate(input, ctx),
});
