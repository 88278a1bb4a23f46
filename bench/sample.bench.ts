/** 100 random turns out of 200,000 rows over HTTP: bytes and time, against the pages or row groups touched and whole files. */

import { join } from 'node:path';
import { type ColumnChunk, parquetMetadata, readOffsetIndex } from 'hyparquet';
import { trajectoryRows, writeShard } from '#rig/arrow-shards.ts';
import { type HubServer, startHubServer } from '#rig/hub-server.ts';
import type { Bench } from './figure.ts';
import { eventsOf, expect, measured } from './measured.ts';
import { inScratch, median, sluice } from './process.ts';
import { cleanEnv, ensureBuilt, resetStore, writeProject } from './project.ts';

const SHARDS = 4;
const ROWS = 50_000;
const TURNS = 100;
const ROUNDS = 5;
/** Columns that a sample reads of these sets. */
const COLUMNS = new Set(['instance_id', 'repo', 'messages', 'trajectory_format', 'exit_status']);

/** Long enough that a row takes 3.3 kB, as in the set of 12,290,800 rows that this stands for (40 GB). */
const WORDS = 150;

const LAYOUTS = [
  { name: 'row groups of 250', rowGroup: 250, page: 1 << 14, hasPageIndex: true, window: 32, isSmall: true },
  { name: 'row groups of 10,000', rowGroup: 10_000, page: 1 << 20, hasPageIndex: false, window: 32, isSmall: false },
] as const;

export const bench: Bench = (report) =>
  inScratch(async (dir) => {
    ensureBuilt();
    for (const { name, rowGroup, page, hasPageIndex, window, isSmall } of LAYOUTS) {
      const files: { [path: string]: Uint8Array } = {};
      for (let nth = 0; nth < SHARDS; nth++)
        files[`data/train-0000${nth}-of-0000${SHARDS}.parquet`] = writeShard(
          trajectoryRows(ROWS, nth * ROWS, 2, WORDS),
          {
            rowGroup,
            page,
            hasPageIndex,
            batch: 64,
          },
        );
      const hub = await startHubServer({ 'o/set': { files } });
      try {
        const cwd = join(dir, String(rowGroup) + hasPageIndex);
        writeProject(
          cwd,
          `datasets: { hub: { base_url: "${hub.url}" } }\nnodes:\n  turns: { kind: sample, dataset: hf://o/set, strategy: windows, window: ${window}, count: ${TURNS} }\n`,
        );
        const whole: number[] = [];
        const drawing: number[] = [];
        const downloads: number[] = [];
        let bytes = 0;
        let footers = 0;
        let pages = 0;
        let groups = 0;
        for (let round = 0; round < ROUNDS; round++) {
          resetStore(cwd);
          hub.reset();
          const run = await measured(['run', '--json', '--set', `nodes.turns.seed=${round}`], cwd);
          const events = eventsOf(run);
          const at = (state: string) =>
            Number(events.find((event) => event['node'] === 'turns' && event['state'] === state)?.['at']);
          whole.push(run.seconds);
          drawing.push((at('done') - at('running')) / 1000);
          bytes += hub.bytesServed;
          const paths = new Set(hub.log.filter(({ kind }) => kind === 'cdn').map(({ path }) => path));
          const shown = await sluice(
            [
              'show',
              '.',
              'turns',
              '--set',
              `nodes.turns.seed=${round}`,
              '--fields',
              'source',
              '--limit',
              '1000',
              '--json',
            ],
            { cwd, env: cleanEnv() },
          );
          const rows = shown.stdout
            .trim()
            .split('\n')
            .map((line) => sourceOf(JSON.parse(line)));
          expect('turns', rows.length, TURNS);
          pages += touchedBytes(files, rows, window, true);
          groups += touchedBytes(files, rows, window, false);
          footers += footerBytes(hub, files);
          downloads.push(await download(hub, paths));
        }
        const size = Object.values(files).reduce((sum, file) => sum + file.length, 0);
        const each = (sum: number) => sum / ROUNDS / 1e6;
        report({
          metric: `${name}: fetched for ${TURNS} turns, footers included`,
          value: each(bytes),
          unit: 'MB',
          target: '<= 1.2x',
          peer: { name: 'row groups touched', value: each(groups) },
          ratio: bytes / groups,
        });
        if (hasPageIndex)
          report({
            metric: `${name}: without the footers (${each(footers).toFixed(2)} MB)`,
            value: each(bytes - footers),
            unit: 'MB',
            target: '<= 1.2x',
            peer: { name: 'pages touched', value: each(pages) },
            ratio: (bytes - footers) / pages,
          });
        const seconds = median(drawing);
        report({
          metric: `${name}: drawing`,
          value: seconds,
          unit: 's',
          ...(isSmall ? { target: '< 0.5 s' } : {}),
          peer: {
            name: `download of the touched shards whole (all: ${(size / 1e6).toFixed(0)} MB)`,
            value: median(downloads),
          },
          ratio: seconds / median(downloads),
        });
        report({ metric: `${name}: the whole process`, value: median(whole), unit: 's' });
      } finally {
        await hub.close();
      }
    }
  });

