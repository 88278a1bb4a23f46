/** Records read again by the places where a first pass found them. */

import { open } from 'node:fs/promises';
import { Failure } from '#contract/failure.ts';
import type { DatasetFile, DatasetRecord, RecordPlace } from '#contract/services.ts';
import { type Frame, FrameBuilder, type ReadOptions } from './frame.ts';
import { parseJson } from './parse-json.ts';
import { isSeekable, readFile } from './read-file.ts';
import { withoutMark } from './read-jsonl.ts';
import { readParquet } from './read-parquet.ts';
import { changed, unreadable } from './trouble.ts';

/** The records of one file, by index. @throws Failure `dataset-changed` where one is not there any more */
export async function fetchRecords(
  path: string,
  file: DatasetFile,
  places: readonly RecordPlace[],
  options: ReadOptions,
): Promise<Map<number, DatasetRecord>> {
  const indexes = [...new Set(places.map(({ index }) => index))].sort((a, b) => a - b);
  const found = new Map<number, DatasetRecord>();
  if (isSeekable(file) && places.every(({ span }) => span !== undefined)) {
    await seek(path, file, places, options, found);
  } else if (file.format === 'parquet') {
    await inTurn(async () => {
      for await (const frame of readParquet(path, file, { ...options, wanted: indexes })) keep(frame, found, null);
    });
  } else {
    const wanted = new Set(indexes);
    for await (const frame of readFile(path, file, options)) {
      keep(frame, found, wanted);
      if (found.size === wanted.size) break;
    }
  }
  if (indexes.every((index) => found.has(index))) return found;
  throw changed(file.name);
}

let lastTurn: Promise<void> = Promise.resolve();

/** Every Parquet reader has a process of its own, and lookups come by the dozen. */
function inTurn(work: () => Promise<void>): Promise<void> {
  const turn = lastTurn.then(work);
  lastTurn = turn.catch(() => undefined);
  return turn;
}

function keep(frame: Frame, found: Map<number, DatasetRecord>, wanted: ReadonlySet<number> | null): void {
  for (const item of frame) {
    if ('record' in item && (wanted === null || wanted.has(item.record.index)))
      found.set(item.record.index, item.record);
  }
}

async function seek(
  path: string,
  file: DatasetFile,
  places: readonly RecordPlace[],
  options: ReadOptions,
  found: Map<number, DatasetRecord>,
): Promise<void> {
  try {
    await using handle = await open(path);
    if ((await handle.stat()).size !== file.bytes) throw changed(file.name);
    for (const { index, span } of places) {
      if (found.has(index) || span === undefined) continue;
      const bytes = Buffer.allocUnsafe(span[1] - span[0]);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, span[0]);
      const parsed = parseJson(withoutMark(bytes.subarray(0, bytesRead)));
      if (!parsed.ok) throw changed(file.name);
      const frame = new FrameBuilder(file.name, options.columns);
      frame.value(index, parsed.value, bytes.length, span);
      keep(frame.take(), found, null);
    }
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(file.name, error);
  }
}
