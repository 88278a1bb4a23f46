/** Rows of one file by their place, range by range, with the trouble of those that cannot be read. */

import type { DatasetFile, DatasetItem, RowRange } from '#contract/services.ts';
import type { FileAccess } from './file-access.ts';
import type { Frame } from './frame.ts';
import { readFile } from './read-file.ts';
import { inTurn, type ParquetOptions, readParquet } from './read-parquet.ts';

/** @throws Failure `dataset-*`, `remote-*` */
export async function readRanges(
  access: FileAccess,
  file: DatasetFile,
  ranges: readonly RowRange[],
  options: ParquetOptions,
): Promise<Map<RowRange, DatasetItem[]>> {
  const found = new Map<RowRange, DatasetItem[]>(ranges.map((range) => [range, []]));
  const last = Math.max(...ranges.map(({ end }) => end));
  const read = async (frames: AsyncGenerator<Frame>) => {
    for await (const frame of frames) {
      let index = 0;
      for (const item of frame) {
        index = 'record' in item ? item.record.index : item.trouble.index;
        for (const range of ranges) if (index >= range.start && index < range.end) found.get(range)?.push(item);
      }
      if (index >= last) break;
    }
  };
  if (file.format !== 'parquet') await read(readFile(access, file, options));
  else await inTurn(() => read(readParquet(access.parquet, file, { ...options, wanted: rowsOf(ranges) })));
  return found;
}

function rowsOf(ranges: readonly RowRange[]): number[] {
  const rows = new Set<number>();
  for (const { start, end } of ranges) for (let row = start; row < end; row++) rows.add(row);
  return [...rows].sort((a, b) => a - b);
}
