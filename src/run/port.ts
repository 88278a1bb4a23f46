/** A port: a durable log of rows in canonical order. Producers append, consumers read by position, and nobody waits for a reader. */

import { Failure } from '#contract/failure.ts';
import type { Digest } from '#contract/json.ts';
import type { RowRef } from '#contract/row.ts';
import { PortHasher } from '#keys/port-digest.ts';
import { KeySet } from '#util/key-set.ts';
import { Lru } from '#util/lru.ts';
import { sha256 } from '#util/sha256.ts';
import { LostBody, type Rows } from './rows.ts';

/** A sealed stretch of the log: a blob of one line a row. */
export interface Chunk {
  readonly digest: Digest;
  readonly count: number;
}

/** A port as a node entry holds it. */
export interface PortEntry {
  readonly digest: Digest;
  readonly count: number;
  readonly chunks: readonly Chunk[];
}

/** Chunks end where a row's digest says so, so that an inserted row changes one chunk and not all after it. */
const CHUNK_MAX = 4096;
const isBoundary = (digest: Digest): boolean =>
  digest.charCodeAt(0) === 48 && digest.charCodeAt(1) === 48 && digest.charCodeAt(2) <= 51;

export class Port {
  readonly node: string;
  readonly name: string;
  readonly #rows: Rows;
  readonly #hasher = new PortHasher();
  readonly #chunks: Chunk[] = [];
  /** Position of each chunk's first row. */
  readonly #starts: number[] = [];
  #sealed = 0;
  #open: RowRef[] = [];
  #recent = new Lru<Digest, readonly RowRef[]>(3 * CHUNK_MAX);
  #state: 'open' | 'complete' | 'partial' = 'open';
  #digest: Digest | null = null;
  #waiters: (() => void)[] = [];
  #takers: ((ref: RowRef) => void)[] = [];
  #keys: KeySet | null = null;
  /** Keys whose hash was there before, being looked for in the log. */
  #doubts: Promise<void> = Promise.resolve();
  #duplicate: Failure | null = null;

  constructor(node: string, name: string, rows: Rows) {
    this.node = node;
    this.name = name;
    this.#rows = rows;
  }

  /** A closed port from its entry; nothing is read until a consumer does. */
  static restore(node: string, name: string, rows: Rows, entry: PortEntry): Port {
    const port = new Port(node, name, rows);
    for (const chunk of entry.chunks) {
      port.#chunks.push(chunk);
      port.#starts.push(port.#sealed);
      port.#sealed += chunk.count;
    }
    port.#state = 'complete';
    port.#digest = entry.digest;
    return port;
  }

  get count(): number {
    return this.#sealed + this.#open.length;
  }

  get isClosed(): boolean {
    return this.#state !== 'open';
  }

  get isPartial(): boolean {
    return this.#state === 'partial';
  }

  /** Digest of what the log holds; only meaningful once closed. */
  get digest(): Digest {
    this.#digest ??= this.#hasher.digest();
    return this.#digest;
  }

