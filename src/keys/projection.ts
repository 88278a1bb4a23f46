/** The part of a row that a kind declared: its digest is what enters the key, its fields are what the kind is given. */

import type { Digest, Json } from '#contract/json.ts';
import type { Reads } from '#contract/kind.ts';
import type { RowBody } from '#contract/row.ts';
import { setMember } from '#util/json-object.ts';
import { sha256 } from '#util/sha256.ts';
import { canonicalize } from './canonical.ts';

/** A value was accepted on its own; in the projection it lies under `i` and its path. */
const WRAPPING = 2;

/** `Reads` prepared once a node. */
export interface Projection {
  readonly all: boolean;
  readonly withKey: boolean;
  /** Sorted dotted paths; a path of one segment never loads a large value for its digest. */
  readonly paths: readonly { readonly path: string; readonly field: string; readonly rest: readonly string[] }[];
}

export function toProjection(reads: Reads): Projection {
  if (reads === '*') return { all: true, withKey: true, paths: [] };
  const names = Object.keys(reads).sort();
  return {
    all: false,
    withKey: names.includes('$key'),
    paths: names
      .filter((name) => name !== '$key')
      .map((path) => {
        const [field = path, ...rest] = path.split('.');
        return { path, field, rest };
      }),
  };
}

/** The declared paths again, sorted: with the rows, all that the digests depend on. */
export function toReads({ all, withKey, paths }: Projection): string[] {
  return all ? ['*'] : [...(withKey ? ['$key'] : []), ...paths.map(({ path }) => path)].sort();
}

/** Large fields whose value must be at hand before the projection's digest can be worked out (dotted paths only). */
export function fieldsBehindDigest(projection: Projection, body: RowBody): string[] {
  const fields = new Set<string>();
  for (const { field, rest } of projection.paths)
    if (rest.length > 0 && Object.hasOwn(body.b, field)) fields.add(field);
  return [...fields];
}

/** Large fields whose value must be at hand before the kind can be given the row. */
export function fieldsBehindValue(projection: Projection, body: RowBody): string[] {
  if (projection.all) return Object.keys(body.b);
  const fields = new Set<string>();
  for (const { field } of projection.paths) if (Object.hasOwn(body.b, field)) fields.add(field);
  return [...fields];
}

/**
 * Digest of the projected row. Missing fields are left out, so a field that is absent and one that is null differ.
 * @param large values of large fields, at least those of `fieldsBehindDigest`
 */
export function projectionDigest(
  projection: Projection,
  key: string,
  digest: Digest,
  body: RowBody,
  large: ReadonlyMap<string, Json>,
): Digest {
  if (projection.all) return wholeRowDigest(key, digest);
  const inline: { [path: string]: Json } = Object.create(null);
  const byDigest: { [path: string]: Digest } = Object.create(null);
  for (const { path, field, rest } of projection.paths) {
    if (rest.length === 0 && Object.hasOwn(body.b, field)) byDigest[path] = body.b[field] ?? '';
    else {
      const value = valueAt(body, field, rest, large);
      if (value !== undefined) inline[path] = value;
    }
  }
  return sha256(canonicalize({ b: byDigest, i: inline, ...(projection.withKey ? { k: key } : {}) }, WRAPPING));
}

/** Digest of the projection that is the whole row: nothing is read for it. */
export function wholeRowDigest(key: string, digest: Digest): Digest {
  return sha256(canonicalize([key, digest]));
}

/** The fields of a projection; dotted paths come back nested, exactly as in the whole row but without their siblings. */
export function projectFields(
  projection: Projection,
  body: RowBody,
  large: ReadonlyMap<string, Json>,
): { [field: string]: Json } {
  const fields: { [field: string]: Json } = Object.create(null);
  if (projection.all) {
    for (const field of Object.keys(body.i)) fields[field] = body.i[field] ?? null;
    for (const field of Object.keys(body.b)) fields[field] = large.get(field) ?? null;
    return fields;
  }
  for (const { field, rest } of projection.paths) {
    const value = valueAt(body, field, rest, large);
    if (value !== undefined) place(fields, [field, ...rest], value);
  }
  return fields;
}

function valueAt(
  body: RowBody,
  field: string,
  rest: readonly string[],
  large: ReadonlyMap<string, Json>,
): Json | undefined {
  let value: Json | undefined = Object.hasOwn(body.i, field) ? body.i[field] : large.get(field);
  for (const segment of rest) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, segment))
      return undefined;
    value = (value as { readonly [name: string]: Json })[segment];
  }
  return value;
}

function place(target: { [field: string]: Json }, path: readonly string[], value: Json): void {
  let at = target;
  for (const segment of path.slice(0, -1)) {
    const next = Object.hasOwn(at, segment) ? at[segment] : undefined;
    // A whole object read at a shorter path already holds what the longer path asks for.
    if (next !== undefined && !copies.has(next as object)) return;
    const inner = next === undefined ? ownCopy() : (next as { [field: string]: Json });
    setMember(at, segment, inner);
    at = inner;
  }
  setMember(at, path.at(-1) ?? '', value);
}

const copies = new WeakSet<object>();

function ownCopy(): { [field: string]: Json } {
  const copy: { [field: string]: Json } = {};
  copies.add(copy);
  return copy;
}
