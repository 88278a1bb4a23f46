/** Records read again by the places where a first pass found them. */

import type { DatasetFile, DatasetRecord, RecordPlace } from '#contract/services.ts';
import type { FileAccess } from './file-access.ts';
import { type Frame, FrameBuilder, type ReadOptions } from './frame.ts';
import { parseJson } from './parse-json.ts';
import { isSeekable, readFile } from './read-file.ts';
import { withoutMark } from './read-jsonl.ts';
import { inTurn, readParquet } from './read-parquet.ts';
import { changed } from './trouble.ts';

/** The records of one file, by index. @throws Failure `dataset-changed` where one is not there any more */
export async function fetchRecords(
  access: FileAccess,
  file: DatasetFile,
  places: readonly RecordPlace[],
  options: ReadOptions,
): Promise<Map<number, DatasetRecord>> {
  const indexes = [...new Set(places.map(({ index }) => index))].sort((a, b) => a - b);
  const found = new Map<number, DatasetRecord>();
  if (isSeekable(file) && places.every(({ span }) => span !== undefined)) {
    await seek(access, file, places, options, found);
  } else if (file.format === 'parquet') {
    await inTurn(async () => {
      for await (const frame of readParquet(access.parquet, file, { ...options, wanted: indexes }))
        keep(frame, found, null);
    });
  } else {
    const wanted = new Set(indexes);
    for await (const frame of readFile(access, file, options)) {
      keep(frame, found, wanted);
      if (found.size === wanted.size) break;
    }
  }
  if (indexes.every((index) => found.has(index))) return found;
  throw changed(file.name);
}

function keep(frame: Frame, found: Map<number, DatasetRecord>, wanted: ReadonlySet<number> | null): void {
  for (const item of frame) {
    if ('record' in item && (wanted === null || wanted.has(item.record.index)))
      found.set(item.record.index, item.record);
  }
}

async function seek(
  access: FileAccess,
  file: DatasetFile,
  places: readonly RecordPlace[],
  options: ReadOptions,
  found: Map<number, DatasetRecord>,
): Promise<void> {
  const distinct = new Map(places.map((place) => [place.index, place]));
  const parts = await access.spans(
    [...distinct.values()].map(({ span }) => span ?? [0, 0]),
    options.signal,
  );
  for (const [at, { index, span }] of [...distinct.values()].entries()) {
    const bytes = parts[at];
    if (span === undefined || bytes === undefined) continue;
    const parsed = parseJson(withoutMark(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
    if (!parsed.ok) throw changed(file.name);
    const frame = new FrameBuilder(file.name, options.columns);
    frame.value(index, parsed.value, bytes.length, span);
    keep(frame.take(), found, null);
  }
}
