/** What a read node is told. */

import { Dataset, Paths, type Static, Type } from '#contract/schema.ts';

const FIELD = '^[A-Za-z_][A-Za-z0-9_]*$';

export const ROW_SORTS = ['any', 'turn', 'pr', 'answer', 'duel', 'evidence'] as const;

export const readConfig = Type.Object(
  {
    dataset: Dataset({
      description: 'A file, glob or folder, or hf://owner/name; JSONL, JSON, CSV, Parquet, trajectory or text files.',
    }),
    row: Type.Enum([...ROW_SORTS], {
      default: 'any',
      description: 'The sort of row that the records are. Anything but `any` is checked, record by record.',
    }),
    key: Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }))], {
      default: [],
      description: 'Field or fields (after `map`) that name a row; file and place where it is left out.',
    }),
    map: Type.Record(Type.String({ pattern: FIELD }), Type.String({ minLength: 1 }), {
      default: {},
      description: 'Fields by name, each from a column or a dotted path into one: `{task: meta.task_id}`.',
    }),
    keep: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'Columns that are kept beside the mapped ones; all where it is left out.',
      }),
    ),
    embed: Type.Record(Type.String({ pattern: FIELD }), Type.String({ minLength: 1 }), {
      default: {},
      description: 'Fields filled with the text of a file, whose path stands in the field named: `{text: path}`.',
    }),
    files: Paths({
      default: [],
      description:
        'Files that `embed` may read, relative to the manifest; globs allowed. Their contents are in the key.',
    }),
    embed_base: Type.String({
      default: '.',
      minLength: 1,
      description: 'Folder that the paths of `embed` are relative to, itself relative to the manifest.',
    }),
    unique: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: 'Fields whose values together may occur once; later rows are dropped as `duplicate`.',
    }),
    on_bad: Type.Enum(['fail', 'drop'], {
      default: 'fail',
      description: 'A record that cannot be read ends the node, or is dropped and tallied.',
    }),
  },
  { additionalProperties: false },
);

export type ReadConfig = Static<typeof readConfig>;
