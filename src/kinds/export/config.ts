/** What an export may be told, and the mistakes that can be seen in it before a row is read. */

import type { JsonObject } from '#contract/json.ts';
import type { Finding } from '#contract/kind.ts';
import { FieldPath, type Static, Type } from '#contract/schema.ts';
import { valueAtPath } from '#domain/at-path.ts';

const prompt = Type.Optional(
  FieldPath({
    description: 'The conversation (a list of messages) or a text. Default `messages`.',
    default: 'messages',
  }),
);

const style = (choices: readonly [string, string], description: string) =>
  Type.Optional(Type.Union([Type.Literal(choices[0]), Type.Literal(choices[1])], { description, default: choices[0] }));

const formats = Type.Object(
  {
    sft: Type.Optional(
      Type.Object(
        {
          completion: FieldPath({ description: 'The text to learn, e.g. `challenger.text`.' }),
          prompt,
          style: style(
            ['messages', 'prompt-completion'],
            '`messages`: one conversation that ends with the completion. `prompt-completion`: two fields.',
          ),
        },
        { additionalProperties: false },
      ),
    ),
    dpo: Type.Optional(
      Type.Object(
        {
          chosen: FieldPath({ description: 'The preferred text.' }),
          rejected: FieldPath({ description: 'The text to move away from.' }),
          prompt,
        },
        { additionalProperties: false },
      ),
    ),
    rows: Type.Optional(
      Type.Object({}, { additionalProperties: false, description: 'The rows as they are, or the fields in `keep`.' }),
    ),
    kto: Type.Optional(
      Type.Object(
        {
          completion: FieldPath({ description: 'The text that is labelled.' }),
          prompt,
          label: Type.Optional(
            FieldPath({
              default: 'bucket',
              description: 'True or false, or a name such as the bucket; rows with another value are left out.',
            }),
          ),
          desirable: Type.Optional(
            Type.Array(Type.String(), { default: ['final'], description: 'Values of `label` that mean true.' }),
          ),
          undesirable: Type.Optional(
            Type.Array(Type.String(), { default: ['defeat'], description: 'Values of `label` that mean false.' }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    reward: Type.Optional(
      Type.Object(
        {
          chosen: FieldPath({ description: 'The better text.' }),
          rejected: FieldPath({ description: 'The worse text, or a hard negative.' }),
          prompt,
          score: Type.Optional(
            FieldPath({ description: 'Points of `chosen` out of 100; the other text has what is left, as in a duel.' }),
          ),
          chosen_score: Type.Optional(FieldPath({ description: 'A number for each text instead; both or none.' })),
          rejected_score: Type.Optional(FieldPath()),
          order: Type.Optional(
            Type.Union([Type.Literal('as-given'), Type.Literal('by-score')], {
              default: 'as-given',
              description: '`by-score`: where the other text scores more, it is the chosen one.',
            }),
          ),
          min_margin: Type.Optional(
            Type.Number({
              minimum: 0,
              default: 0,
              description: 'Least lead in score; a pair without any is left out.',
            }),
          ),
          label: Type.Optional(
            FieldPath({
              description: 'What is known of the rejected text, e.g. its status in a sandbox; written with it.',
            }),
          ),
          negatives: Type.Optional(
            Type.Array(Type.String(), {
              default: ['fail'],
              description: 'Values of `label` that make it a negative; other rows are left out.',
            }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false, minProperties: 1, description: 'What to make of each row; any number of them.' },
);

const share = Type.Optional(Type.Number({ minimum: 0, maximum: 1 }));

export const exportConfig = Type.Object(
  {
    formats,
    layout: Type.Optional(
      Type.Union([Type.Literal('jsonl'), Type.Literal('parquet'), Type.Literal('json-files')], { default: 'jsonl' }),
    ),
    folder_by: Type.Optional(
      FieldPath({
        description:
          'With `json-files` and one format: a folder for each value of this field, e.g. `bucket`, in place of `data/{format}/{split}`.',
      }),
    ),
    shards: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 99999,
        description: 'Files a split. Default: as many as `shard_bytes` asks for.',
      }),
    ),
    shard_bytes: Type.Optional(
      Type.Integer({
        minimum: 1024,
        maximum: 2 ** 30,
        default: 2 ** 26,
        description: 'Most bytes of JSON in one file; one file at a time a split is held in memory.',
      }),
    ),
    keep: Type.Optional(
      Type.Array(FieldPath(), { description: "Fields to write beside those of the format. `$key` is the row's key." }),
    ),
    split: Type.Optional(
      Type.Object(
        {
          by: FieldPath({ description: 'Rows that are equal in this field stay in one split, e.g. `instance_id`.' }),
          fractions: Type.Object({ train: share, validation: share, test: share }, { additionalProperties: false }),
          seed: Type.Optional(Type.Integer({ default: 0 })),
        },
        { additionalProperties: false },
      ),
    ),
    card: Type.Optional(
      Type.Object(
        {
          title: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
          description: Type.Optional(Type.String({ maxLength: 10_000 })),
          license: Type.Optional(
            FieldPath({ default: 'license', description: "Where a row's licence stands, as an SPDX expression." }),
          ),
          url: Type.Optional(Type.String({ pattern: '^https?://' })),
          creator: Type.Optional(Type.String({ maxLength: 200 })),
          date_published: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' })),
          version: Type.Optional(Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+$' })),
        },
        {
          additionalProperties: false,
          description: 'What README.md (a dataset card) and croissant.json say beside what the rows tell.',
        },
      ),
    ),
  },
  { additionalProperties: false },
);

export type ExportConfig = Static<typeof exportConfig>;
export type FormatName = 'sft' | 'dpo' | 'kto' | 'reward' | 'rows';

export const FORMAT_NAMES: readonly FormatName[] = ['sft', 'dpo', 'kto', 'reward', 'rows'];

export function licensePath({ card }: ExportConfig): string {
  return card?.license ?? 'license';
}

/** Fields that a format makes itself and that `keep` can therefore not fill. */
const MADE: { readonly [format in FormatName]: readonly string[] } = {
  sft: ['messages', 'prompt', 'completion'],
  dpo: ['prompt', 'chosen', 'rejected'],
  kto: ['prompt', 'completion', 'label'],
  reward: ['prompt', 'chosen', 'rejected', 'chosen_score', 'rejected_score', 'margin', 'rejected_label'],
  rows: [],
};

export function checkExport(config: ExportConfig): Finding[] {
  const findings: Finding[] = [];
  const error = (code: string, path: Finding['path'], message: string, hint: string) =>
    void findings.push({ severity: 'error', code, path, message, hint });
  const { kto, reward } = config.formats;
  const both = (kto?.desirable ?? ['final']).find((name) => (kto?.undesirable ?? ['defeat']).includes(name));
  if (kto !== undefined && both !== undefined)
    error('label-twice', ['formats', 'kto'], `'${both}' is desirable and undesirable`, 'leave it in one of them');
  if (reward !== undefined) {
    const { score, chosen_score, rejected_score, order } = reward;
    const isHalf = (chosen_score === undefined) !== (rejected_score === undefined);
    if (isHalf || (score !== undefined && chosen_score !== undefined))
      error(
        'one-score',
        ['formats', 'reward'],
        'a pair needs one way to its scores',
        'name `score`, or `chosen_score` and `rejected_score`, or none',
      );
    if (order === 'by-score' && score === undefined && chosen_score === undefined)
      error('one-score', ['formats', 'reward', 'order'], '`by-score` without a score', 'name `score`');
  }
  const keep = config.keep ?? [];
  for (const { field, path } of [
    ...fieldsOf(config),
    ...keep.map((field, index) => ({ field, path: ['keep', index] })),
  ])
    if (field.split('.').includes('hidden'))
      error(
        'never-exported',
        path,
        `'${field}' is what the challenger was shown in secret, which is never exported`,
        'leave it out',
      );
  keep.forEach((field, index) => {
    for (const format of FORMAT_NAMES)
      if (config.formats[format] !== undefined && MADE[format].includes(field.split('.', 1)[0] ?? ''))
        error(
          'keep-conflict',
          ['keep', index],
          `'${field}' is a field that format '${format}' writes itself`,
          'leave it out, or export the rows under the format `rows` in a node of its own',
        );
  });
  const isPlain = Object.keys(config.formats).length === 1 && config.split === undefined;
  if (config.folder_by !== undefined && (config.layout !== 'json-files' || !isPlain))
    error(
      'folder-by-needs-files',
      ['folder_by'],
      '`folder_by` lays out single files of one format',
      'say `layout: json-files`, and leave `split` and other formats out',
    );
  const fractions = config.split?.fractions;
  if (fractions !== undefined) {
    const sum = (fractions.train ?? 0) + (fractions.validation ?? 0) + (fractions.test ?? 0);
    if (Math.abs(sum - 1) > 1e-9)
      error(
        'split-fractions',
        ['split', 'fractions'],
        `fractions add up to ${Math.round(sum * 1e6) / 1e6}`,
        'they must add up to 1',
      );
  }
  return findings;
}

/** The folder that a row's file lies in; null where its value cannot name one. */
export function folderOf({ folder_by }: ExportConfig, fields: JsonObject): string | null {
  const value = folder_by === undefined ? undefined : valueAtPath(fields, folder_by);
  return typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(value) ? value : null;
}

/** Paths that a format writes out, and where they stand in the config. */
function fieldsOf({ formats }: ExportConfig): { readonly field: string; readonly path: Finding['path'] }[] {
  return Object.entries(formats).flatMap(([format, each]) =>
    ['completion', 'prompt', 'chosen', 'rejected', 'label', 'score', 'chosen_score', 'rejected_score'].flatMap(
      (name) => {
        const field = (each as { readonly [name: string]: unknown } | undefined)?.[name];
        return typeof field === 'string' ? [{ field, path: ['formats', format, name] }] : [];
      },
    ),
  );
}
