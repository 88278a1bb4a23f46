/**
 * A Parquet file as its decoder sees it: row groups checked, decoded, and turned into frames of JSON records. Of a file of this
 * machine groups are read whole; of one elsewhere only the pages of the rows wanted, where an offset index says where they lie.
 */

import { type FileHandle, open } from 'node:fs/promises';
import {
  type ColumnChunk,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type RowGroup,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { Failure } from '#contract/failure.ts';
import type { JsonObject } from '#contract/json.ts';
import { checkGroup, checkGroupSizes, checkPages, checkUnpacked, chunkRange, type FileBytes } from './check-parquet.ts';
import { TAIL_BYTES } from './footer-ahead.ts';
import { type Frame, FrameBuilder } from './frame.ts';
import { type Columns, chunksOf, type GroupRows, indexRanges, pageRanges, type Run, toRuns } from './parquet-pages.ts';
import { NoJsonForm, parquetToJson } from './parquet-values.ts';
import { type ByteRange, merge, type RangedBytes } from './ranged-bytes.ts';
import { corrupt, messageOf, unreadable } from './trouble.ts';

export interface GroupSize {
  /** Zero-based row of the file. */
  readonly start: number;
  readonly rows: number;
  /** Unpacked, as the file has it. */
  readonly bytes: number;
}

export class ParquetFile {
  readonly groups: readonly GroupSize[];
  /** All there are, at the top level. */
  readonly columns: readonly string[];
  readonly #name: string;
  readonly #handle: FileHandle | null;
  readonly #bytes: FileBytes;
  readonly #ranged: RangedBytes | null;
  readonly #metadata: FileMetaData;
  readonly #columns: string[] | undefined;

  private constructor(
    name: string,
    handle: FileHandle | null,
    bytes: FileBytes,
    ranged: RangedBytes | null,
    metadata: FileMetaData,
    columns: readonly string[] | undefined,
  ) {
    this.#name = name;
    this.#handle = handle;
    this.#bytes = bytes;
    this.#ranged = ranged;
    this.#metadata = metadata;
    this.columns = columnsIn(metadata);
    this.#columns = columns?.filter((column) => this.columns.includes(column));
    let start = 0;
    this.groups = metadata.row_groups.map((group) => {
      const size = { start, rows: Number(group.num_rows), bytes: Number(group.total_byte_size) };
      start += size.rows;
      return size;
    });
  }

  /** @throws Failure `dataset-corrupt`, `dataset-unreadable` */
  static async open(path: string, name: string, columns: readonly string[] | undefined): Promise<ParquetFile> {
    const handle = await open(path).catch((error: unknown) => {
      throw unreadable(name, error);
    });
    try {
      const { size } = await handle.stat();
      const bytes = bytesOf(handle, size, name);
      return await named(name, 'its footer', async () => {
        const metadata = await parquetMetadataAsync(bytes, { geoparquet: false });
        return new ParquetFile(name, handle, bytes, null, metadata, columns);
      });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** @param metadata what its footer says, as `readFooter` has it */
  static ranged(
    bytes: RangedBytes,
    metadata: FileMetaData,
    name: string,
    columns: readonly string[] | undefined,
  ): Promise<ParquetFile> {
    return named(name, 'its footer', async () => new ParquetFile(name, null, bytes, bytes, metadata, columns));
  }

  /** @throws Failure `dataset-corrupt` */
  static readFooter(bytes: RangedBytes, name: string): Promise<FileMetaData> {
    return named(name, 'its footer', () =>
      parquetMetadataAsync(bytes, { geoparquet: false, initialFetchSize: TAIL_BYTES }),
    );
  }

  /**
   * @param wanted rows of the file that lie in this group, ascending; all of them unless told
   * @throws Failure `dataset-corrupt`, `dataset-too-large`, naming file and row group
   */
  async decode(nth: number, wanted: readonly number[] | undefined): Promise<Iterator<Frame>> {
    const { size, group } = this.#group(nth);
    const rows = await this.#named(nth, async () => {
      checkGroupSizes(group, `${this.#name}: row group ${nth}`);
      const chunks = chunksOf(group, this.#columns);
      if (wanted !== undefined && this.#ranged !== null && indexRanges(chunks) !== null)
        return this.#decodePages(nth, wanted, this.#columns);
      if (this.#ranged !== null) await this.#ranged.prefetch(chunks.map((chunk) => this.#chunkRange(chunk)));
      await checkGroup(this.#bytes, this.#metadata, group, this.#columns);
      return new Map((await this.#read(nth, [0, size.rows], this.#columns)).map((row, at) => [size.start + at, row]));
    });
    const share = size.bytes / Math.max(1, size.rows);
    return framesOf(this.#name, rows, wanted ?? [...rows.keys()], share);
  }

  /** Fetches the pages of all these rows in two questions, for the orders that follow. Groups without an index are left out. */
  async prepare(groups: readonly GroupRows[]): Promise<void> {
    const ranged = this.#ranged;
    if (ranged === null) return;
    ranged.forget();
    await named(this.#name, `row groups ${groups.map(({ nth }) => nth).join(', ')}`, () =>
      this.#fetchPages(ranged, groups, this.#columns),
    );
  }

  /**
   * Rows whose column has one of the values. Groups and pages that statistics or Bloom filters rule out are not read.
   * @throws Failure `dataset-corrupt`
   */
  async match(column: string, values: readonly string[]): Promise<readonly number[]> {
    const { findRows } = await import('./match-parquet.ts');
    this.#ranged?.forget();
    return findRows(column, values, this.#metadata, this.#bytes, {
      named: (nth, read) => this.#named(nth, read),
      load: async (groups) => {
        const ranged = this.#ranged;
        if (ranged === null) return;
        const whole = groups.flatMap(({ nth, wanted }) => {
          const chunks = chunksOf(this.#group(nth).group, [column]);
          return wanted.length > 0 && indexRanges(chunks) !== null
            ? []
            : chunks.map((chunk) => this.#chunkRange(chunk));
        });
        await ranged.prefetch(whole);
        await this.#fetchPages(
          ranged,
          groups.filter(({ wanted }) => wanted.length > 0),
          [column],
        );
      },
      values: async (nth, wanted) => {
        const { size, group } = this.#group(nth);
        checkGroupSizes(group, `${this.#name}: row group ${nth}`);
        if (wanted.length > 0) return this.#decodePages(nth, wanted, [column]);
        await checkGroup(this.#bytes, this.#metadata, group, [column]);
        return new Map((await this.#read(nth, [0, size.rows], [column])).map((row, at) => [size.start + at, row]));
      },
    });
  }

  async close(): Promise<void> {
    this.#ranged?.forget();
    await this.#handle?.close();
  }

  async #fetchPages(
    ranged: RangedBytes,
    groups: readonly GroupRows[],
    columns: readonly string[] | undefined,
  ): Promise<void> {
    const indexed = groups.flatMap((rows) => {
      const chunks = chunksOf(this.#group(rows.nth).group, columns);
      const indexes = indexRanges(chunks);
      return indexes === null ? [] : [{ rows, chunks, indexes }];
    });
    await ranged.prefetch(indexed.flatMap(({ indexes }) => indexes));
    const pages: ByteRange[] = [];
    for (const { rows } of indexed) for (const { ranges } of await this.#pagesOf(rows, columns)) pages.push(...ranges);
    await ranged.prefetch(pages);
  }

  async #pagesOf({ nth, wanted }: GroupRows, columns: readonly string[] | undefined) {
    const { size, group } = this.#group(nth);
    const chunks = chunksOf(group, columns);
    const indexes = indexRanges(chunks) ?? [];
    const runs = toRuns(wanted, size.start);
    return Promise.all(
      chunks.map(async (chunk, at) => {
        const index = await this.#bytes.slice(...(indexes[at] ?? [0, 0]));
        const name = chunk.meta_data?.path_in_schema.join('.') ?? '';
        return { name, ranges: pageRanges(chunk, index, size.rows, runs, this.#dataEnd) };
      }),
    );
  }

  async #decodePages(
    nth: number,
    wanted: readonly number[],
    columns: string[] | undefined,
  ): Promise<Map<number, Columns>> {
    const { size } = this.#group(nth);
    const ranged = this.#ranged;
    if (ranged !== null) await this.#fetchPages(ranged, [{ nth, wanted }], columns);
    let unpacked = 0;
    for (const { name, ranges } of await this.#pagesOf({ nth, wanted }, columns))
      for (const range of merge(ranges)) unpacked += checkPages(await this.#bytes.slice(...range), name);
    checkUnpacked(unpacked);
    const rows = new Map<number, Columns>();
    for (const run of toRuns(wanted, size.start))
      for (const [at, row] of (await this.#read(nth, run, columns)).entries()) rows.set(size.start + run[0] + at, row);
    return rows;
  }

  async #read(nth: number, [rowStart, rowEnd]: Run, columns: string[] | undefined): Promise<readonly Columns[]> {
    const { group } = this.#group(nth);
    return parquetReadObjects({
      file: this.#bytes,
      // Alone, so that row numbers of other groups, which may be nonsense, do not count.
      metadata: { ...this.#metadata, row_groups: [group] },
      compressors,
      rowStart,
      rowEnd,
      useOffsetIndex: this.#ranged !== null,
      ...(columns === undefined ? {} : { columns }),
      parsers: { stringFromBytes },
    });
  }

  #group(nth: number): { readonly size: GroupSize; readonly group: RowGroup } {
    const size = this.groups[nth];
    const group = this.#metadata.row_groups[nth];
    if (size === undefined || group === undefined) throw corrupt(this.#name, `there is no row group ${nth}`);
    return { size, group };
  }

  get #dataEnd(): number {
    return this.#bytes.byteLength - this.#metadata.metadata_length - 8;
  }

  #chunkRange(chunk: ColumnChunk): ByteRange {
    return chunkRange(chunk, this.#dataEnd);
  }

  #named<T>(nth: number, read: () => Promise<T>): Promise<T> {
    return named(this.#name, `row group ${nth}`, read);
  }
}

function columnsIn(metadata: FileMetaData): string[] {
  const names = metadata.row_groups.flatMap((group) =>
    group.columns.map((column) => column.meta_data?.path_in_schema[0]),
  );
  const there = names.length > 0 ? names : parquetSchema(metadata).children.map(({ element }) => element.name);
  return [...new Set(there)].filter((name) => name !== undefined);
}

function* framesOf(
  name: string,
  rows: ReadonlyMap<number, Columns>,
  places: readonly number[],
  share: number,
): Generator<Frame, undefined> {
  const frame = new FrameBuilder(name, undefined);
  for (const place of places) {
    addRow(frame, place, rows.get(place) ?? {}, share);
    if (frame.isFull) yield frame.take();
  }
  if (!frame.isEmpty) yield frame.take();
}

function addRow(frame: FrameBuilder, index: number, row: Columns, bytes: number): void {
  try {
    frame.value(index, parquetToJson(row) as JsonObject, bytes);
  } catch (error) {
    if (!(error instanceof NoJsonForm)) throw error;
    frame.trouble(index, error.code, error.message);
  }
}

const strict = new TextDecoder('utf-8', { fatal: true });

function stringFromBytes(bytes: Uint8Array): string | undefined {
  return bytes === undefined ? undefined : strict.decode(bytes);
}

/** Whatever a damaged file makes the decoder throw is that file's trouble. */
async function named<T>(name: string, what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw corrupt(name, `${what} cannot be read (${messageOf(error)})`, error);
  }
}

function bytesOf(handle: FileHandle, size: number, name: string): FileBytes {
  return {
    byteLength: size,
    slice(start, end = size) {
      const from = Math.min(Math.max(start < 0 ? size + start : start, 0), size);
      const read = readExactly(handle, from, Math.max(0, Math.min(end, size) - from), name);
      // The decoder asks for many ranges at once and forgets the others when one fails.
      read.catch(() => undefined);
      return read;
    },
  };
}

async function readExactly(handle: FileHandle, from: number, length: number, name: string): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  if (length === 0) return bytes.buffer;
  const { bytesRead } = await handle.read(bytes, 0, length, from);
  if (bytesRead !== length) throw corrupt(name, 'it ends too early');
  return bytes.buffer;
}
