/** What one visible text names, indexed once however many turns of its session show it again. */

import { Lru } from '#util/lru.ts';
import { normaliseName, scanPaths, scanTokens, scanWords, splitName } from './scan.ts';

export interface TextIndex {
  /** Normalised names and numbers. */
  readonly words: ReadonlySet<string>;
  /** The words that names are made of. */
  readonly parts: ReadonlySet<string>;
  /** Last components of paths, in lower case. */
  readonly fileNames: ReadonlySet<string>;
  /** Numbers where line numbers stand: before a line, behind a file's name or the word line, in a range that is read. */
  readonly lineNumbers: ReadonlySet<number>;
  /** Hashes of every three tokens in a row; made when first asked for. */
  grams(): ReadonlySet<number>;
}

/** In characters of indexed text; an index is several times larger than its text. */
const REMEMBERED = 4_000_000;
const remembered = new Lru<string, TextIndex>(REMEMBERED);

/** Nothing but the text decides what comes back; that it is remembered only saves time. */
export function indexText(text: string): TextIndex {
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const index = makeIndex(text);
  if (text.length <= REMEMBERED / 4) remembered.set(text, index, text.length);
  return index;
}

function makeIndex(text: string): TextIndex {
  const words = new Set<string>();
  const parts = new Set<string>();
  const fileNames = new Set<string>();
  const raw = new Set<string>();
  scanWords(text, (start, end) => {
    if (end - start <= LONGEST_WORD) raw.add(text.slice(start, end));
  });
  for (const word of raw) {
    words.add(normaliseName(word));
    for (const part of splitName(word)) parts.add(part);
  }
  scanPaths(text, (start, end) => {
    const slash = text.lastIndexOf('/', end - 1);
    fileNames.add(text.slice(Math.max(start, slash + 1), end).toLowerCase());
  });
  let grams: Set<number> | undefined;
  let numbers: Set<number> | undefined;
  return {
    words,
    parts,
    fileNames,
    get lineNumbers() {
      numbers ??= lineNumbersOf(text);
      return numbers;
    },
    grams() {
      grams ??= gramsOf(text);
      return grams;
    },
  };
}

const LINE_NUMBER =
  /^[ \t]{0,8}(\d{1,6})(?=[\s:|-])|[:@](\d{1,6})\b|\b[Ll]ines?[ #:]{1,3}(\d{1,6})(?:\s?(?:-|to|and)\s?(\d{1,6}))?|\b(\d{1,6}),\s?(\d{1,6})p\b/gm;

function lineNumbersOf(text: string): Set<number> {
  const numbers = new Set<number>();
  for (const match of text.matchAll(LINE_NUMBER))
    for (const group of match.slice(1)) if (group !== undefined) numbers.add(Number(group));
  return numbers;
}

/** Longer runs are data. */
export const LONGEST_WORD = 200;

function gramsOf(text: string): Set<number> {
  const grams = new Set<number>();
  let a = 0;
  let b = 0;
  scanTokens(text, (start, end) => {
    const c = hashToken(text, start, end);
    grams.add(hashGram(a, b, c));
    a = b;
    b = c;
  });
  return grams;
}

/** FNV-1a over UTF-16 units, 32 bits. */
export function hashToken(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash | 0;
}

export function hashGram(a: number, b: number, c: number): number {
  return (Math.imul(Math.imul(a, 31) ^ b, 0x9e3779b1) ^ Math.imul(c, 0x85ebca6b)) | 0;
}
