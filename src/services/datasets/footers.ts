/** Footers that the decoder has parsed already: a shard that is drawn from is opened time and again. */

import type { FileMetaData } from 'hyparquet';
import { Lru } from '#util/lru.ts';
import { ParquetFile } from './parquet-file.ts';
import { type ByteRange, RangedBytes } from './ranged-bytes.ts';

/** Of footers as they are written; parsed they take some fifteen times as much. */
const MOST_BYTES = 4 << 20;

interface Footer {
  readonly bytes: RangedBytes;
  readonly metadata: FileMetaData;
}

export class Footers {
  readonly #ask: (ranges: readonly ByteRange[]) => Promise<readonly Uint8Array[]>;
  #known = new Lru<string, Footer>(MOST_BYTES);

  constructor(ask: (ranges: readonly ByteRange[]) => Promise<readonly Uint8Array[]>) {
    this.#ask = ask;
  }

  /** @param key differs wherever the bytes may differ */
  async open(key: string, size: number, name: string, columns: readonly string[] | undefined): Promise<ParquetFile> {
    const known = this.#known.get(key);
    if (known !== undefined) return ParquetFile.ranged(known.bytes, known.metadata, name, columns);
    const bytes = new RangedBytes(size, this.#ask);
    const metadata = await ParquetFile.readFooter(bytes, name);
    this.#known.set(key, { bytes, metadata }, metadata.metadata_length);
    return ParquetFile.ranged(bytes, metadata, name, columns);
  }

  clear(): void {
    this.#known = new Lru(MOST_BYTES);
  }
}
