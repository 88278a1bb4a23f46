/** A record as text: the same bytes however its members were put together. */

import type { Json, JsonObject } from '#contract/json.ts';
import { isObject, stableJson } from '#util/json-object.ts';

/** A record as one line of JSON: its own fields in the order of the format, everything inside them sorted. */
export function toLine(record: JsonObject): string {
  const members = Object.keys(record).map((name) => `${JSON.stringify(name)}:${toText(record[name] ?? null)}`);
  return `{${members.join(',')}}\n`;
}

/** Messages read better with the role first. */
function toText(value: Json): string {
  if (!Array.isArray(value)) return stableJson(value);
  return `[${value.map((item: Json) => (isMessage(item) ? messageText(item) : stableJson(item))).join(',')}]`;
}

function isMessage(value: Json): value is JsonObject {
  return isObject(value) && Object.hasOwn(value, 'role') && Object.hasOwn(value, 'content');
}

function messageText(message: JsonObject): string {
  const rest = Object.keys(message).filter((name) => name !== 'role' && name !== 'content');
  const names = ['role', 'content', ...rest.sort()];
  return `{${names.map((name) => `${JSON.stringify(name)}:${stableJson(message[name] ?? null)}`).join(',')}}`;
}
