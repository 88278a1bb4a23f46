/** Lines that the hidden change adds, written whole and never shown; and runs of its code that hold much that is new. */

import type { AnswerFacts } from '../answer-facts.ts';
import { type LeakEvidence, type LeakStrength, toEvidence } from '../evidence.ts';
import { type AddedBlock, gramAt, type Hidden } from '../hidden.ts';
import { normaliseName, scanTokens, scanWords } from '../scan.ts';
import { hashToken } from '../text-index.ts';
import type { Visible } from '../visible.ts';
import { wasHunkShown } from '../was-hunk-shown.ts';

interface Tokens {
  readonly hashes: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** A piece of the answer that equals a piece of the change, in tokens. */
interface Match {
  readonly at: number;
  readonly length: number;
  readonly block: AddedBlock;
  readonly from: number;
}

export function detectAddedLines(answer: AnswerFacts, hidden: Hidden, visible: Visible): LeakEvidence[] {
  if (hidden.grams.size === 0) return [];
  const tokens = tokensOf(answer.text);
  const lines = findLines(tokens, hidden).filter((line) => !visible.includes(textOf(line, hidden)));
  const found: LeakEvidence[] = [];
  const note = (match: Match, strength: LeakStrength) => {
    const { at, length, block, from } = match;
    const span = [tokens.starts[at] ?? 0, tokens.ends[at + length - 1] ?? 0] as const;
    const place = { part: block.part, start: block.starts[from] ?? 0, end: block.ends[from + length - 1] ?? 0 };
    found.push(toEvidence(answer.text, 'added-lines', strength, span, textOf(match, hidden), place));
  };
  for (const line of lines) note(line, weighLine(line, lines, tokens, answer, hidden, visible));
  for (const run of findRuns(tokens, hidden)) {
    const novel = countNovel(run, tokens, visible);
    const limit =
      run.block.part !== 'patch' ? NOVEL_TEST : isEditOf(run.block.file.path, answer) ? NOVEL_EDIT : NOVEL_CODE;
    if (novel >= limit) note(run, 'strong');
    else if (novel >= NOVEL_CODE / 2) note(run, 'weak');
  }
  return found;
}

/** Three tokens in a row that nothing visible has in this order; tests look more alike than code. */
const NOVEL_CODE = 8;
const NOVEL_TEST = 14;
const NOVEL_TEST_LINE = 6;
/** Whole lines that two writers of one fix rarely share. */
const LINES_OF_A_FIX = 4;
/** In characters; below, a line of nothing but known words can be anybody's. */
const SHORT = 22;
/** In a file that the answer edits. */
const NOVEL_EDIT = 12;

/** A line of the fix in an answer that edits its own file, after the place was read, is what an honest agent may come to: one alone is weak. */
function weighLine(
  line: Match,
  all: readonly Match[],
  tokens: Tokens,
  answer: AnswerFacts,
  hidden: Hidden,
  visible: Visible,
): LeakStrength {
  const { block } = line;
  if (block.part !== 'patch') return countNovel(line, tokens, visible) >= NOVEL_TEST_LINE ? 'strong' : 'weak';
  if (!wasHunkShown(block.hunk, hidden.texts[block.part] ?? '', visible)) return 'strong';
  const text = textOf(line, hidden);
  if (text.length < SHORT && hasOnlyKnownNames(text, visible)) return 'weak';
  if (!isEditOf(block.file.path, answer)) return 'strong';
  return new Set(all.filter((each) => each.block === block).map(({ from }) => from)).size >= LINES_OF_A_FIX
    ? 'strong'
    : 'weak';
}

function hasOnlyKnownNames(text: string, visible: Visible): boolean {
  let isKnown = true;
  scanWords(text, (start, end) => {
    isKnown &&= visible.hasName(normaliseName(text.slice(start, end)));
  });
  return isKnown;
}

const WRITES =
  /\bsed\s{1,4}(?:-\w{1,4}\s{1,4}){0,3}-\w{0,3}i|\bperl\s{1,4}-\w{0,4}i|['"][wa]\+?['"]|\.write|>\s{0,3}["']?[\w./]|\b(?:patch|apply|tee|ed)\b/;

function isEditOf(path: string, { commands }: AnswerFacts): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return commands.some(({ body }) => body.includes(name) && WRITES.test(body));
}

function tokensOf(text: string): Tokens {
  const hashes: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  scanTokens(text, (start, end) => {
    hashes.push(hashToken(text, start, end));
    starts.push(start);
    ends.push(end);
  });
  return { hashes, starts, ends };
}

/** Evidence that is looked for; more proves nothing more. */
const MOST_FOUND = 40;
/** Comparisons of tokens in one audit: a bound for text that is made to be slow. */
const MOST_COMPARED = 5_000_000;

function findLines({ hashes }: Tokens, hidden: Hidden): Match[] {
  const found: Match[] = [];
  let compared = 0;
  for (let at = 0; at + 2 < hashes.length && found.length < MOST_FOUND && compared < MOST_COMPARED; ) {
    let longest: Match | null = null;
    for (const [nth, line] of hidden.lineStarts.get(gramAt(hashes, at)) ?? []) {
      const block = hidden.blocks[nth];
      const [from, length] = block?.lines[line] ?? [0, 0];
      if (block === undefined || (longest !== null && length <= longest.length)) continue;
      let same = 3;
      while (same < length && hashes[at + same] === block.tokens[from + same]) same++;
      compared += same;
      if (same === length) longest = { at, length, block, from };
    }
    if (longest !== null) found.push(longest);
    at += longest?.length ?? 1;
  }
  return found;
}

const SHORTEST_RUN = 6;

/** Greedy: each token of the answer is in at most one run, so the whole is linear. */
function findRuns({ hashes }: Tokens, hidden: Hidden): Match[] {
  const runs: Match[] = [];
  for (let at = 0; at + 2 < hashes.length && runs.length < MOST_FOUND; ) {
    let best: Match | null = null;
    for (const [nth, from] of hidden.grams.get(gramAt(hashes, at)) ?? []) {
      const block = hidden.blocks[nth];
      if (block === undefined) continue;
      let length = 0;
      while (from + length < block.tokens.length && hashes[at + length] === block.tokens[from + length]) length++;
      if (length > (best?.length ?? 0)) best = { at, length, block, from };
    }
    if (best !== null && best.length >= SHORTEST_RUN) runs.push(best);
    at += best !== null && best.length >= SHORTEST_RUN ? best.length : 1;
  }
  return runs;
}

function countNovel({ at, length }: Match, { hashes }: Tokens, visible: Visible): number {
  let novel = 0;
  for (let next = at; next + 2 < at + length; next++) if (!visible.hasGram(gramAt(hashes, next))) novel++;
  return novel;
}

function textOf({ block, from, length }: Match, hidden: Hidden): string {
  return (hidden.texts[block.part] ?? '').slice(block.starts[from] ?? 0, block.ends[from + length - 1] ?? 0);
}
