/**
 * Action keys of rows, kept a chunk of a port at a time. They follow from the chunk and the node's fingerprint alone, so that
 * a row whose action is recalled is not read for its key. Where a chunk was never looked at, they are worked out and kept.
 */

import type { Digest } from '#contract/json.ts';
import { hashKey, writeActionsKey } from '#keys/key-writer.ts';
import { type Projection, toReads } from '#keys/projection.ts';
import type { EntryBook } from './entries.ts';
import type { Port } from './port.ts';

export interface ActionKeysEntry {
  /** 32 bytes a row, in base64. */
  readonly keys: string;
}

const DIGEST_BYTES = 32;
/** In shorter chunks there is nothing to save. */
const LEAST = 16;

export class KnownActions {
  readonly #port: Port;
  readonly #fingerprint: Digest;
  readonly #reads: readonly string[];
  readonly #book: EntryBook<ActionKeysEntry>;
  /** The chunk that was asked for last, and what is known of it. */
  #asked: { readonly start: number; readonly keys: Buffer | null } | null = null;
  /** Worked out from position `#from` on, and not kept yet. */
  #worked: Digest[] = [];
  #from = 0;

  constructor(port: Port, fingerprint: Digest, projection: Projection, book: EntryBook<ActionKeysEntry>) {
    this.#port = port;
    this.#fingerprint = fingerprint;
    this.#reads = toReads(projection);
    this.#book = book;
  }

  /** For `count` rows of one chunk; null where they are to be worked out. */
  async recall(position: number, count: number): Promise<readonly Digest[] | null> {
    const chunk = this.#port.chunkOf(position);
    if (chunk === null || chunk.count < LEAST) return null;
    if (this.#asked?.start !== chunk.start) {
      const [entry] = await this.#book.recall([this.#key(chunk.digest)]);
      this.#asked = { start: chunk.start, keys: toBytes(entry, chunk.count) };
    }
    const { keys } = this.#asked;
    const first = position - chunk.start;
    if (keys === null || first + count > chunk.count) return null;
    return Array.from({ length: count }, (_, nth) => {
      const at = (first + nth) * DIGEST_BYTES;
      return keys.toString('hex', at, at + DIGEST_BYTES);
    });
  }

  /** What was worked out, in the order of the log; a stretch left out costs only the chunks that it lies in. */
  note(position: number, keys: readonly Digest[]): void {
    if (position !== this.#from + this.#worked.length) {
      this.#worked = [];
      this.#from = position;
    }
    for (const key of keys) this.#worked.push(key);
    this.keep();
  }

  /** Keeps what is known of chunks that are sealed by now. */
  keep(): void {
    for (;;) {
      const chunk = this.#port.chunkOf(this.#from);
      if (chunk === null) return;
      const end = chunk.start + chunk.count - this.#from;
      if (this.#worked.length < end) return;
      const worked = this.#worked.slice(0, end);
      this.#worked = this.#worked.slice(end);
      this.#from += end;
      if (worked.length < chunk.count || chunk.count < LEAST) continue;
      const keys = Buffer.from(worked.join(''), 'hex').toString('base64');
      this.#book.keep(this.#key(chunk.digest), { keys }, false);
    }
  }

  #key(chunk: Digest): Digest {
    return hashKey('actions', writeActionsKey(this.#fingerprint, chunk, this.#reads));
  }
}

function toBytes(entry: ActionKeysEntry | undefined, count: number): Buffer | null {
  if (typeof entry?.keys !== 'string') return null;
  const bytes = Buffer.from(entry.keys, 'base64');
  return bytes.byteLength === count * DIGEST_BYTES ? bytes : null;
}
