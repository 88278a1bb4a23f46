/** pool: the candidates of each task after the labels, chosen so that neither class nor behaviour repeats itself. */

import { defineWhole } from '#contract/kind.ts';
import { Type } from '#contract/schema.ts';
import { poolConfig } from './config.ts';

export const poolKind = defineWhole({
  name: 'pool',
  version: 1,
  summary:
    'Picks the pool of each task from its labelled candidates: class quotas, one a behaviour, few that are too easy.',
  example: `pools:
  kind: pool
  from: labels
  size: 8
  shortfall: keep`,
  config: poolConfig,
  inputs: { from: { summary: 'Labelled candidates.' } },
  outputs: () => ({
    out: { summary: 'The chosen candidates, in the order they came.', carries: 'carry', adds: {} },
    tasks: {
      summary: 'One row a task: what was asked for, what was found, and why the rest was not taken.',
      carries: 'own',
      adds: {
        task_id: Type.String(),
        wanted: Type.Integer(),
        taken: Type.Integer(),
        complete: Type.Boolean(),
        by_class: Type.Record(Type.String(), Type.Integer()),
        left: Type.Record(Type.String(), Type.Integer()),
      },
    },
  }),
  evidence: ['tasks', 'complete_fraction', 'fill', 'easy_share', 'equivalent_suspected'],
  reads: () => ({ from: '*' }),
  run: async function* (ctx) {
    yield* (await import('./run.ts')).runPool(ctx);
  },
});
