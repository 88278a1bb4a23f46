/** The hidden pull request, taken apart once a pull request: its names, files, lines, literals and references, each with its place. */

import { Lru } from '#util/lru.ts';
import { type DiffFile, type DiffHunk, readDiff } from './diff-lines.ts';
import { findLiterals } from './literals.ts';
import { findReferences } from './references.ts';
import { normaliseName, scanTokens, scanWords } from './scan.ts';
import { hashGram, hashToken, LONGEST_WORD } from './text-index.ts';

/** The parts of a pull request, by the names of the fields of a `pr` row. */
export const HIDDEN_PARTS = [
  'patch',
  'test_patch',
  'description',
  'problem_statement',
  'hints_text',
  'instance_id',
  'base_commit',
] as const;
export type HiddenPart = (typeof HIDDEN_PARTS)[number];
export type HiddenTexts = { readonly [part in HiddenPart]?: string | null };

/** UTF-16 offsets into a part. */
export interface HiddenPlace {
  readonly part: HiddenPart;
  readonly start: number;
  readonly end: number;
}

/** Added lines of one hunk as token hashes, for finding runs of them. */
export interface AddedBlock {
  readonly file: HiddenFile;
  readonly part: HiddenPart;
  readonly hunk: DiffHunk;
  readonly tokens: readonly number[];
  /** Offset of each token. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Where each added line begins among the tokens, with its length in tokens. */
  readonly lines: readonly (readonly [at: number, length: number])[];
}

export interface HiddenFile extends DiffFile {
  readonly part: 'patch' | 'test_patch';
}

export type Place = readonly [block: number, at: number];

export interface HiddenName {
  readonly place: HiddenPlace;
  /** Brought into being by the change: the name of a function, a class, or on the left of an assignment. */
  readonly isDefined: boolean;
}

export interface Hidden {
  readonly texts: HiddenTexts;
  /** Normalised names of added lines and of prose. Context lines are the repository's own, which an agent may know. */
  readonly names: ReadonlyMap<string, HiddenName>;
  readonly files: readonly HiddenFile[];
  /** Files by the last component of their path, in lower case. */
  readonly filesByName: ReadonlyMap<string, readonly HiddenFile[]>;
  readonly literals: ReadonlyMap<string, HiddenPlace>;
  readonly references: ReadonlyMap<string, HiddenPlace>;
  readonly blocks: readonly AddedBlock[];
  /** Three tokens in a row -> where they begin, at most a few places. */
  readonly grams: ReadonlyMap<number, readonly Place[]>;
  /** The first three tokens of telling added lines -> which line of which block. */
  readonly lineStarts: ReadonlyMap<number, readonly Place[]>;
}

/** In characters. */
const remembered = new Lru<string, Hidden>(8_000_000);

export function indexHidden(texts: HiddenTexts): Hidden {
  const key = HIDDEN_PARTS.map((part) => texts[part] ?? '').join('\0');
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const hidden = takeApart(texts);
  remembered.set(key, hidden, key.length);
  return hidden;
}

function takeApart(texts: HiddenTexts): Hidden {
  const files = (['patch', 'test_patch'] as const).flatMap((part) =>
    readDiff(texts[part] ?? '').map((file) => ({ ...file, part })),
  );
  const names = new Map<string, HiddenName>();
  const literals = new Map<string, HiddenPlace>();
  const references = new Map<string, HiddenPlace>();
  const blocks: AddedBlock[] = [];
  for (const file of files)
    for (const hunk of file.hunks) {
      const text = texts[file.part] ?? '';
      blocks.push(toBlock(file, hunk, text));
      for (const { sign, start, end } of hunk.lines) {
        if (sign !== '+') continue;
        noteNames(names, file.part, text, start, end);
        for (const literal of findLiterals(text, start, end))
          if (!literals.has(literal.text))
            literals.set(literal.text, { part: file.part, start: literal.start, end: literal.end });
      }
    }
  for (const part of HIDDEN_PARTS) {
    const text = texts[part] ?? '';
    if (PROSE.has(part)) noteNames(names, part, text, 0, text.length);
    for (const { key, start, end } of findReferences(text, part))
      if (!references.has(key)) references.set(key, { part, start, end });
  }
  return {
    texts,
    names,
    files,
    filesByName: byName(files),
    literals,
    references,
    blocks,
    grams: gramsOf(blocks),
    lineStarts: lineStartsOf(blocks),
  };
}

