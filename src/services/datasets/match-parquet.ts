/**
 * Rows of a Parquet file whose column has one of some values. What statistics, Bloom filters and page indexes rule out is not
 * read; of the rest only the pages of that one column.
 */

import { type FileMetaData, parquetSchema, type SchemaElement } from 'hyparquet';
import { canSkipRowGroup } from 'hyparquet/src/filter.js';
import { prefetchBloomFilters, prefetchPageIndexes } from 'hyparquet/src/plan.js';
import { getPhysicalColumns } from 'hyparquet/src/schema.js';
import type { FileBytes } from './check-parquet.ts';
import type { Columns, GroupRows } from './parquet-pages.ts';

export interface GroupReader {
  named<T>(nth: number, read: () => Promise<T>): Promise<T>;
  /** Fetches what `values` will need; `wanted` empty means all rows of the group. */
  load(groups: readonly GroupRows[]): Promise<void>;
  values(nth: number, wanted: readonly number[]): Promise<ReadonlyMap<number, Columns>>;
}

export async function findRows(
  column: string,
  values: readonly string[],
  metadata: FileMetaData,
  file: FileBytes,
  reader: GroupReader,
): Promise<readonly number[]> {
  const groups = await candidates(column, values, metadata, file);
  await reader.load(groups);
  const wanted = new Set(values);
  const found: number[] = [];
  for (const group of groups) {
    const rows = await reader.named(group.nth, () => reader.values(group.nth, group.wanted));
    for (const [place, row] of rows) {
      const value = row[column];
      if (
        (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') &&
        wanted.has(String(value))
      )
        found.push(place);
    }
  }
  return found.sort((a, b) => a - b);
}

/** Groups that may hold one of the values, with the rows that may; none named means all of the group. */
async function candidates(
  column: string,
  values: readonly string[],
  metadata: FileMetaData,
  file: FileBytes,
): Promise<readonly GroupRows[]> {
  const all = metadata.row_groups.map((_, nth) => ({ nth, wanted: [] }));
  const element = textElement(column, metadata);
  if (element === null || !canPrune(values)) return all;
  // Without it hyparquet fetches Bloom filters and does not look into them.
  const schemaElements = { [column]: element };
  const filter = { [column]: { $in: [...values] } };
  const physicalColumns = getPhysicalColumns(parquetSchema(metadata));
  const bloomFiltersByGroup = await prefetchBloomFilters({ file, metadata, filter });
  const { pageRangesByGroup } = await prefetchPageIndexes({
    file,
    metadata,
    filter,
    columns: [column],
    bloomFiltersByGroup,
    schemaElements,
  });
  const groups: GroupRows[] = [];
  let start = 0;
  for (const [nth, rowGroup] of metadata.row_groups.entries()) {
    const bloomFilters = bloomFiltersByGroup[nth];
    const isRuledOut = canSkipRowGroup({
      rowGroup,
      physicalColumns,
      filter,
      schemaElements,
      ...(bloomFilters ? { bloomFilters } : {}),
    });
    const pages = pageRangesByGroup[nth];
    if (!isRuledOut && pages?.length !== 0) groups.push({ nth, wanted: rowsOf(pages ?? [], start) });
    start += Number(rowGroup.num_rows);
  }
  return groups;
}

function rowsOf(ranges: readonly (readonly [number, number])[], start: number): number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, at) => start + from + at));
}

/**
 * Statistics are in the order of bytes and are compared here as texts, which is the same as long as one side is ASCII. They
 * are of texts only where the column is one.
 */
function canPrune(values: readonly string[]): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is meant
  return values.every((value) => /^[\x00-\x7f]+$/.test(value));
}

function textElement(column: string, { schema }: FileMetaData): SchemaElement | null {
  const element = schema.find(({ name, num_children }) => name === column && !num_children);
  const isText =
    element?.type === 'BYTE_ARRAY' && (element.converted_type === 'UTF8' || element.logical_type?.type === 'STRING');
  return element !== undefined && isText ? element : null;
}
