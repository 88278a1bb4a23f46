/** Rows to bytes and back: small fields inline, large ones by digest, so that carrying a field costs its digest. */

import type { Digest, Json, JsonObject } from '#contract/json.ts';
import type { RowBody } from '#contract/row.ts';
import type { Blob } from '#contract/store.ts';
import { sha256 } from '#util/sha256.ts';
import { canonicalize } from './canonical.ts';

/** Canonical UTF-16 length from which a value is stored apart. Part of the row format: changing it changes every digest. */
export const INLINE_LIMIT = 512;

/** Arrays at least this long (canonical) are stored item by item, so that the growing history of a trajectory is stored once. */
const LIST_LIMIT = 4096;
/** … but not lists of small things, such as an embedding's numbers: each item costs about 90 bytes of its own. Not part of any digest. */
const LIST_ITEM_LEAST = 128;

/** Fields in the form of a row's, before anything is hashed. */
export interface EncodedFields {
  readonly body: RowBody;
  /** Values of the large fields that were set; not those carried. */
  readonly blobs: readonly Blob[];
}

export interface EncodedRow extends EncodedFields {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/**
 * Lays `set` over `carried` and encodes the result.
 * @throws NotCanonical for values that have no canonical form
 */
export function encodeRow(set: JsonObject, carried?: RowBody, unset: readonly string[] = []): EncodedRow {
  const { body, blobs } = layFields(set, carried, unset);
  const bytes = Buffer.from(canonicalize(body as unknown as Json));
  return { digest: sha256(bytes), bytes, body, blobs };
}

/**
 * Fields that are not a row of their own, but are about to be laid over one.
 * @throws NotCanonical for values that have no canonical form
 */
export function encodeFields(set: JsonObject): EncodedFields {
  const fields = layFields(set, undefined, []);
  // What is inline has not been looked at; large values have.
  canonicalize(fields.body as unknown as Json);
  return fields;
}

function layFields(set: JsonObject, carried: RowBody | undefined, unset: readonly string[]): EncodedFields {
  const inline: { [field: string]: Json } = carried ? { ...carried.i } : {};
  const large: { [field: string]: Digest } = carried ? { ...carried.b } : {};
  const blobs: Blob[] = [];
  for (const field of unset) {
    delete inline[field];
    delete large[field];
  }
  for (const field of Object.keys(set)) {
    const value = set[field];
    if (value === undefined) continue;
    if (carried !== undefined) {
      delete inline[field];
      delete large[field];
    }
    const blob = encodeLarge(value);
    if (blob === null) {
      define(inline, field, value);
    } else {
      blobs.push(blob);
      define(large, field, blob.digest);
    }
  }
  return { body: { i: inline, b: large }, blobs };
}

/** Assignment that treats `__proto__` as the plain field it is in hostile data. */
function define(target: object, field: string, value: Json): void {
  if (field === '__proto__')
    Object.defineProperty(target, field, { value, enumerable: true, writable: true, configurable: true });
  else (target as { [field: string]: Json })[field] = value;
}

/** The blob of a value too large to be inline, else null. */
function encodeLarge(value: Json): Blob | null {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return null;
  if (typeof value === 'string' && value.length < INLINE_LIMIT / 8) return null;
  if (Array.isArray(value) && value.length > 1) {
    // Not `map`, which would skip the holes of a sparse array.
    const texts = Array.from(value as readonly Json[], canonicalItem);
    const text = `[${texts.join(',')}]`;
    if (text.length < INLINE_LIMIT) return null;
    if (text.length < Math.max(LIST_LIMIT, value.length * LIST_ITEM_LEAST))
      return { digest: sha256(text), bytes: Buffer.from(text) };
    return { digest: sha256(text), items: value.map((item, index) => itemBlob(item, texts[index] ?? '')) };
  }
  const text = canonicalize(value);
  return text.length < INLINE_LIMIT ? null : { digest: sha256(text), bytes: Buffer.from(text) };
}

/** Messages are shared objects over all turns of a trajectory, so their text is worked out once. */
const itemTexts = new WeakMap<object, string>();
const itemBlobs = new WeakMap<object, { digest: Digest; bytes: Uint8Array }>();

function canonicalItem(item: Json): string {
  if (typeof item !== 'object' || item === null) return canonicalize(item);
  let text = itemTexts.get(item);
  if (text === undefined) {
    text = canonicalize(item);
    if (isSettled(item)) itemTexts.set(item, text);
  }
  return text;
}

/** Nobody can change it any more, at any depth. */
function isSettled(item: object): boolean {
  return Object.isFrozen(item) && Object.values(item).every((member) => typeof member !== 'object' || member === null);
}

function itemBlob(item: Json, text: string): { digest: Digest; bytes: Uint8Array } {
  const known = typeof item === 'object' && item !== null ? itemBlobs.get(item) : undefined;
  if (known !== undefined) return known;
  const blob = { digest: sha256(text), bytes: Buffer.from(text) };
  if (typeof item === 'object' && item !== null && isSettled(item)) itemBlobs.set(item, blob);
  return blob;
}

export function decodeRowBody(bytes: Uint8Array): RowBody {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')) as RowBody;
}

/** The digest that a field's value has in projections: of its canonical JSON, wherever it is stored. */
export function fieldDigest(body: RowBody, field: string): Digest | null {
  if (Object.hasOwn(body.b, field)) return body.b[field] ?? null;
  if (!Object.hasOwn(body.i, field)) return null;
  return sha256(canonicalize(body.i[field] ?? null));
}
