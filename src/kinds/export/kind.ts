/** export: rows as training data in the formats that trainers read. */

import { defineWhole, type Reads } from '#contract/kind.ts';
import { Type } from '#contract/schema.ts';
import { checkExport, type ExportConfig, exportConfig, licensePath } from './config.ts';
import { leakPaths } from './leaks.ts';
import { runExport } from './run.ts';

const ANY = Type.Unknown();

export const exportKind = defineWhole({
  name: 'export',
  version: 5,
  summary:
    'Writes rows as training data: SFT, DPO, KTO, reward pairs or plain; JSON or Parquet; splits, a dataset card, checksums.',
  example: `dataset:
  kind: export
  from: buckets.final
  formats:
    sft: { completion: challenger.text }
    dpo: { chosen: challenger.text, rejected: king.text }
  split: { by: instance_id, fractions: { train: 0.9, test: 0.1 } }
  keep: [instance_id, score]
  to: out/dataset`,
  config: exportConfig,
  inputs: { from: { summary: 'The rows to export.' } },
  outputs: () => ({}),
  publishes: true,
  check: checkExport,
  reads: (config) => ({ from: readsOf(config) }),
  run: runExport,
});

/** Only what the formats use: a changed field elsewhere writes no file anew. */
export function readsOf(config: ExportConfig): Reads {
  const { sft, dpo, kto, reward, rows } = config.formats;
  if (rows !== undefined && config.keep === undefined) return '*';
  const reads: { [path: string]: { schema: typeof ANY; optional?: boolean } } = {};
  const needed = [
    ...(sft === undefined ? [] : [sft.completion, sft.prompt ?? 'messages']),
    ...(dpo === undefined ? [] : [dpo.chosen, dpo.rejected, dpo.prompt ?? 'messages']),
    ...(kto === undefined ? [] : [kto.completion, kto.prompt ?? 'messages', kto.label ?? 'bucket']),
    ...(reward === undefined ? [] : [reward.chosen, reward.rejected, reward.prompt ?? 'messages']),
    ...[reward?.score, reward?.chosen_score, reward?.rejected_score, reward?.label],
    ...(config.keep ?? []),
    config.split?.by,
    config.folder_by,
    ...(config.layout === 'json-files' ? ['$key'] : []),
  ];
  for (const path of needed) if (path !== undefined) reads[path] = { schema: ANY };
  const examples = [sft?.completion, dpo?.chosen, kto?.completion, reward?.chosen];
  const turned = reward?.order === 'by-score' ? [reward.rejected] : [];
  for (const path of [...examples, ...turned])
    for (const leak of path === undefined ? [] : leakPaths(path)) reads[leak] ??= { schema: ANY, optional: true };
  reads[licensePath(config)] ??= { schema: ANY, optional: true };
  return reads;
}
