/** What a mirror-pr node is told. */

import { Dataset, type Static, Type } from '#contract/schema.ts';
import { PERMISSIVE_LICENSES } from '#domain/pr/license-ids.ts';

export const mirrorPrConfig = Type.Object(
  {
    dataset: Dataset({
      description:
        'Pull request records: a file, glob or folder of JSONL, JSON, CSV or Parquet, hf://owner/name or github://.',
    }),
    match: Type.String({
      default: 'instance_id',
      minLength: 1,
      description: 'Column of the dataset that names the instance.',
    }),
    fields: Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), Type.String({ minLength: 1 }), {
      default: {},
      description: 'Columns by field, where they differ: `{patch: gold_patch}`. Further fields are added as they are.',
    }),
    max_patch_bytes: Type.Integer({ default: 150_000, minimum: 1, description: 'Longer patches are rejected.' }),
    licenses: Type.Array(Type.String({ minLength: 1 }), {
      default: [...PERMISSIVE_LICENSES],
      description: 'SPDX ids that may pass.',
    }),
    unknown_license: Type.Enum(['auto', 'allow', 'block'], {
      default: 'auto',
      description:
        'A record that names no known licence. `auto`: blocked where the record has a licence column, allowed where there is none.',
    }),
  },
  { additionalProperties: false },
);

export type MirrorPrConfig = Static<typeof mirrorPrConfig>;
