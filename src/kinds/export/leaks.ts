/** What must never leave: answers that gave hidden knowledge away, and the hidden knowledge itself. */

import type { Json, JsonObject } from '#contract/json.ts';
import { valueAtPath } from '#domain/at-path.ts';
import { isObject, setMember } from '#util/json-object.ts';

export const HIDDEN = 'hidden';

/** Why the text at `path` may not be given as an example to follow; null where it may. */
export function leakOf(fields: JsonObject, path: string, text: string): 'leaked' | 'canaried' | null {
  if (isLeaked(fields, path)) return 'leaked';
  return holdsDecoy(fields, path, text) ? 'canaried' : null;
}

/**
 * Whether the text at `path` belongs to an answer with a leak annotation that is not a clean pass. A planted decoy that was
 * used (a canary) counts even where the audit was told only to flag.
 */
function isLeaked(fields: JsonObject, path: string): boolean {
  const segments = path.split('.');
  for (let length = segments.length - 1; length > 0; length--) {
    const leak = valueAtPath(fields, [...segments.slice(0, length), 'leak'].join('.'));
    if (leak === undefined || leak === null) continue;
    if (!isObject(leak) || leak['outcome'] !== 'pass') return true;
    if (leak['canaried'] === true || leak['canary'] === true) return true;
  }
  return false;
}

/** A decoy that was planted in what the writer was shown, and stands in what it wrote: proof, also where nobody audited. */
function holdsDecoy(fields: JsonObject, path: string, text: string): boolean {
  return parentsOf(path).some((parent) => {
    const decoys = valueAtPath(fields, `${parent}.${HIDDEN}.decoys`);
    return (
      Array.isArray(decoys) &&
      decoys.some((decoy: Json) => typeof decoy === 'string' && decoy !== '' && text.includes(decoy))
    );
  });
}

/** What is read to judge the text at `path`. */
export function leakPaths(path: string): string[] {
  return parentsOf(path).flatMap((parent) => [`${parent}.leak`, `${parent}.${HIDDEN}.decoys`]);
}

/** `a.b.text` -> `a`, `a.b` */
function parentsOf(path: string): string[] {
  const segments = path.split('.');
  return segments.slice(0, -1).map((_, index) => segments.slice(0, index + 1).join('.'));
}

/** The value without what a challenger was shown in secret, wherever in it that stands. */
export function withoutHidden(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(withoutHidden);
  if (!isObject(value)) return value;
  const clean: { [field: string]: Json } = {};
  for (const name of Object.keys(value))
    if (name !== HIDDEN) setMember(clean, name, withoutHidden(value[name] ?? null));
  return clean;
}
