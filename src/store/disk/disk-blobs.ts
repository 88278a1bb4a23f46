/** Bodies in packs: stored once, checked against their digest at every read, looked for in every place that may hold them. */

import type { Digest } from '#contract/json.ts';
import type { Blob, BlobStore } from '#contract/store.ts';
import { sha256 } from '#util/sha256.ts';
import { joinItems } from '../blob-bytes.ts';
import { FRAME, frameType, HEAD_BYTES, isFrameOf, payloadLength } from './frame.ts';
import type { PackStore } from './pack-store.ts';
import { ReadCursor } from './read-cursor.ts';

const DIGEST_BYTES = 32;

export class DiskBlobs implements BlobStore {
  readonly #store: PackStore;
  readonly #cursor: ReadCursor;
  /** Of those only asked for: they are mostly asked for in the order of writing, too. */
  readonly #asked: ReadCursor;
  /** Of those put again: a source whose file grew gives most of its rows as it did before. */
  readonly #rewritten: ReadCursor;
  /** Read and found wrong: to be stored again even where the index knows a place. */
  readonly #damaged = new Set<Digest>();
  readonly #places: number[] = [];

  constructor(store: PackStore) {
    this.#store = store;
    this.#cursor = new ReadCursor(store.packs);
    this.#asked = new ReadCursor(store.packs);
    this.#rewritten = new ReadCursor(store.packs);
  }

