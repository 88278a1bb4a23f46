/** Records to rows: fields chosen, texts embedded, keys given; in the order of the files. */

import { Failure } from '#contract/failure.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import type { SourceItem } from '#contract/kind.ts';
import type { DatasetRecord, DatasetService } from '#contract/services.ts';
import { valueAtPath } from '#domain/at-path.ts';
import { makeRowChecker } from '#domain/row-sorts.ts';
import { badRecord } from '#util/bad-record.ts';
import { setMember } from '#util/json-object.ts';
import { KeySet } from '#util/key-set.ts';
import { sha256 } from '#util/sha256.ts';
import type { ReadConfig } from './config.ts';
import { embedTexts } from './embed.ts';

const HINT = 'mend the record, or write `on_bad: drop` to leave such records out and count them';

/** @throws Failure `record-invalid`, `key-invalid`, `embed-*`, `dataset-*` */
export async function* readRows(
  config: ReadConfig,
  datasets: DatasetService,
  signal: AbortSignal,
): AsyncGenerator<readonly SourceItem[]> {
  const { dataset, row, embed } = config;
  const checker = row === 'any' ? null : await makeRowChecker(row);
  const keys = typeof config.key === 'string' ? [config.key] : config.key;
  const seen = { texts: new KeySet(), digests: new KeySet() };
  const hasEmbeds = Object.keys(embed).length > 0;
  const columns = columnsOf(config);
  const options = columns === null ? { signal } : { signal, columns };
  for await (const frame of datasets.read(dataset, options)) {
    const items: SourceItem[] = [];
    for (const item of frame) {
      if ('trouble' in item) {
        bad(items, item.trouble.file, item.trouble.index, item.trouble.code, item.trouble.reason);
        continue;
      }
      const { record } = item;
      let fields = chooseFields(record.value, config);
      if (hasEmbeds) fields = await embedTexts(fields, config, datasets);
      if (checker !== null) fields = checker.complete(fields);
      const mistake = checker?.findMistake(fields) ?? null;
      if (mistake !== null) bad(items, record.file, record.index, `not-a-${row}-row`, mistake);
      else if (isRepeated(fields, config.unique, seen)) items.push(drop('duplicate', record.file, record.index));
      else items.push({ type: 'row', key: keyOf(record, fields, keys, dataset.name), fields });
    }
    yield items;
  }

  function bad(items: SourceItem[], file: string, index: number, code: string, reason: string): void {
    if (config.on_bad === 'fail') throw badRecord({ file, index, code, reason }, HINT);
    items.push(drop(code, file, index));
  }
}

const drop = (code: string, file: string, index: number): SourceItem => ({
  type: 'drop',
  code,
  example: `${file}:${index + 1}`,
});

/** Null where all columns are wanted. */
function columnsOf({ keep, map }: ReadConfig): string[] | null {
  if (keep === undefined) return null;
  return [...new Set([...keep, ...Object.values(map).map((path) => path.split('.')[0] ?? path)])];
}

function chooseFields(value: JsonObject, { map, keep }: ReadConfig): JsonObject {
  const mapped = Object.entries(map);
  if (keep === undefined && mapped.length === 0) return value;
  const fields: { [field: string]: Json } = {};
  for (const name of keep ?? Object.keys(value)) {
    if (Object.hasOwn(value, name)) setMember(fields, name, value[name] ?? null);
  }
  for (const [field, path] of mapped) {
    // A column may have dots in its name, so the whole text is tried first.
    const found = Object.hasOwn(value, path) ? value[path] : valueAtPath(value, path);
    if (found !== undefined) setMember(fields, field, found);
  }
  return fields;
}

/** Nothing goes by the 64 bits of one set alone: a record is left out only where both know it. */
function isRepeated(
  fields: JsonObject,
  unique: readonly string[],
  { texts, digests }: { readonly texts: KeySet; readonly digests: KeySet },
): boolean {
  if (unique.length === 0) return false;
  const text = JSON.stringify(unique.map((path) => valueAtPath(fields, path) ?? null));
  const isNewText = texts.add(text);
  return !digests.add(sha256(text)) && !isNewText;
}

function keyOf(record: DatasetRecord, fields: JsonObject, keys: readonly string[], dataset: string): string {
  const { file, index } = record;
  if (keys.length === 0) return dataset === file ? `${file}/${index}` : `${dataset}/${file}/${index}`;
  return keys.map((path) => keyPart(valueAtPath(fields, path), path, record)).join('/');
}

function keyPart(value: Json | undefined, path: string, { file, index }: DatasetRecord): string {
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const what = value === undefined ? 'missing' : value === '' ? 'empty' : 'no text or number';
  throw new Failure('key-invalid', `${file}:${index + 1}: the key field \`${path}\` is ${what}`, {
    detail: { file, index, field: path },
    hint: 'name a field that every record has under `key:`, or leave `key` out',
  });
}
