/** The bytes of a file in chunks, unpacked. */

import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Failure } from '#contract/failure.ts';
import type { DatasetFile } from '#contract/services.ts';
import type { FileAccess } from './file-access.ts';
import { formatOf } from './format.ts';
import { corrupt, messageOf } from './trouble.ts';
import { unpackZstd } from './unpack-zstd.ts';

const CHUNK = 1 << 19;

/**
 * @throws Failure `dataset-corrupt` (bad or cut-off compression), `dataset-changed` (after the last chunk), `dataset-unreadable`, `stopped`
 */
export async function* readBytes(access: FileAccess, file: DatasetFile, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const packed = access.packed(signal);
  switch (formatOf(file.name)?.compression ?? null) {
    case null:
      yield* packed;
      return;
    case 'zstd':
      yield* unpackZstd(packed, file.name);
      return;
    case 'gzip':
      yield* gunzip(packed, file.name);
  }
}

async function* gunzip(packed: AsyncGenerator<Buffer>, name: string): AsyncGenerator<Buffer> {
  const source = Readable.from(packed, { objectMode: false, highWaterMark: CHUNK });
  const unpacked = createGunzip({ chunkSize: CHUNK });
  source.on('error', (error) => unpacked.destroy(error));
  source.pipe(unpacked);
  try {
    for await (const chunk of unpacked) yield chunk as Buffer;
  } catch (error) {
    throw error instanceof Failure ? error : corrupt(name, `bad gzip data (${messageOf(error)})`, error);
  } finally {
    source.destroy();
  }
}
