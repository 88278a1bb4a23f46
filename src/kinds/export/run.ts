/** The second reading: records into files, one open file a split, then the manifest that lists them all. */

import type { JsonObject } from '#contract/json.ts';
import type { WholeContext, WholeItem } from '#contract/kind.ts';
import { sha256 } from '#util/sha256.ts';
import { type About, dataFolder, type FileFacts } from './about.ts';
import { type ExportConfig, type FormatName, folderOf } from './config.ts';
import { toCroissant } from './croissant.ts';
import { toLine } from './lines.ts';
import { toParquet } from './parquet.ts';
import type { SplitName } from './split.ts';
import { type FormatSurvey, placeRow, survey } from './survey.ts';

type FileItem = Extract<WholeItem, { type: 'file' }>;

export async function* runExport(ctx: WholeContext<ExportConfig>): AsyncGenerator<WholeItem> {
  const surveys = await survey(ctx);
  const facts: FileFacts[] = [];
  for (const each of surveys) {
    const files = ctx.config.layout === 'json-files' ? jsonFiles(ctx, each) : shardFiles(ctx, each, surveys.length > 1);
    for await (const { item, about } of files) {
      facts.push(about);
      yield item;
    }
    for (const [code, count] of each.dropped) yield { type: 'drop', code, count };
  }
  const about: About = { config: ctx.config, surveys, files: facts };
  const { toCard } = await import('./card.ts');
  const documents = [
    { path: 'README.md', content: Buffer.from(toCard(about)) },
    { path: 'croissant.json', content: Buffer.from(toCroissant(about)) },
  ];
  for (const { path, content } of documents) yield { type: 'file', path, content };
  const listed = documents.map(({ path, content }) => ({ path, bytes: content.byteLength, sha256: sha256(content) }));
  yield { type: 'file', path: 'manifest.json', content: toManifest(ctx, about, listed) };
}

interface Made {
  readonly item: FileItem;
  readonly about: FileFacts;
}

function made(path: string, content: string | Uint8Array, format: FormatName, split: SplitName, rows: number): Made {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return {
    item: { type: 'file', path, content: bytes },
    about: { path, format, split, rows, bytes: bytes.byteLength, sha256: sha256(bytes) },
  };
}

async function* shardFiles(
  ctx: WholeContext<ExportConfig>,
  each: FormatSurvey,
  isOneOfMany: boolean,
): AsyncGenerator<Made> {
  const { config } = ctx;
  const extension = config.layout === 'parquet' ? 'parquet' : 'jsonl';
  const folder = dataFolder(each.format, config.layout, isOneOfMany);
  const open = new Map(
    [...each.splits].map(([split, { files }]) => [split, { split, files, at: 0, records: [] as JsonObject[] }]),
  );
  type Open = { readonly split: SplitName; readonly files: readonly number[]; at: number; records: JsonObject[] };
  const close = async (state: Open): Promise<Made> => {
    const { split, records, files } = state;
    const number = (count: number) => String(count).padStart(5, '0');
    const path = `${folder}/${split}-${number(state.at)}-of-${number(files.length)}.${extension}`;
    const content = extension === 'parquet' ? await toParquet(each.columns, records) : toLines(records);
    state.at++;
    state.records = [];
    return made(path, content, each.format, split, records.length);
  };
  for await (const row of ctx.inputs['from']?.rows() ?? []) {
    const placed = placeRow(each.format, config, row);
    const state = 'drop' in placed ? undefined : open.get(placed.split);
    if ('drop' in placed || state === undefined) continue;
    // Files that were promised but get no row come out empty, so that no reader looks for a missing number.
    while (state.files[state.at] === 0) yield await close(state);
    state.records.push(placed.record);
    if (state.records.length === state.files[state.at]) yield await close(state);
  }
  for (const state of open.values()) while (state.at < state.files.length) yield await close(state);
}

/** Lines are joined as bytes: one text could outgrow what a string may hold. */
function toLines(records: readonly JsonObject[]): Uint8Array {
  return Buffer.concat(records.map((record) => Buffer.from(toLine(record))));
}

/** One file a row, named for the row's key, so that more rows rename none. */
async function* jsonFiles(ctx: WholeContext<ExportConfig>, each: FormatSurvey): AsyncGenerator<Made> {
  for await (const row of ctx.inputs['from']?.rows() ?? []) {
    const placed = placeRow(each.format, ctx.config, row);
    if ('drop' in placed) continue;
    const readable = row.key
      .replace(/[^A-Za-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(-60);
    const name = `${readable === '' ? 'row' : readable}-${sha256(row.key).slice(0, 12)}.json`;
    const content = `${JSON.stringify(JSON.parse(toLine(placed.record)), null, 2)}\n`;
    const folder = folderOf(ctx.config, row.fields) ?? `data/${each.format}/${placed.split}`;
    yield made(`${folder}/${name}`, content, each.format, placed.split, 1);
  }
}

function toManifest(
  ctx: WholeContext<ExportConfig>,
  { surveys, files }: About,
  documents: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[],
): string {
  const notices = [
    ...(ctx.partial ? [{ code: 'partial-input', message: 'some rows of the input failed or were not tried' }] : []),
    ...surveys.flatMap(({ format, splits }) =>
      [...splits]
        .filter(([, { rows }]) => rows === 0)
        .map(([split]) => ({ code: 'no-rows', message: `format ${format} has no rows in split ${split}` })),
    ),
  ];
  const manifest = {
    format: 'sluice/export/1',
    layout: ctx.config.layout ?? 'jsonl',
    input_rows: ctx.inputs['from']?.count ?? 0,
    split: ctx.config.split ?? null,
    formats: Object.fromEntries(
      surveys.map(({ format, splits, dropped, columns }) => [
        format,
        {
          ...ctx.config.formats[format],
          rows: Object.fromEntries([...splits].map(([split, { rows }]) => [split, rows])),
          dropped: Object.fromEntries([...dropped].sort(([a], [b]) => (a < b ? -1 : 1))),
          ...(ctx.config.layout === 'parquet'
            ? { columns: Object.fromEntries(columns.map(({ name, column }) => [name, column.type])) }
            : {}),
        },
      ]),
    ),
    files: [...files].sort((a, b) => (a.path < b.path ? -1 : 1)),
    documents,
    notices,
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