  async has(digests: readonly Digest[]): Promise<boolean[]> {
    this.#store.load();
    return digests.map((digest) => this.#has(digest));
  }

  async get(digests: readonly Digest[]): Promise<(Uint8Array | undefined)[]> {
    this.#store.load();
    const found = digests.map((digest) => this.#read(digest));
    if (!found.includes(undefined)) return found;
    // Another process may have put them since we looked.
    this.#store.refresh();
    return digests.map((digest, index) => found[index] ?? this.#readOrForget(digest));
  }

  async put(blobs: readonly Blob[]): Promise<void> {
    this.#store.load();
    const now = Date.now();
    for (const blob of blobs) {
      if ('bytes' in blob) this.#putPlain(blob.digest, blob.bytes, now);
      else this.#putList(blob.digest, blob.items, now);
    }
    await this.#store.breathe();
  }

  // ---- reading --------------------------------------------------------------------------------------------------

  #readOrForget(digest: Digest): Buffer | undefined {
    const bytes = this.#read(digest);
    if (bytes === undefined) this.#damaged.add(digest);
    else this.#damaged.delete(digest);
    return bytes;
  }

  /** @param isItem items of lists are plain, so that a tampered list cannot lead back to itself */
  #read(digest: Digest, isItem = false): Buffer | undefined {
    const guessed = this.#cursor.guess(digest);
    const bytes = guessed < 0 ? undefined : this.#readAt(guessed, digest, isItem);
    if (bytes !== undefined) return bytes;
    // A list reads its items in between, so the places must be its own.
    const places: number[] = [];
    this.#store.blobs.index.places(digest, places);
    for (const place of places) {
      const found = this.#readAt(place, digest, isItem);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A copy of the body, or undefined where what lies there is not it. */
  #readAt(place: number, digest: Digest, isItem: boolean): Buffer | undefined {
    const { packs } = this.#store;
    const pack = packs.packOf(place);
    if (pack === undefined || !packs.frame(pack, packs.offsetOf(place))) return undefined;
    const { bytes, at } = packs;
    const length = payloadLength(bytes, at);
    const payload = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
    const type = frameType(bytes, at);
    if (type === FRAME.blob) {
      if (sha256(payload) !== digest) return undefined;
      const copy = Buffer.from(payload);
      this.#cursor.passed(place, HEAD_BYTES + length);
      return copy;
    }
    if (isItem || type !== FRAME.list || !isFrameOf(bytes, at, digest)) return undefined;
    const items = this.#readItems(toDigests(payload));
    if (items === undefined) return undefined;
    const joined = joinItems(items);
    if (sha256(joined) !== digest) return undefined;
    this.#cursor.passed(place, HEAD_BYTES + length);
    return joined;
  }

  #readItems(digests: readonly Digest[]): Buffer[] | undefined {
    const items: Buffer[] = [];
    for (const digest of digests) {
      const item = this.#read(digest, true);
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }

  /** By heads alone: a body changed in place is found out when it is read. */
  #has(digest: Digest, isItem = false): boolean {
    if (this.#damaged.has(digest)) return false;
    if (this.#store.blobs.index.own(digest) !== undefined) return true;
    const guessed = this.#asked.guess(digest);
    if (guessed >= 0 && this.#isAt(guessed, digest, isItem)) return true;
    const places: number[] = [];
    this.#store.blobs.index.places(digest, places);
    return places.some((place) => this.#isAt(place, digest, isItem));
  }

  #isAt(place: number, digest: Digest, isItem: boolean): boolean {
    const { packs } = this.#store;
    const pack = packs.packOf(place);
    if (pack === undefined || !packs.frame(pack, packs.offsetOf(place))) return false;
    const { bytes, at } = packs;
    if (!isFrameOf(bytes, at, digest)) return false;
    const type = frameType(bytes, at);
    const length = payloadLength(bytes, at);
    if (type === FRAME.list && !isItem) {
      const payload = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
      if (!toDigests(payload).every((item) => this.#has(item, true))) return false;
    } else if (type !== FRAME.blob) return false;
    this.#asked.passed(place, HEAD_BYTES + length);
    return true;
  }

  /** The items of a list, or null where the body is plain or not there. */
  itemsOf(digest: Digest): Digest[] | null {
    const { packs } = this.#store;
    const places: number[] = [];
    this.#store.blobs.index.places(digest, places);
    for (const place of places) {
      const pack = packs.packOf(place);
      if (pack === undefined || !packs.frame(pack, packs.offsetOf(place))) continue;
      const { bytes, at } = packs;
      if (!isFrameOf(bytes, at, digest) || frameType(bytes, at) !== FRAME.list) continue;
      return toDigests(bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + payloadLength(bytes, at)));
    }
    return null;
  }

  // ---- writing --------------------------------------------------------------------------------------------------

  #putPlain(digest: Digest, bytes: Uint8Array, now: number): void {
    if (this.#isStored(digest, FRAME.blob, bytes)) return;
    this.#append(FRAME.blob, digest, bytes, now);
  }

  #putList(digest: Digest, items: readonly { readonly digest: Digest; readonly bytes: Uint8Array }[], now: number) {
    for (const item of items) this.#putPlain(item.digest, item.bytes, now);
    const payload = Buffer.allocUnsafe(items.length * DIGEST_BYTES);
    for (const [index, item] of items.entries()) payload.write(item.digest, index * DIGEST_BYTES, DIGEST_BYTES, 'hex');
    if (this.#isStored(digest, FRAME.list, payload)) return;
    this.#append(FRAME.list, digest, payload, now);
  }

  #append(type: typeof FRAME.blob | typeof FRAME.list, digest: Digest, payload: Uint8Array, now: number): void {
    const { writer, index } = this.#store.blobs;
    index.add(digest, writer.append(type, digest, payload, now));
    this.#damaged.delete(digest);
  }

  /** What other writers left is compared byte by byte, so that after a put the body is there whatever happened to the disk. */
  #isStored(digest: Digest, type: number, payload: Uint8Array): boolean {
    if (this.#damaged.has(digest)) return false;
    const { index } = this.#store.blobs;
    if (index.own(digest) !== undefined) return true;
    const guessed = this.#rewritten.guess(digest);
    if (guessed >= 0 && this.#isSame(guessed, type, payload)) return true;
    index.places(digest, this.#places);
    return this.#places.some((place) => this.#isSame(place, type, payload));
  }

  #isSame(place: number, type: number, payload: Uint8Array): boolean {
    const { packs } = this.#store;
    const pack = packs.packOf(place);
    if (pack === undefined || !packs.frame(pack, packs.offsetOf(place))) return false;
    const { bytes, at } = packs;
    const length = payloadLength(bytes, at);
    if (frameType(bytes, at) !== type || length !== payload.byteLength) return false;
    if (bytes.compare(payload, 0, length, at + HEAD_BYTES, at + HEAD_BYTES + length) !== 0) return false;
    this.#rewritten.passed(place, HEAD_BYTES + length);
    return true;
  }
}

function toDigests(payload: Buffer): Digest[] {
  const text = payload.toString('hex');
  const digests: Digest[] = [];
  for (let at = 0; at + 64 <= text.length; at += 64) digests.push(text.slice(at, at + 64));
  return digests;
}
