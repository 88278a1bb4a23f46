/** Where the pages of some rows lie in a row group, by its offset index, which is believed in nothing that can be checked. */

import type { ColumnChunk, RowGroup } from 'hyparquet';
import { readOffsetIndex } from 'hyparquet';
import { chunkRange, sizeOf } from './check-parquet.ts';
import type { ByteRange } from './ranged-bytes.ts';

/** Consecutive rows of a group, `end` not among them. */
export type Run = readonly [start: number, end: number];

/** A row as it was decoded. */
export type Columns = { readonly [column: string]: unknown };

/** Rows that are to be read together: the pages of all of them are asked for at once. */
export interface GroupRows {
  readonly nth: number;
  /** Rows of the file that lie in this group, ascending. */
  readonly wanted: readonly number[];
}

/** Null where the group has no offset index for one of the columns. */
export function indexRanges(chunks: readonly ColumnChunk[]): ByteRange[] | null {
  const ranges: ByteRange[] = [];
  for (const { offset_index_offset: offset, offset_index_length: length } of chunks) {
    if (offset === undefined || length === undefined || length <= 0) return null;
    const start = sizeOf(offset, 'the offset of an index');
    ranges.push([start, start + sizeOf(length, 'the length of an index')]);
  }
  return ranges;
}

/** Dictionary and data pages of a column that hold the rows of `runs`. @param index its offset index, packed */
export function pageRanges(
  chunk: ColumnChunk,
  index: ArrayBuffer,
  rows: number,
  runs: readonly Run[],
  end: number,
): ByteRange[] {
  const pages = readPages(chunk, index, rows, end);
  const [first] = pages;
  const [start] = chunkRange(chunk, end);
  const ranges: ByteRange[] = [];
  if (first !== undefined && first.start > start) ranges.push([start, first.start]);
  for (const [from, to] of runs)
    for (const page of pages) if (page.rowStart < to && page.rowEnd > from) ranges.push([page.start, page.end]);
  return ranges;
}

interface Page {
  readonly start: number;
  readonly end: number;
  readonly rowStart: number;
  readonly rowEnd: number;
}

function readPages(chunk: ColumnChunk, index: ArrayBuffer, rows: number, fileEnd: number): Page[] {
  const name = chunk.meta_data?.path_in_schema.join('.') ?? '';
  const [chunkStart, chunkEnd] = chunkRange(chunk, fileEnd);
  const locations = readOffsetIndex({ view: new DataView(index), offset: 0 }).page_locations;
  const pages: Page[] = [];
  for (const [nth, location] of locations.entries()) {
    const start = sizeOf(location.offset, `a page of column ${name}`);
    const end = start + sizeOf(location.compressed_page_size, `a page of column ${name}`);
    const rowStart = sizeOf(location.first_row_index, `a row of column ${name}`);
    const next = locations[nth + 1];
    const rowEnd = next === undefined ? rows : sizeOf(next.first_row_index, `a row of column ${name}`);
    const before = pages.at(-1);
    if (start < (before?.end ?? chunkStart) || end > chunkEnd || rowEnd < rowStart || rowEnd > rows)
      throw new Error(`the offset index of column ${name} does not fit its pages`);
    if (before === undefined && rowStart !== 0)
      throw new Error(`the offset index of column ${name} begins at row ${rowStart}`);
    pages.push({ start, end, rowStart, rowEnd });
  }
  if (pages.length === 0 && rows > 0) throw new Error(`the offset index of column ${name} has no pages`);
  return pages;
}

/** Ascending rows as runs. @param start row of the file at which the group begins */
export function toRuns(wanted: readonly number[], start: number): Run[] {
  const runs: [number, number][] = [];
  for (const row of wanted) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === row - start) last[1]++;
    else runs.push([row - start, row - start + 1]);
  }
  return runs;
}

export function chunksOf(group: RowGroup, columns: readonly string[] | undefined): ColumnChunk[] {
  return group.columns.filter(
    ({ meta_data: meta }) => columns === undefined || columns.includes(meta?.path_in_schema[0] ?? ''),
  );
}
