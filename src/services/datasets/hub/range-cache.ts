/** Ranges that were fetched, kept in the store by what they are of: a digest of the file and the range, never an address. */

import type { Store } from '#contract/store.ts';
import { Lru } from '#util/lru.ts';
import { hashTexts, sha256 } from '#util/sha256.ts';
import type { ByteRange } from '../ranged-bytes.ts';

const HELD_BYTES = 32 << 20;
/** Larger ranges are row groups without pages: kept on disk alone. */
const MOST_HELD = 4 << 20;

export class RangeCache {
  readonly #store: Pick<Store, 'blobs' | 'entries'>;
  readonly #run: string;
  /** Of this process, by file. */
  readonly #keys = new Map<string, Set<string>>();
  readonly #held = new Lru<string, Uint8Array>(HELD_BYTES);

  constructor(store: Pick<Store, 'blobs' | 'entries'>, run: string) {
    this.#store = store;
    this.#run = run;
  }

  /** In the order of the ranges; undefined where one is not kept, or was damaged. */
  async get(file: string, ranges: readonly ByteRange[]): Promise<(Uint8Array | undefined)[]> {
    const keys = ranges.map((range) => this.#keyOf(file, range));
    const found = keys.map((key, nth) => fitting(this.#held.get(key), ranges[nth]));
    const open = keys.flatMap((key, nth) => (found[nth] === undefined ? [{ key, nth }] : []));
    if (open.length === 0) return found;
    const entries = await this.#store.entries.get(
      'action',
      open.map(({ key }) => key),
    );
    const kept = open.flatMap(({ key, nth }, at) => {
      const digest = entries[at]?.body['range'];
      return typeof digest === 'string' && digest !== '' ? [{ key, nth, digest }] : [];
    });
    const bodies = await this.#store.blobs.get(kept.map(({ digest }) => digest));
    for (const [at, { key, nth }] of kept.entries()) {
      const bytes = fitting(bodies[at], ranges[nth]);
      if (bytes === undefined) continue;
      found[nth] = bytes;
      this.#hold(key, bytes);
    }
    return found;
  }

  async put(file: string, parts: readonly { readonly range: ByteRange; readonly bytes: Uint8Array }[]): Promise<void> {
    const blobs = parts.map(({ bytes }) => ({ digest: sha256(bytes), bytes }));
    await this.#store.blobs.put(blobs);
    const origin = { run: this.#run };
    const entries = parts.map(({ range }, at) => ({
      key: this.#keyOf(file, range),
      body: { range: blobs[at]?.digest ?? '' },
      origin,
    }));
    await this.#store.entries.put('action', entries, { replace: true });
    for (const { range, bytes } of parts) this.#hold(this.#keyOf(file, range), bytes);
  }

  /** What is kept of a file turned out to be damaged: it is fetched again next time. */
  async forget(file: string): Promise<void> {
    const keys = [...(this.#keys.get(file) ?? [])];
    for (const key of keys) this.#held.set(key, NOTHING, 0);
    const entries = keys.map((key) => ({ key, body: { range: '' }, origin: { run: this.#run } }));
    if (entries.length > 0) await this.#store.entries.put('action', entries, { replace: true });
    this.#keys.delete(file);
  }

  #keyOf(file: string, range: ByteRange): string {
    const key = keyOf(file, range);
    const keys = this.#keys.get(file) ?? new Set();
    this.#keys.set(file, keys.add(key));
    return key;
  }

  #hold(key: string, bytes: Uint8Array): void {
    if (bytes.length <= MOST_HELD) this.#held.set(key, bytes, bytes.length);
  }
}

const NOTHING = new Uint8Array(0);

function fitting(bytes: Uint8Array | undefined, range: ByteRange | undefined): Uint8Array | undefined {
  return bytes !== undefined && range !== undefined && bytes.length === range[1] - range[0] ? bytes : undefined;
}

function keyOf(file: string, [start, end]: ByteRange): string {
  return hashTexts('range', file, String(start), String(end));
}
