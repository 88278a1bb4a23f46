/**
 * Parsed files kept by the digest of their text: parsing is the largest part of planning a long manifest (130 ms at 1,000
 * nodes). Only trees without mistakes and without aliases are kept, so what is read back is what parsing would give.
 */

import type { Json } from '#contract/json.ts';
import { sha256 } from '#util/sha256.ts';
import type { Located, LocatedEntry } from './located.ts';
import type { Parsed } from './parse-yaml.ts';

/** Where trees are kept between runs; losing one costs time. */
export interface TreeCache {
  get(file: string): Promise<Json | undefined>;
  put(file: string, value: Json): Promise<void>;
}

/** Shorter texts are parsed sooner than a file is opened. */
const LEAST_LENGTH = 16_384;

/** An alias, or something that looks like one. */
const ALIAS = /(?:^|[\s,[{:-])\*[^\s*]/;

/** @param keep is given what is to be done once the manifest is known to be without mistakes: a secret written into it is one */
export async function parseCached(
  file: string,
  text: string,
  parse: (file: string, text: string) => Parsed,
  cache: TreeCache | null,
  keep: (put: () => Promise<void>) => void,
): Promise<Parsed> {
  if (cache === null || text.length < LEAST_LENGTH || ALIAS.test(text)) return parse(file, text);
  const digest = sha256(text);
  const known = await cache.get(file);
  const root = isList(known) && known[0] === digest ? decode(known[1] ?? null, file, text.length) : null;
  if (root !== null) return { root, diagnostics: [] };
  const parsed = parse(file, text);
  const encoded = parsed.root === undefined || parsed.diagnostics.length > 0 ? null : encode(parsed.root);
  if (encoded !== null) keep(() => cache.put(file, [digest, encoded]));
  return parsed;
}

/** `[start, end, value]` of a scalar, `[start, end, 0, items]` of a list, `[start, end, 1, [key, start, end, value, …]]` of a map. */
function encode(tree: Located): Json | null {
  if (tree.type === 'hole' || tree.via !== undefined) return null;
  const { start, end } = tree;
  if (tree.type === 'scalar') return [start, end, tree.value];
  const members: Json[] = [];
  if (tree.type === 'list') {
    for (const item of tree.items) {
      const value = encode(item);
      if (value === null) return null;
      members.push(value);
    }
    return [start, end, 0, members];
  }
  for (const [name, { key, value }] of tree.entries) {
    const encoded = encode(value);
    if (encoded === null || key.file !== tree.file) return null;
    members.push(name, key.start, key.end, encoded);
  }
  return [start, end, 1, members];
}

/** Null for what was not written by `encode`. */
function decode(json: Json, file: string, length: number): Located | null {
  if (!isList(json)) return null;
  const [start, end, value = null, members] = json;
  if (!isPlace(start, length) || !isPlace(end, length)) return null;
  if (json.length === 3) {
    if (typeof value === 'object' && value !== null) return null;
    return { type: 'scalar', value, file, start, end };
  }
  if (!isList(members)) return null;
  if (value === 0) {
    const items = members.map((member) => decode(member, file, length));
    return items.includes(null) ? null : { type: 'list', items: items as Located[], file, start, end };
  }
  const entries = new Map<string, LocatedEntry>();
  for (let at = 0; at < members.length; at += 4) {
    const [name, keyStart, keyEnd] = [members[at], members[at + 1], members[at + 2]];
    const member = decode(members[at + 3] ?? null, file, length);
    if (typeof name !== 'string' || !isPlace(keyStart, length) || !isPlace(keyEnd, length) || member === null)
      return null;
    entries.set(name, { key: { file, start: keyStart, end: keyEnd }, value: member });
  }
  return { type: 'map', entries, file, start, end };
}

function isList(json: Json | undefined): json is Json[] {
  return Array.isArray(json);
}

function isPlace(json: Json | undefined, length: number): json is number {
  return typeof json === 'number' && json >= 0 && json <= length;
}
