/** What a sample node is told. */

import { Dataset, type Static, Type } from '#contract/schema.ts';

const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]);
const Names = Type.Array(Type.String({ minLength: 1 }));

export const STRATA = ['phase', 'language', 'repo', 'dialect', 'exit_status'] as const;
export type Stratum = (typeof STRATA)[number];

export const sampleConfig = Type.Object(
  {
    dataset: Dataset({
      description:
        'Trajectories: a JSONL, JSON or Parquet file or glob, a folder of trajectory files, or hf://owner/name.',
    }),
    strategy: Type.Enum(['uniform', 'stratified', 'windows', 'all'], {
      default: 'uniform',
      description: 'How turns are drawn; see docs/kinds/sample.md.',
    }),
    count: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Turns to draw; all that can be drawn where it is left out.' }),
    ),
    seed: Type.Integer({ default: 0, minimum: 0, description: 'Another seed is another order of drawing.' }),
    unit: Type.Enum(['trajectory', 'turn'], {
      default: 'trajectory',
      description: 'What is equally likely: every trajectory (then a turn of it), or every turn.',
    }),
    window: Type.Integer({ default: 32, minimum: 1, description: 'Trajectories in a window, for `windows`.' }),
    strata: Type.Array(Type.Enum([...STRATA]), {
      default: ['phase'],
      minItems: 1,
      uniqueItems: true,
      description: 'What `stratified` balances.',
    }),
    balance: Type.Enum(['equal', 'proportional'], {
      default: 'equal',
      description: 'Whether strata get equal shares, or shares as large as they are in the data.',
    }),
    max_per_instance: Type.Optional(Type.Integer({ minimum: 1, description: 'Turns of one instance.' })),
    max_per_repo: Type.Optional(Type.Integer({ minimum: 1, description: 'Turns of one repository.' })),
    max_prefix_chars: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Characters of history before the turn.' }),
    ),
    min_turn: Type.Integer({ default: 0, minimum: 0, description: 'First turn_index that may be drawn.' }),
    max_turn: Type.Optional(Type.Integer({ minimum: 0, description: 'Last turn_index that may be drawn.' })),
    filter: Type.Record(Type.String({ minLength: 1 }), Type.Union([Scalar, Type.Array(Scalar, { minItems: 1 })]), {
      default: {},
      description:
        'Fields of the trajectory and the values they may have: `{exit_status: Submitted}`. Dotted paths allowed.',
    }),
    exclude: Type.Object(
      { instances: Type.Optional(Names), repos: Type.Optional(Names) },
      { default: {}, additionalProperties: false, description: 'Never drawn; others take their place.' },
    ),
    decontaminate: Type.Optional(
      Dataset({
        description:
          'Records of a benchmark. Trajectories with their instance_id, or their repo and base_commit, are never drawn.',
      }),
    ),
    dedupe: Type.Enum(['none', 'history'], {
      default: 'none',
      description: '`history`: of turns whose histories are equal but for white space, only the first drawn is kept.',
    }),
    on_bad: Type.Enum(['fail', 'drop'], {
      default: 'fail',
      description: 'A record that cannot be read or is no trajectory ends the node, or is dropped and tallied.',
    }),
  },
  { additionalProperties: false },
);

export type SampleConfig = Static<typeof sampleConfig>;
