/** Parquet files, one row group at a time; only the named columns are read. Nothing is decoded in this process. */

import { Failure } from '#contract/failure.ts';
import type { DatasetFile } from '#contract/services.ts';
import type { Frame, ReadOptions } from './frame.ts';
import { DecoderLost, ParquetDecoder } from './parquet-decoder.ts';
import type { Order, Word } from './parquet-decoder-main.ts';
import { corrupt, stopped, unreadable } from './trouble.ts';

/** A decoder does 50 MB a second and more; ten times that is a busy machine, not a loop. */
const DEADLINE_MS = 10_000;
const DEADLINE_MS_PER_BYTE = 1000 / 10e6;

/** A decoder that had a group of this size to unpack is not kept: its memory would stay. */
const LARGE_GROUP_BYTES = 64 << 20;

type Opened = Extract<Word, { type: 'opened' }>;
type Framed = Extract<Word, { type: 'frame' }>;

/**
 * @param wanted zero-based rows of the file, ascending; row groups without one are not read
 * @throws Failure `dataset-corrupt`, `dataset-too-large`, naming file and row group
 */
export async function* readParquet(
  path: string,
  file: DatasetFile,
  options: ReadOptions & { readonly wanted?: readonly number[] },
): AsyncGenerator<Frame> {
  const { columns, signal, wanted, decodeMs = DEADLINE_MS } = options;
  const decoder = ParquetDecoder.take();
  let largest = 0;
  const ask = async <T extends Word>(order: Order, what: string, bytes: number): Promise<T> => {
    if (signal?.aborted) throw stopped(file.name);
    const word = await decoder.ask(order, signal).catch((error: unknown) => {
      throw signal?.aborted ? stopped(file.name) : toFailure(error, file.name, what, bytes);
    });
    if (word.type !== 'failed') return word as T;
    const { code, message, scope, hint } = word;
    throw new Failure(code, message, hint === undefined ? { scope } : { scope, hint });
  };
  try {
    const { groups } = await ask<Opened>(
      { type: 'open', path, name: file.name, columns, ms: decodeMs },
      'its footer',
      0,
    );
    for (const [nth, { start, rows, bytes }] of groups.entries()) {
      const here = wanted?.filter((row) => row >= start && row < start + rows);
      if (here?.length === 0) continue;
      largest = Math.max(largest, bytes);
      const ms = decodeMs + Math.min(bytes, 2 ** 31) * DEADLINE_MS_PER_BYTE;
      const what = `row group ${nth}`;
      for (let word = ask<Framed>({ type: 'group', nth, wanted: here, ms }, what, bytes); ; ) {
        const { frame, isLast } = await word;
        // Made ready while the reader is busy with this one.
        if (!isLast) word = ask<Framed>({ type: 'next', ms }, what, bytes);
        word.catch(() => {});
        if (frame.length > 0) yield frame;
        if (isLast) break;
      }
    }
  } finally {
    decoder.release(largest > LARGE_GROUP_BYTES);
  }
}

function toFailure(error: unknown, name: string, what: string, bytes: number): Failure {
  if (!(error instanceof DecoderLost) || error.reason === 'unstarted') return unreadable(name, error);
  if (error.reason === 'late' || bytes < LARGE_GROUP_BYTES)
    return corrupt(name, `${what} cannot be read (${error.message})`, error);
  const hint = 'write the file again with smaller row groups, or raise the limit by NODE_OPTIONS=--max-old-space-size';
  return new Failure('dataset-too-large', `${name}: ${what} cannot be read (${error.message})`, { hint });
}
