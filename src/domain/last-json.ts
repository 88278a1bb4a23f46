/** Finds a JSON object in prose: the last one that a test accepts. */

import type { Json, JsonObject } from '#contract/json.ts';

/** In characters read over all attempts; hostile text such as a megabyte of `{` is given up on. */
const WORK_LIMIT = 4_000_000;

/**
 * Objects are tried from the last `{` backwards, so an inner object is tried before the one that holds it.
 * @param accept is also given the object as it stands in the text
 */
export function findLastObject(text: string, accept: (value: JsonObject, raw: string) => boolean): JsonObject | null {
  let work = 0;
  for (let start = text.lastIndexOf('{'); start !== -1; start = start === 0 ? -1 : text.lastIndexOf('{', start - 1)) {
    const end = closingBrace(text, start, WORK_LIMIT - work);
    work += (end ?? text.length) - start;
    if (end !== null) {
      const raw = text.slice(start, end + 1);
      const value = parseObject(raw);
      if (value !== null && accept(value, raw)) return value;
    }
    if (work >= WORK_LIMIT) return null;
  }
  return null;
}

/** The last object of the text that lies in no other, read from the front. */
export function findLastOutermost(text: string): JsonObject | null {
  let found: JsonObject | null = null;
  let work = 0;
  for (let start = text.indexOf('{'); start !== -1 && work < WORK_LIMIT; ) {
    const end = closingBrace(text, start, WORK_LIMIT - work);
    work += (end ?? text.length) - start;
    const value = end === null ? null : parseObject(text.slice(start, end + 1));
    found = value ?? found;
    start = text.indexOf('{', value === null || end === null ? start + 1 : end + 1);
  }
  return found;
}

/** Where the brace at `start` closes, quoted braces left out; null where it does not. */
function closingBrace(text: string, start: number, limit: number): number | null {
  let depth = 0;
  let quoted = false;
  const stop = Math.min(text.length, start + limit);
  for (let at = start; at < stop; at++) {
    const unit = text[at];
    if (quoted) {
      if (unit === '\\') at++;
      else if (unit === '"') quoted = false;
    } else if (unit === '"') quoted = true;
    else if (unit === '{') depth++;
    else if (unit === '}' && --depth === 0) return at;
  }
  return null;
}

/** JSON as models write it: a comma before a closing bracket and raw line breaks in strings are forgiven. */
function parseObject(text: string): JsonObject | null {
  for (const attempt of [text, mend(text)]) {
    try {
      const value = JSON.parse(attempt) as Json;
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
    } catch {
      // The next attempt, or none.
    }
  }
  return null;
}

function mend(text: string): string {
  let mended = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text[at] ?? '';
    if (quoted) {
      if (unit === '\\') mended += unit + (text[++at] ?? '');
      else if (unit === '\n') mended += '\\n';
      else if (unit === '\r') mended += '\\r';
      else if (unit === '\t') mended += '\\t';
      else {
        mended += unit;
        if (unit === '"') quoted = false;
      }
      continue;
    }
    if (unit === '"') quoted = true;
    if (unit === ',' && closesNext(text, at + 1)) continue;
    mended += unit;
  }
  return mended;
}

function closesNext(text: string, from: number): boolean {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text[at] ?? '')) at++;
  return text[at] === '}' || text[at] === ']';
}