  /**
   * Appended keys must differ from now on. Asked before the first row: a kind that is reused only as a whole node keeps no
   * keys, so it must give a suffix to all rows of a port or to none.
   */
  demandUniqueKeys(): void {
    if (this.#keys !== null) return;
    if (this.count > 0) {
      throw new Failure('mixed-keys', `${this.node}.${this.name} mixes rows with and without a suffix`, {
        hint: 'the kind must suffix all rows of a port or none, or drop `reuse: node`',
      });
    }
    this.#keys = new KeySet();
  }

  /** @throws Failure `duplicate-key` when keys must be unique and this one is not; at once, or at one of the next rows */
  append(ref: RowRef): void {
    if (this.#duplicate !== null) throw this.#duplicate;
    if (this.#keys !== null && !this.#keys.add(ref.key)) this.#doubt(ref.key);
    this.#hasher.add(ref.key, ref.digest);
    this.#open.push(ref);
    if (isBoundary(ref.digest) || this.#open.length >= CHUNK_MAX) this.#seal();
    this.#wake();
  }

  /** Settled when every key is known to differ; to be waited for before the port is closed as good. @throws Failure `duplicate-key`, LostBody */
  async confirmKeys(): Promise<void> {
    await this.#doubts;
    if (this.#duplicate !== null) throw this.#duplicate;
  }

  /** Equal hashes are no equal keys: the log decides. What is not sealed yet is asked at once. */
  #doubt(key: string): void {
    if (this.#open.some((ref) => ref.key === key)) throw this.#twoRowsOf(key);
    const end = this.#sealed;
    this.#doubts = this.#doubts.then(async () => {
      for (let at = 0; at < end && this.#duplicate === null; ) {
        const refs = await this.read(at, Math.min(CHUNK_MAX, end - at));
        if (refs.some((ref) => ref.key === key)) this.#duplicate = this.#twoRowsOf(key);
        at += refs.length;
      }
    });
    // Told by `confirmKeys`.
    this.#doubts.catch(() => undefined);
  }

  #twoRowsOf(key: string): Failure {
    return new Failure('duplicate-key', `two rows of ${this.node}.${this.name} have the key ${JSON.stringify(key)}`, {
      detail: { key, node: this.node, port: this.name },
      hint: 'keys come from content: give the rows a suffix or key field that tells them apart',
    });
  }

  /** A row that is done but not yet due: consumers with room may start on it. */
  offer(ref: RowRef): void {
    for (const taker of this.#takers) taker(ref);
  }

  onOffer(taker: (ref: RowRef) => void): void {
    this.#takers.push(taker);
  }

  close(isPartial: boolean): void {
    if (this.#open.length > 0) this.#seal();
    this.#state = isPartial ? 'partial' : 'complete';
    this.#takers = [];
    this.#wake();
  }

  /** Resolves when there is more than `position` rows, or the port is closed, or somebody calls `wake`. */
  changed(position: number): Promise<void> {
    if (this.count > position || this.isClosed) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  wake(): void {
    this.#wake();
  }

  closed(): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    return this.changed(this.count).then(() => this.closed());
  }

  /** Up to `max` refs from a position; fewer at a chunk's end, none at the end of what is there. @throws LostBody */
  async read(position: number, max: number): Promise<readonly RowRef[]> {
    if (position >= this.#sealed) {
      const from = position - this.#sealed;
      return this.#open.slice(from, from + max);
    }
    const index = this.#chunkAt(position);
    const chunk = this.#chunks[index];
    const start = this.#starts[index];
    if (chunk === undefined || start === undefined) return [];
    const refs = this.#recent.get(chunk.digest) ?? (await this.#load(chunk));
    return refs.slice(position - start, position - start + max);
  }

  /** The sealed chunk that holds a position, or null where that is still open or beyond the end. */
  chunkOf(position: number): (Chunk & { readonly start: number }) | null {
    if (position >= this.#sealed) return null;
    const index = this.#chunkAt(position);
    const chunk = this.#chunks[index];
    return chunk === undefined ? null : { ...chunk, start: this.#starts[index] ?? 0 };
  }

  /** All rows in order. */
  async *scan(): AsyncGenerator<readonly RowRef[]> {
    for (let at = 0; ; ) {
      const refs = await this.read(at, CHUNK_MAX);
      if (refs.length === 0) return;
      at += refs.length;
      yield refs;
    }
  }

  toEntry(): PortEntry {
    return { digest: this.digest, count: this.count, chunks: this.#chunks };
  }

  #chunkAt(position: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  async #load(chunk: Chunk): Promise<readonly RowRef[]> {
    const [bytes] = await this.#rows.read([chunk.digest]);
    if (bytes === undefined) throw new LostBody(this.node, chunk.digest);
    const refs = decodeChunk(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
    this.#recent.set(chunk.digest, refs, refs.length);
    return refs;
  }

  #seal(): void {
    const refs = this.#open;
    const text = encodeChunk(refs);
    const chunk = { digest: sha256(text), count: refs.length };
    this.#rows.putBlob({ digest: chunk.digest, bytes: Buffer.from(text) });
    this.#recent.set(chunk.digest, refs, refs.length);
    this.#starts.push(this.#sealed);
    this.#chunks.push(chunk);
    this.#sealed += refs.length;
    this.#open = [];
  }

  #wake(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}

export function encodeChunk(refs: readonly RowRef[]): string {
  let text = '';
  for (const { key, digest, action } of refs) text += `${digest}${action}${JSON.stringify(key)}\n`;
  return text;
}

/** A line is the row digest, the action key where there is one, and the key as a JSON string (which starts with `"`). */
export function decodeChunk(text: string): RowRef[] {
  const refs: RowRef[] = [];
  let backslash = text.indexOf('\\');
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const keyAt = text.charCodeAt(at + 64) === 34 ? at + 64 : at + 128;
    if (backslash !== -1 && backslash < at) backslash = text.indexOf('\\', at);
    // Few keys need the parser.
    const isPlain = backslash === -1 || backslash > end;
    refs.push({
      digest: text.slice(at, at + 64),
      action: text.slice(at + 64, keyAt),
      key: isPlain ? text.slice(keyAt + 1, end - 1) : (JSON.parse(text.slice(keyAt, end)) as string),
    });
    at = end + 1;
  }
  return refs;
}
