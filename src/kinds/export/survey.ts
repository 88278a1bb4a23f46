/** The first of two readings: what goes where, so that files can say how many they are and share one schema. */

import { Failure } from '#contract/failure.ts';
import type { JsonObject } from '#contract/json.ts';
import type { WholeContext } from '#contract/kind.ts';
import type { Row } from '#contract/row.ts';
import { valueAtPath } from '#domain/at-path.ts';
import { ColumnScan, type ColumnSpec } from './columns.ts';
import { type ExportConfig, FORMAT_NAMES, type FormatName, folderOf, licensePath } from './config.ts';
import { toLine } from './lines.ts';
import { toRecord } from './records.ts';
import { type SplitName, splitOf, splitsOf } from './split.ts';

export interface SplitSurvey {
  readonly rows: number;
  /** Rows of each file, in order; at least one file. */
  readonly files: readonly number[];
}

export interface FormatSurvey {
  readonly format: FormatName;
  readonly splits: ReadonlyMap<SplitName, SplitSurvey>;
  readonly columns: readonly ColumnSpec[];
  readonly dropped: ReadonlyMap<string, number>;
  /** Records by the licence of their row; '' where it names none. */
  readonly licenses: ReadonlyMap<string, number>;
}

/** A row's record and its split, or why it has none. Both readings ask this and so agree. */
export function placeRow(
  format: FormatName,
  config: ExportConfig,
  row: Row,
): { readonly drop: string } | { readonly record: JsonObject; readonly split: SplitName } {
  const outcome = toRecord(format, config, row);
  if ('drop' in outcome) return outcome;
  if (config.folder_by !== undefined && folderOf(config, row.fields) === null) return { drop: 'folder-invalid' };
  if (config.split === undefined) return { record: outcome.record, split: 'train' };
  const group = valueAtPath(row.fields, config.split.by);
  if (group === undefined || group === null) return { drop: 'group-missing' };
  return { record: outcome.record, split: splitOf(config, group) };
}

export async function survey(ctx: WholeContext<ExportConfig>): Promise<FormatSurvey[]> {
  const { config } = ctx;
  const open = FORMAT_NAMES.filter((name) => config.formats[name] !== undefined).map((format) => ({
    format,
    scan: new ColumnScan(),
    dropped: new Map<string, number>(),
    licenses: new Map<string, number>(),
    splits: new Map(splitsOf(config).map((name) => [name, new FileCuts(config.shard_bytes ?? 2 ** 26)])),
  }));
  for await (const row of ctx.inputs['from']?.rows() ?? []) {
    for (const { format, scan, dropped, licenses, splits } of open) {
      const placed = placeRow(format, config, row);
      if ('drop' in placed) {
        dropped.set(placed.drop, (dropped.get(placed.drop) ?? 0) + 1);
        continue;
      }
      scan.add(placed.record);
      const license = licenseOf(row, licensePath(config));
      licenses.set(license, (licenses.get(license) ?? 0) + 1);
      splits.get(placed.split)?.add(Buffer.byteLength(toLine(placed.record)));
    }
  }
  return open.map(({ format, scan, dropped, licenses, splits }) => ({
    format,
    dropped,
    licenses,
    columns: scan.columns(EMPTY_COLUMNS[format]),
    splits: new Map([...splits].map(([name, cuts]) => [name, cuts.toSurvey(config.shards)])),
  }));
}

/** Distinct licences are few by nature; what is no short text is none. */
function licenseOf(row: Row, path: string): string {
  const value = valueAtPath(row.fields, path);
  return typeof value === 'string' && value.length <= 100 ? value.trim() : '';
}

/** A file is put together in memory. */
const MOST_BYTES = 2 ** 30;

/** Cuts a split into files while its rows go by. */
class FileCuts {
  readonly #limit: number;
  readonly #files: number[] = [0];
  #bytes = 0;
  #allBytes = 0;
  #rows = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(bytes: number): void {
    const last = this.#files.length - 1;
    if (this.#bytes > 0 && this.#bytes + bytes > this.#limit) {
      this.#files.push(1);
      this.#bytes = bytes;
    } else {
      this.#files[last] = (this.#files[last] ?? 0) + 1;
      this.#bytes += bytes;
    }
    this.#allBytes += bytes;
    this.#rows++;
  }

  toSurvey(shards: number | undefined): SplitSurvey {
    if (shards === undefined) return { rows: this.#rows, files: this.#files };
    if (this.#allBytes / shards > MOST_BYTES)
      throw new Failure('shard-too-large', `${shards} shards would hold over ${MOST_BYTES} bytes each`, {
        detail: { bytes: this.#allBytes, shards },
        hint: 'raise `shards`, or leave it out and let `shard_bytes` decide',
      });
    const rows = this.#rows;
    const upTo = (file: number) => Math.floor((file * rows) / shards);
    return { rows, files: Array.from({ length: shards }, (_, file) => upTo(file + 1) - upTo(file)) };
  }
}

const MESSAGES = { type: 'records', members: ['role', 'content'] } as const;

const PAIR = ['prompt', 'chosen', 'rejected'].map((name) => ({ name, column: MESSAGES }));

/** What an export of nothing still says about itself. */
const EMPTY_COLUMNS: { readonly [format in FormatName]: readonly ColumnSpec[] } = {
  sft: [{ name: 'messages', column: MESSAGES }],
  dpo: PAIR,
  kto: [
    ...['prompt', 'completion'].map((name) => ({ name, column: MESSAGES })),
    { name: 'label', column: { type: 'boolean' } },
  ],
  reward: PAIR,
  rows: [{ name: 'key', column: { type: 'text' } }],
};
