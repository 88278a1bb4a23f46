/** filter: keeps the rows for which a condition holds and whose looked-up rows exist. */

import { defineRow } from '#contract/kind.ts';
import { Condition, Type } from '#contract/schema.ts';
import { readsOfCondition } from '#domain/reads-of-condition.ts';

type Runner = typeof import('./run.ts').runFilter;

let runner: Runner | null = null;

async function loadRunner(): Promise<Runner> {
  runner = (await import('./run.ts')).runFilter;
  return runner;
}

export const filterKind = defineRow()({
  name: 'filter',
  version: 1,
  summary: 'Keeps the rows for which a condition holds, or for which a lookup finds a row.',
  example: `long_enough:
  kind: filter
  from: turns
  where: turn_index >= 3 && size(messages) > 4`,
  config: Type.Object(
    {
      where: Type.Optional(
        Condition({
          description:
            "CEL over the row's fields, which are also members of `row`, and over looked-up rows by their names in `with`.",
        }),
      ),
    },
    { additionalProperties: false },
  ),
  inputs: { from: { summary: 'The rows to choose from.' } },
  outputs: () => ({ out: { summary: 'Rows that were kept, unchanged.', carries: 'carry', adds: {} } }),
  lookups: '*',
  reuse: 'node',
  reads: ({ where }) => (where === undefined ? {} : readsOfCondition(where)),
  // The condition language takes 20 ms to load, which only a run should pay; after its first row a node answers at once.
  run: (input, ctx) => (runner === null ? loadRunner().then((run) => run(input, ctx)) : runner(input, ctx)),
});
