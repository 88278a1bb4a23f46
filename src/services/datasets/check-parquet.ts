/**
 * What a row group says of itself, held against the file before anything is decoded: the decoder allocates what a header
 * asks for, and gives null for values that are not there. It cannot see inside the pages; `parquet-decoder.ts` bounds that.
 */

import { type ColumnChunk, type FileMetaData, parquetSchema, type RowGroup } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { getTreePath, isFlatColumn } from 'hyparquet/src/schema.js';
import { Failure } from '#contract/failure.ts';

export interface FileBytes {
  readonly byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

/** A group is decoded whole, so one that unpacks to more would not fit. */
const MOST_GROUP_BYTES = 2 ** 31;
const MOST_GROUP_ROWS = 2 ** 25;

/** @throws Failure `dataset-too-large`; Error where the sizes are nonsense */
export function checkGroupSizes(group: RowGroup, where: string): void {
  const rows = sizeOf(group.num_rows, 'its number of rows');
  const hint = 'write the file again with smaller row groups';
  if (sizeOf(group.total_byte_size, 'its size') > MOST_GROUP_BYTES)
    throw new Failure('dataset-too-large', `${where} unpacks to over 2 GB`, { hint });
  if (rows > MOST_GROUP_ROWS)
    throw new Failure('dataset-too-large', `${where} holds over ${MOST_GROUP_ROWS} rows`, { hint });
}

/** Column chunks lie inside the file, pages inside their chunk, and as many values are there as the footer says. */
export async function checkGroup(
  file: FileBytes,
  metadata: FileMetaData,
  group: RowGroup,
  columns: readonly string[] | undefined,
): Promise<void> {
  const tree = parquetSchema(metadata);
  const rows = Number(group.num_rows);
  let unpacked = 0;
  for (const column of group.columns) {
    const { meta_data: chunk } = column;
    if (chunk === undefined) throw new Error('a column has no metadata');
    const name = chunk.path_in_schema.join('.');
    if (columns !== undefined && !columns.includes(chunk.path_in_schema[0] ?? '')) continue;
    const [start, end] = chunkRange(column, file.byteLength - metadata.metadata_length - 8);
    const values = sizeOf(chunk.num_values, `the number of values of column ${name}`);
    const isFlat = isFlatColumn(getTreePath(tree, chunk.path_in_schema));
    const pages = walkPages(await file.slice(start, end), name, isFlat ? rows : Infinity);
    unpacked += pages.bytes;
    checkUnpacked(unpacked);
    if (isFlat ? pages.values !== rows : pages.values < rows || pages.values > values)
      throw new Error(`column ${name} holds ${pages.values} values for ${rows} rows`);
  }
}

/** Bytes of a column chunk, its dictionary first. @param end where the data of the file ends */
export function chunkRange({ meta_data: chunk }: ColumnChunk, end: number): readonly [start: number, end: number] {
  if (chunk === undefined) throw new Error('a column has no metadata');
  const name = chunk.path_in_schema.join('.');
  const first = sizeOf(chunk.dictionary_page_offset || chunk.data_page_offset, `the offset of column ${name}`);
  const last = first + sizeOf(chunk.total_compressed_size, `the size of column ${name}`);
  if (last > end) throw new Error(`column ${name} reaches past the data`);
  return [first, last];
}

/** Pages that were fetched by themselves. @returns what they unpack to, in bytes */
export function checkPages(pages: ArrayBuffer, name: string): number {
  return walkPages(pages, name, Infinity).bytes;
}

/** What one order may unpack to. */
export function checkUnpacked(bytes: number): void {
  if (bytes > MOST_GROUP_BYTES) throw new Error('its pages unpack to over 2 GB');
}

/** Goes as far as the decoder will: to the end, or until there are as many values as rows. */
function walkPages(
  chunk: ArrayBuffer,
  name: string,
  most: number,
): { readonly values: number; readonly bytes: number } {
  const reader = { view: new DataView(chunk), offset: 0 };
  let values = 0;
  let bytes = 0;
  while (values < most && reader.offset < chunk.byteLength - 1) {
    const page = parquetHeader(reader);
    const header = page.data_page_header ?? page.data_page_header_v2;
    const size = sizeOf(page.compressed_page_size, `a page of column ${name}`);
    if (size > chunk.byteLength - reader.offset) throw new Error(`a page of column ${name} reaches past its chunk`);
    bytes += sizeOf(page.uncompressed_page_size, `a page of column ${name}`);
    if (page.type !== 'DICTIONARY_PAGE') values += sizeOf(header?.num_values, `a page of column ${name}`);
    else if (sizeOf(page.dictionary_page_header?.num_values, `the dictionary of column ${name}`) > 8 * bytes)
      throw new Error(`the dictionary of column ${name} has more values than bits`);
    reader.offset += size;
  }
  return { values, bytes };
}

export function sizeOf(value: unknown, what: string): number {
  const size = typeof value === 'bigint' ? Number(value) : value;
  if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) return size;
  throw new Error(`${what} cannot be ${String(value)}`);
}
