/** join: fields of looked-up rows laid onto each row; one row for each that was found. */

import { defineRow, type Finding } from '#contract/kind.ts';
import { Type } from '#contract/schema.ts';
import { runJoin } from './run.ts';

const config = Type.Object(
  {
    set: Type.Record(Type.String({ minLength: 1 }), Type.String({ minLength: 1 }), {
      minProperties: 1,
      description: 'Fields of the new row, each with a path that begins with a name in `with`, e.g. `solution.text`.',
    }),
  },
  { additionalProperties: false },
);

export const joinKind = defineRow()({
  name: 'join',
  version: 1,
  summary: 'Lays fields of looked-up rows onto each row; with `many: list` one row for each that was found.',
  example: `pairs:
  kind: join
  from: negatives
  with: { solution: { from: solutions, match: task_id, many: list } }
  set: { chosen: solution.text }`,
  config,
  inputs: { from: { summary: 'The rows to add to.' } },
  outputs: ({ set }) => ({
    out: {
      summary: 'One row a match.',
      carries: 'carry',
      adds: Object.fromEntries(Object.keys(set).map((field) => [field, Type.Unknown()])),
    },
  }),
  lookups: '*',
  reuse: 'node',
  reads: () => ({}),
  check: ({ set }): Finding[] =>
    Object.keys(set)
      .filter((field) => field.includes('.'))
      .map((field) => ({
        severity: 'error',
        code: 'field-not-top-level',
        message: `'${field}' lies inside another field`,
        path: ['set', field],
        hint: 'join sets top-level fields',
      })),
  run: runJoin,
});
