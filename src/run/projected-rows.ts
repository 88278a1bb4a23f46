/**
 * Digests of projected rows, kept a chunk of a port at a time. They follow from the rows alone, so whoever changes a kind
 * reads no body to find that a row's action is there; where a chunk was never looked at, they are worked out and kept.
 */

import type { Digest } from '#contract/json.ts';
import { hashKey, writeProjectionsKey } from '#keys/key-writer.ts';
import { type Projection, toReads } from '#keys/projection.ts';
import type { EntryBook } from './entries.ts';
import type { Port } from './port.ts';

export interface ProjectionsEntry {
  /** 32 bytes a row, in base64. */
  readonly rows: string;
}

const DIGEST_BYTES = 32;
/** In shorter chunks there is nothing to save. */
const LEAST = 16;

export class ProjectedRows {
  readonly #port: Port;
  readonly #reads: readonly string[];
  readonly #book: EntryBook<ProjectionsEntry>;
  /** The chunk that was asked for last, and what is known of it. */
  #asked: { readonly start: number; readonly rows: Buffer | null } | null = null;
  /** Worked out from position `#from` on, and not kept yet. */
  #worked: Digest[] = [];
  #from = 0;

  constructor(port: Port, projection: Projection, book: EntryBook<ProjectionsEntry>) {
    this.#port = port;
    this.#reads = toReads(projection);
    this.#book = book;
  }

  /** For `count` rows of one chunk; null where they are to be worked out. */
  async recall(position: number, count: number): Promise<readonly Digest[] | null> {
    const chunk = this.#port.chunkOf(position);
    if (chunk === null || chunk.count < LEAST) return null;
    if (this.#asked?.start !== chunk.start) {
      const [entry] = await this.#book.recall([this.#key(chunk.digest)]);
      this.#asked = { start: chunk.start, rows: toBytes(entry, chunk.count) };
    }
    const { rows } = this.#asked;
    const first = position - chunk.start;
    if (rows === null || first + count > chunk.count) return null;
    return Array.from({ length: count }, (_, nth) => {
      const at = (first + nth) * DIGEST_BYTES;
      return rows.toString('hex', at, at + DIGEST_BYTES);
    });
  }

  /** What was worked out, in the order of the log; a stretch left out costs only the chunks that it lies in. */
  note(position: number, digests: readonly Digest[]): void {
    if (position !== this.#from + this.#worked.length) {
      this.#worked = [];
      this.#from = position;
    }
    for (const digest of digests) this.#worked.push(digest);
    this.keep();
  }

  /** Keeps what is known of chunks that are sealed by now. */
  keep(): void {
    for (;;) {
      const chunk = this.#port.chunkOf(this.#from);
      if (chunk === null) return;
      const end = chunk.start + chunk.count - this.#from;
      if (this.#worked.length < end) return;
      const digests = this.#worked.slice(0, end);
      this.#worked = this.#worked.slice(end);
      this.#from += end;
      if (digests.length < chunk.count || chunk.count < LEAST) continue;
      const rows = Buffer.from(digests.join(''), 'hex').toString('base64');
      this.#book.keep(this.#key(chunk.digest), { rows }, false);
    }
  }

  #key(chunk: Digest): Digest {
    return hashKey('projections', writeProjectionsKey(chunk, this.#reads));
  }
}

function toBytes(entry: ProjectionsEntry | undefined, count: number): Buffer | null {
  if (typeof entry?.rows !== 'string') return null;
  const bytes = Buffer.from(entry.rows, 'base64');
  return bytes.byteLength === count * DIGEST_BYTES ? bytes : null;
}