const PROSE: ReadonlySet<HiddenPart> = new Set(['description', 'problem_statement', 'hints_text']);

function noteNames(names: Map<string, HiddenName>, part: HiddenPart, text: string, from: number, to: number): void {
  scanWords(
    text,
    (start, end) => {
      if (end - start < 3 || end - start > LONGEST_WORD) return;
      const name = normaliseName(text.slice(start, end));
      const known = names.get(name);
      if (known?.isDefined === true) return;
      const isDefined = !PROSE.has(part) && isDefinition(text, start, end);
      if (known === undefined || isDefined) names.set(name, { place: { part, start, end }, isDefined });
    },
    from,
    to,
  );
}

const KEYWORD = /\b(?:def|class|function|func|fn|const|let|var|type|interface|struct|enum|trait|module)\s+$/;
const ASSIGNS = /^\s*(?::=|=(?!=))/;

/** Whether a word of code is the name in a declaration, or what is assigned to. */
export function isDefinition(text: string, start: number, end: number): boolean {
  return KEYWORD.test(text.slice(Math.max(0, start - 12), start)) || ASSIGNS.test(text.slice(end, end + 4));
}

function byName(files: readonly HiddenFile[]): Map<string, HiddenFile[]> {
  const found = new Map<string, HiddenFile[]>();
  for (const file of files) {
    const name = file.path.slice(file.path.lastIndexOf('/') + 1).toLowerCase();
    const same = found.get(name);
    if (same === undefined) found.set(name, [file]);
    else same.push(file);
  }
  return found;
}

function toBlock(file: HiddenFile, hunk: DiffHunk, text: string): AddedBlock {
  const tokens: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const lines: [number, number][] = [];
  for (const line of hunk.lines) {
    if (line.sign !== '+') continue;
    const first = tokens.length;
    scanTokens(
      text,
      (start, end) => {
        tokens.push(hashToken(text, start, end));
        starts.push(start);
        ends.push(end);
      },
      line.start,
      line.end,
    );
    lines.push([first, tokens.length - first]);
  }
  return { file, part: file.part, hunk, tokens, starts, ends, lines };
}

/** More places of one gram (`( self ,`) say nothing more, and would make hostile text expensive. */
const PLACES = 8;

function gramsOf(blocks: readonly AddedBlock[]): Map<number, Place[]> {
  const grams = new Map<number, Place[]>();
  for (const [nth, { tokens }] of blocks.entries())
    for (let at = 0; at + 2 < tokens.length; at++) note(grams, gramAt(tokens, at), [nth, at]);
  return grams;
}

/** In tokens and in characters: shorter lines (`return None`, `else:`) prove nothing. Longer ones are found as runs. */
const TELLING_TOKENS = 5;
const TELLING_LENGTH = 20;
const LONGEST_LINE = 300;

function lineStartsOf(blocks: readonly AddedBlock[]): Map<number, Place[]> {
  const starts = new Map<number, Place[]>();
  for (const [nth, block] of blocks.entries())
    for (const [line, [at, length]] of block.lines.entries()) {
      const chars = (block.ends[at + length - 1] ?? 0) - (block.starts[at] ?? 0);
      if (length < TELLING_TOKENS || length > LONGEST_LINE || chars < TELLING_LENGTH) continue;
      note(starts, gramAt(block.tokens, at), [nth, line]);
    }
  return starts;
}

export function gramAt(tokens: readonly number[], at: number): number {
  return hashGram(tokens[at] ?? 0, tokens[at + 1] ?? 0, tokens[at + 2] ?? 0);
}

function note(places: Map<number, Place[]>, gram: number, place: Place): void {
  const known = places.get(gram);
  if (known === undefined) places.set(gram, [place]);
  else if (known.length < PLACES) known.push(place);
}
