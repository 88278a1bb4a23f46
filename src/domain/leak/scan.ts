/** Words, paths and code tokens of any text by one hand-written pass each: linear whatever the text holds, no backtracking. */

/** 1: letter, digit or underscore; 2: what a path may hold besides. */
const CLASS = new Uint8Array(128);
for (const char of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_') CLASS[char.charCodeAt(0)] = 1;
for (const char of './-+@') CLASS[char.charCodeAt(0)] = 2;

const classOf = (unit: number) => (unit < 128 ? (CLASS[unit] ?? 0) : 0);

export type Visit = (start: number, end: number) => void;

/** Maximal runs of letters, digits and underscores. */
export function scanWords(text: string, visit: Visit, from = 0, to = text.length): void {
  let start = -1;
  for (let at = from; at < to; at++) {
    if (classOf(text.charCodeAt(at)) === 1) {
      if (start < 0) start = at;
    } else if (start >= 0) {
      visit(start, at);
      start = -1;
    }
  }
  if (start >= 0) visit(start, to);
}

/** Longer tokens are data, not names. */
const LONGEST_PATH = 400;

/** Runs that look like a file's name: path characters with a slash or an inner dot, without punctuation at the end. */
export function scanPaths(text: string, visit: Visit): void {
  let start = -1;
  let marks = 0;
  for (let at = 0; at <= text.length; at++) {
    const unit = at < text.length ? text.charCodeAt(at) : 0;
    const kind = classOf(unit);
    if (kind !== 0) {
      if (start < 0) start = at;
      if (unit === SLASH || unit === DOT) marks++;
    } else if (start >= 0) {
      if (marks > 0) {
        let end = at;
        while (end > start && isTrailing(text.charCodeAt(end - 1))) end--;
        if (end - start > 2 && end - start <= LONGEST_PATH) visit(start, end);
      }
      start = -1;
      marks = 0;
    }
  }
}

const SLASH = 47;
const DOT = 46;
const isTrailing = (unit: number) => unit === DOT || unit === SLASH || unit === 45 || unit === 43 || unit === 64;

/** Words, and every other visible character by itself: what a line of code is made of. */
export function scanTokens(text: string, visit: Visit, from = 0, to = text.length): void {
  for (let at = from; at < to; ) {
    const unit = text.charCodeAt(at);
    if (unit <= 32) {
      at++;
      continue;
    }
    let end = at + 1;
    if (classOf(unit) === 1) while (end < to && classOf(text.charCodeAt(end)) === 1) end++;
    visit(at, end);
    at = end;
  }
}

/** An identifier without outer underscores and case: `_setUp` and `setup` are one name. */
export function normaliseName(word: string): string {
  let start = 0;
  let end = word.length;
  while (start < end && word.charCodeAt(start) === UNDERSCORE) start++;
  while (end > start && word.charCodeAt(end - 1) === UNDERSCORE) end--;
  return word.slice(start, end).toLowerCase();
}

const UNDERSCORE = 95;

const UPPER = 1;
const LOWER = 2;
const DIGIT = 3;

function sortOf(unit: number): number {
  if (unit >= 97) return LOWER;
  if (unit === UNDERSCORE) return 0;
  return unit >= 65 ? UPPER : DIGIT;
}

/** The words that a camelCase or snake_case name is made of, in lower case: `parseHTTPUrl_v2` is parse, http, url, v, 2. */
export function splitName(word: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let last = 0;
  const close = (end: number) => {
    if (end > start) parts.push(word.slice(start, end).toLowerCase());
  };
  for (let at = 0; at < word.length; at++) {
    const sort = sortOf(word.charCodeAt(at));
    if (sort === 0) {
      close(at);
      start = at + 1;
    } else if (last !== 0 && sort !== last) {
      // The last capital of a run begins the next word: HTTPUrl is HTTP and Url.
      if (last === UPPER && sort === LOWER) {
        if (at - 1 > start) {
          close(at - 1);
          start = at - 1;
        }
      } else {
        close(at);
        start = at;
      }
    }
    last = sort;
  }
  close(word.length);
  return parts;
}
