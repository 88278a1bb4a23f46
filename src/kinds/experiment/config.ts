/** What an experiment node is told. */

import { FieldPath, File, Mount, type Static, Type } from '#contract/schema.ts';
import { SandboxField } from '#domain/sandbox-options.ts';

const InnerPath = (description: string) =>
  Type.Optional(Type.String({ pattern: '^(?!/)(?!.*(^|/)\\.\\.(/|$)).+$', description }));

export const experimentConfig = Type.Object(
  {
    program: Type.Optional(
      File({ description: 'The code that is run. Without it, each row brings its own in `code`.' }),
    ),
    code: FieldPath({ default: 'code', description: 'Field with the code, where `program` is not given.' }),
    files: Type.Optional(
      Type.Record(Type.String({ minLength: 1 }), File(), {
        description: 'More files of the run folder: path in it, and file beside the manifest.',
      }),
    ),
    files_field: Type.Optional(FieldPath({ description: 'Field with more files of the row: `{path: text}`.' })),
    params_field: Type.Optional(FieldPath({ description: 'Field whose value is written to `params.json`.' })),
    main: Type.Optional(InnerPath('Where the code lies in the run folder. Default `main.py`.')),
    argv: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: 'Default: `python3` and the code.' }),
    ),
    datasets: Type.Record(Type.String({ pattern: '^[A-Za-z0-9][\\w.-]{0,99}$' }), Mount(), {
      default: {},
      description: 'Data by name: a file or folder. Mounted read-only, and keyed by content.',
    }),
    dataset_cache_root: Type.String({
      default: '/opt/datasets',
      pattern: '^/[^\\0]+$',
      description: 'Where the datasets lie inside, each under its name; the same on every machine.',
    }),
    mount_at: Type.Optional(
      Type.String({ pattern: '^/[^\\0]+$', description: 'Another inner folder, in place of `dataset_cache_root`.' }),
    ),
    evidence: Type.Enum(['required', 'off'], {
      default: 'required',
      description:
        'Whether a run over datasets must print `DATASET_USED: <name>` once and be seen to open a file of it.',
    }),
    results: Type.Array(Type.String({ minLength: 1 }), {
      default: ['results.json', 'results/*.json'],
      minItems: 1,
      description: 'Globs of the results file in the run folder. Two that match are an error.',
    }),
    time_budget_s: Type.Number({
      default: 300,
      exclusiveMinimum: 0,
      description: 'Then all its processes are killed; what was measured until then is kept as `partial`.',
    }),
    stop_hint: Type.Number({
      default: 0.9,
      exclusiveMinimum: 0,
      maximum: 1,
      description: 'Share of the budget after which it gets SIGTERM and the file STOP appears in its folder.',
    }),
    repeats: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 20,
      description: 'Runs, each with another hash seed; metrics that differ are a warning.',
    }),
    expect: Type.Optional(
      Type.Object(
        {
          conditions: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
          seeds: Type.Optional(Type.Array(Type.Union([Type.Integer(), Type.String({ minLength: 1 })]))),
          metrics: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
        },
        { additionalProperties: false, description: 'What must be measured; what lacks is trouble.' },
      ),
    ),
    requirements: Type.Array(Type.String({ pattern: '^[A-Za-z_][\\w.]*$' }), {
      default: [],
      description: 'Python modules that must be there; looked for before the first run.',
    }),
    env: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), Type.String(), {
        description:
          'Variables. It gets no others but DATASET_CACHE_ROOT, TIME_BUDGET_S, STOP_FILE and what Python needs.',
      }),
    ),
    as: Type.String({ default: 'experiment', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }),
    sandbox: Type.Optional(SandboxField),
  },
  { additionalProperties: false },
);

export type ExperimentConfig = Static<typeof experimentConfig>;

export const mainOf = ({ main = 'main.py' }: ExperimentConfig): string => main;
export const innerRootOf = ({ mount_at, dataset_cache_root }: ExperimentConfig): string =>
  (mount_at ?? dataset_cache_root).replace(/\/+$/, '');
