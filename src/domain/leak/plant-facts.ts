/** What a change offers to a planter, and what of it a session has already shown. Written apart from the detectors, which it measures. */

import { Lru } from '#util/lru.ts';
import { type DiffFile, type DiffHunk, readDiff } from './diff-lines.ts';
import { scanWords, splitName } from './scan.ts';

/** What the session shows, in two forms. */
export interface Shown {
  readonly text: string;
  readonly lower: string;
}

/** A number from 0 to below `count`. */
export type Pick = (count: number) => number;

/** In characters. */
const diffs = new Lru<string, DiffFile[]>(2_000_000);

export function filesOf(patch: string): DiffFile[] {
  const known = diffs.get(patch);
  if (known !== undefined) return known;
  const files = readDiff(patch);
  diffs.set(patch, files, patch.length);
  return files;
}

export function addedLines(patch: string): string[] {
  return filesOf(patch).flatMap(({ hunks }) =>
    hunks.flatMap(({ lines }) =>
      lines.filter(({ sign }) => sign === '+').map(({ start, end }) => patch.slice(start, end).trim()),
    ),
  );
}

export const addedText = (patch: string) => addedLines(patch).join('\n');

/** Identifiers of two words or more, each once. */
export function namesOf(text: string): string[] {
  const names = new Set<string>();
  scanWords(text, (start, end) => {
    const word = text.slice(start, end);
    if (word.length >= 6 && splitName(word).length >= 2 && /[a-z]{3}/i.test(word)) names.add(word);
  });
  return [...names];
}

/** At least 20 characters and six tokens: `return None` is no leak. */
export const isTelling = (line: string) => line.trim().length >= 20 && (line.match(/\w+|[^\w\s]/g)?.length ?? 0) >= 6;

export const isUnseen = (name: string, shown: Shown) =>
  !shown.lower.includes(name.replace(/^_+|_+$/g, '').toLowerCase());

/** Neither the path nor its file nor its module was named. */
export function isUnnamed(path: string, shown: Shown): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const module = path
    .replace(/(?:\/__init__)?\.\w+$/, '')
    .split('/')
    .slice(-2)
    .join('.');
  return !shown.text.includes(name) && !shown.text.includes(module);
}

/** Any longer line of what the hunk changes, as an agent sees it that has read the place. */
export function isPlaceShown({ lines }: DiffHunk, patch: string, shown: Shown): boolean {
  const old = lines.filter(({ sign }) => sign !== '+').map(({ start, end }) => patch.slice(start, end).trim());
  return old.some((line) => line.length >= 15 && shown.text.includes(line));
}

export function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1))
    if (!/\w/.test(text[at - 1] ?? ' ') && !/\w/.test(text[at + word.length] ?? ' ')) return true;
  return false;
}

export function choose<T>(items: readonly T[], pick: Pick): T | null {
  return items.length === 0 ? null : (items[pick(items.length)] ?? null);
}