/** Seconds to fetch files whole, one after the other, as tools without ranges do; nothing is decoded. */
async function download(hub: HubServer, paths: ReadonlySet<string>): Promise<number> {
  const start = performance.now();
  for (const path of paths) await (await fetch(`${hub.url}/datasets/o/set/resolve/main/${path}`)).arrayBuffer();
  return (performance.now() - start) / 1000;
}

interface Place {
  readonly file: string;
  readonly row: number;
}

function sourceOf(row: { readonly source?: Place; readonly fields?: { readonly source?: Place } }): Place {
  const source = row.source ?? row.fields?.source;
  if (source === undefined) throw new Error('a turn says where it is from');
  return source;
}

/** Bytes of the pages, or where there is no page index of the row groups, that hold the windows of these rows. */
function touchedBytes(
  files: { readonly [path: string]: Uint8Array },
  rows: readonly Place[],
  window: number,
  byPage: boolean,
): number {
  let sum = 0;
  for (const [path, file] of Object.entries(files)) {
    const here = rows.filter((place) => place.file === path).map(({ row }) => row);
    if (here.length === 0) continue;
    const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
    let start = 0;
    for (const group of parquetMetadata(buffer).row_groups) {
      const count = Number(group.num_rows);
      const windows = new Set(
        here.flatMap((row) => (row >= start && row < start + count ? [Math.floor((row - start) / window)] : [])),
      );
      if (windows.size > 0)
        for (const chunk of group.columns)
          if (COLUMNS.has(chunk.meta_data?.path_in_schema[0] ?? ''))
            sum += byPage
              ? chunkBytes(buffer, chunk, count, windows, window)
              : Number(chunk.meta_data?.total_compressed_size);
      start += count;
    }
  }
  return sum;
}

/** Of requests that reach into a footer, which lies at the end of a file; page indexes lie beside it. */
function footerBytes(hub: HubServer, files: { readonly [path: string]: Uint8Array }): number {
  let sum = 0;
  for (const { kind, path, range } of hub.log) {
    const file = files[path];
    if (kind !== 'cdn' || file === undefined || range === null) continue;
    const length = new DataView(file.buffer, file.byteOffset + file.length - 8).getUint32(0, true);
    if (range[1] > file.length - length - 8) sum += range[1] - range[0];
  }
  return sum;
}

function chunkBytes(
  buffer: ArrayBuffer,
  chunk: ColumnChunk,
  rows: number,
  windows: ReadonlySet<number>,
  window: number,
): number {
  const { meta_data: meta, offset_index_offset: offset, offset_index_length: length } = chunk;
  if (offset === undefined || length === undefined) return Number(meta?.total_compressed_size);
  const pages = readOffsetIndex({ view: new DataView(buffer, Number(offset), length), offset: 0 }).page_locations;
  const start = Number(meta?.dictionary_page_offset || meta?.data_page_offset);
  let sum = Number(pages[0]?.offset ?? start) - start;
  for (const [nth, page] of pages.entries()) {
    const from = Number(page.first_row_index);
    const to = Number(pages[nth + 1]?.first_row_index ?? rows);
    if ([...windows].some((at) => at * window < to && (at + 1) * window > from)) sum += page.compressed_page_size;
  }
  return sum;
}
