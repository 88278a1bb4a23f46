/** One file of a dataset as frames of records, by what its name says it holds. */

import type { DatasetFile } from '#contract/services.ts';
import type { FileAccess } from './file-access.ts';
import { formatOf } from './format.ts';
import type { Frame, ReadOptions } from './frame.ts';
import { readBytes } from './read-bytes.ts';
import { readCsv } from './read-csv.ts';
import { readJsonl } from './read-jsonl.ts';
import { readParquet } from './read-parquet.ts';
import { readWhole } from './read-whole.ts';

/** @throws Failure `dataset-*`, `csv-header`, `stopped` */
export async function* readFile(access: FileAccess, file: DatasetFile, options: ReadOptions): AsyncGenerator<Frame> {
  switch (file.format) {
    case 'parquet':
      yield* readParquet(access.parquet, file, options);
      return;
    case 'jsonl':
      yield* readJsonl(readBytes(access, file, options.signal), file.name, isSeekable(file), options);
      return;
    case 'csv':
      yield* readCsv(readBytes(access, file, options.signal), file.name, options);
      return;
    case 'json':
    case 'trajectory':
    case 'text':
      yield* readWhole(readBytes(access, file, options.signal), file, options);
  }
}

/** Whether a record can be read again from the middle of the file. */
export function isSeekable(file: DatasetFile): boolean {
  return file.format === 'jsonl' && formatOf(file.name)?.compression === null;
}
