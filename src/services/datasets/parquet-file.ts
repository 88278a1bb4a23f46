/** A Parquet file as its decoder sees it: row groups checked, decoded whole, and turned into frames of JSON records. */

import { type FileHandle, open } from 'node:fs/promises';
import { type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { Failure } from '#contract/failure.ts';
import type { JsonObject } from '#contract/json.ts';
import { checkGroup, checkGroupSizes, type FileBytes } from './check-parquet.ts';
import { type Frame, FrameBuilder } from './frame.ts';
import { NoJsonForm, parquetToJson } from './parquet-values.ts';
import { corrupt, messageOf, unreadable } from './trouble.ts';

export interface GroupSize {
  /** Zero-based row of the file. */
  readonly start: number;
  readonly rows: number;
  /** Unpacked, as the file has it. */
  readonly bytes: number;
}

type Columns = { readonly [column: string]: unknown };

export class ParquetFile {
  readonly groups: readonly GroupSize[];
  readonly #name: string;
  readonly #handle: FileHandle;
  readonly #bytes: FileBytes;
  readonly #metadata: FileMetaData;
  readonly #columns: string[] | undefined;

  private constructor(
    name: string,
    handle: FileHandle,
    bytes: FileBytes,
    metadata: FileMetaData,
    columns: readonly string[] | undefined,
  ) {
    this.#name = name;
    this.#handle = handle;
    this.#bytes = bytes;
    this.#metadata = metadata;
    this.#columns = columnsOf(metadata, columns);
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
        return new ParquetFile(name, handle, bytes, metadata, columns);
      });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * @param wanted rows of the file that lie in this group, ascending; all of them unless told
   * @throws Failure `dataset-corrupt`, `dataset-too-large`, naming file and row group
   */
  async decode(nth: number, wanted: readonly number[] | undefined): Promise<Iterator<Frame>> {
    const metadata = this.#metadata;
    const size = this.groups[nth];
    const group = metadata.row_groups[nth];
    if (size === undefined || group === undefined) throw corrupt(this.#name, `there is no row group ${nth}`);
    const rows = await named(this.#name, `row group ${nth}`, async () => {
      checkGroupSizes(group, `${this.#name}: row group ${nth}`);
      await checkGroup(this.#bytes, metadata, group, this.#columns);
      return parquetReadObjects({
        file: this.#bytes,
        // Alone, so that row numbers of other groups, which may be nonsense, do not count.
        metadata: { ...metadata, row_groups: [group] },
        compressors,
        rowStart: 0,
        rowEnd: size.rows,
        ...(this.#columns === undefined ? {} : { columns: this.#columns }),
        parsers: { stringFromBytes },
      });
    });
    const places = wanted ?? rows.map((_, at) => size.start + at);
    return framesOf(this.#name, rows, size.start, places, size.bytes / Math.max(1, rows.length));
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

function* framesOf(
  name: string,
  rows: readonly Columns[],
  start: number,
  places: readonly number[],
  share: number,
): Generator<Frame, undefined> {
  const frame = new FrameBuilder(name, undefined);
  for (const place of places) {
    addRow(frame, place, rows[place - start] ?? {}, share);
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

/** The named columns that the file has; a column that no row has is no mistake of the file. */
function columnsOf(metadata: FileMetaData, columns: readonly string[] | undefined): string[] | undefined {
  if (columns === undefined) return undefined;
  const there = new Set(
    metadata.row_groups.flatMap((group) => group.columns.map((column) => column.meta_data?.path_in_schema[0])),
  );
  return columns.filter((name) => there.has(name));
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
