/** How the bytes of one file are come by, whether it lies here or elsewhere. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Failure } from '#contract/failure.ts';
import type { DatasetFile } from '#contract/services.ts';
import type { ByteRange } from './ranged-bytes.ts';
import type { ParquetSource } from './read-parquet.ts';
import { changed, stopped, unreadable } from './trouble.ts';

const CHUNK = 1 << 19;

export interface FileAccess {
  readonly parquet: ParquetSource;
  /** As stored, held against the digest that the plan saw. @throws Failure `dataset-*` (`dataset-changed` after the last chunk), `stopped` */
  packed(signal?: AbortSignal): AsyncGenerator<Buffer>;
  /** Parts of it. @throws Failure `dataset-*` */
  spans(spans: readonly ByteRange[], signal?: AbortSignal): Promise<readonly Uint8Array[]>;
}

export function localAccess(path: string, file: DatasetFile): FileAccess {
  return {
    parquet: path,
    packed: (signal) => readPacked(path, file, signal),
    spans: (spans) => readSpans(path, file, spans),
  };
}

async function* readPacked(path: string, file: DatasetFile, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) {
      if (signal?.aborted) throw stopped(file.name);
      hash.update(chunk as Buffer);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(file.name, error);
  }
  if (hash.digest('hex') !== file.digest) throw changed(file.name);
}

async function readSpans(path: string, file: DatasetFile, spans: readonly ByteRange[]): Promise<readonly Uint8Array[]> {
  try {
    await using handle = await open(path);
    if ((await handle.stat()).size !== file.bytes) throw changed(file.name);
    const parts: Uint8Array[] = [];
    for (const [start, end] of spans) {
      const bytes = Buffer.allocUnsafe(end - start);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      parts.push(bytes.subarray(0, bytesRead));
    }
    return parts;
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(file.name, error);
  }
}
