/** The static half of every key of a node, as named parts. What is left out on purpose: ids, paths, prices, concurrency. */

import type { Digest, Json, JsonObject } from '#contract/json.ts';
import type { Reads } from '#contract/kind.ts';
import type { KeyPart } from '#contract/plan.ts';
import type { TSchema } from '#contract/schema.ts';
import { hashKey, writeFingerprint } from '#keys/key-writer.ts';
import { isObject, setMember } from '#util/json-object.ts';
import type { Draft } from './draft.ts';
import type { PlanEnvironment } from './environment.ts';

export async function fingerprint(draft: Draft, env: PlanEnvironment): Promise<{ parts: KeyPart[]; digest: Digest }> {
  const { kind, entry, node, keyed } = draft;
  const parts: KeyPart[] = [
    { name: 'kind', value: kind.name },
    /** Version of a built-in kind, digest of the import closure of a user's own. */
    { name: 'kind.code', value: entry.identity },
    { name: 'kind.scope', value: kind.scope },
  ];
  for (const field of Object.keys(keyed).sort()) parts.push({ name: `config.${field}`, value: keyed[field] ?? null });
  /** Which fields are read decides what the projection means; schemas decide only what is refused, and refusals are kept. */
  for (const input of Object.keys(draft.reads).sort())
    parts.push({ name: `reads.${input}`, value: toPart(draft.reads[input] ?? {}) });
  for (const name of Object.keys(draft.lookups).sort()) {
    const { match, by, missing, many, reads } = draft.lookups[name] as Draft['lookups'][string];
    parts.push({ name: `lookup.${name}`, value: { match, by, missing, many, reads: toPart(reads) } });
  }
  if (kind.scope === 'whole' && kind.namesPorts === true) {
    for (const input of Object.keys(draft.inputs).sort())
      parts.push({
        name: `names.${input}`,
        value: (draft.inputs[input] ?? []).map((port) => `${port.node}.${port.port}`),
      });
  }
  for (const need of [...(kind.needs ?? [])].sort()) {
    const identity = await env.serviceIdentity(need, draft.config);
    if (identity !== null) parts.push({ name: `service.${need}`, value: identity });
  }
  /** A user's way to start afresh. */
  if (node.salt !== null) parts.push({ name: 'salt', value: node.salt });
  return { parts, digest: hashKey('fingerprint', writeFingerprint(parts)) };
}

function toPart(reads: Reads): Json {
  if (reads === '*') return '*';
  return Object.fromEntries(
    Object.entries(reads).map(([path, { schema, optional }]) => {
      const shape = shapeOf(schema);
      return [path, optional === true ? { optional, ...(shape as JsonObject) } : shape];
    }),
  );
}

/** Words about a schema; they refuse no row. */
const ANNOTATIONS = new Set(['description', 'title', 'default', 'examples', '$comment']);

const shapes = new WeakMap<TSchema, Json>();

/** Schemas belong to kinds, of which there are few. */
function shapeOf(schema: TSchema): Json {
  let shape = shapes.get(schema);
  if (shape === undefined) {
    shape = strip(JSON.parse(JSON.stringify(schema)) as Json, false);
    shapes.set(schema, shape);
  }
  return shape;
}

/** @param named whether the members are names of fields rather than keywords */
function strip(value: Json, named: boolean): Json {
  if (Array.isArray(value)) return value.map((item) => strip(item as Json, false));
  if (!isObject(value)) return value;
  const kept: { [name: string]: Json } = {};
  for (const [name, member] of Object.entries(value))
    if (named || !ANNOTATIONS.has(name))
      setMember(kept, name, strip(member, !named && (name === 'properties' || name === 'patternProperties')));
  return kept;
}
