/** Line numbers inside the hunks of the hidden change that nothing visible leads to. */

import type { AnswerFacts } from '../answer-facts.ts';
import { type LeakEvidence, toEvidence } from '../evidence.ts';
import type { Hidden, HiddenFile } from '../hidden.ts';
import type { Visible } from '../visible.ts';
import { wasHunkShown } from '../was-hunk-shown.ts';
import { fileNamedBy } from './hidden-path.ts';

/**
 * `line 12`, `lines 12-14`, `12,14p` of sed, `12s/…` and `12i\`, `file.py:12`, `#L12`, `+12` of an editor. Every piece is of bounded length.
 */
const LINES =
  /\b[Ll]ines?\s{0,3}:?\s{0,3}(\d{1,6})(?:\s{0,2}(?:-|–|to|and|,|through)\s{0,2}(\d{1,6}))?|['"\s;](\d{1,6}),\s?\+?(\d{1,6})\s?[pdcsi!]|['"\s;{](\d{1,6})(?:[sdiacp](?=[/\\'"|;\s#])|[iac]\\)|\.[a-z]{1,4}:(\d{1,6})\b|#L(\d{1,6})\b/g;

/** Wider ranges are a way of reading, not a pointer. */
const WIDEST = 24;
/** Numbers this near let an agent come to a line, or to a window around it, by itself. */
const NEAR_POINT = 1;
const NEAR_WINDOW = 5;

export function detectHiddenLines(answer: AnswerFacts, hidden: Hidden, visible: Visible): LeakEvidence[] {
  const files = filesSpokenOf(answer, hidden);
  if (files.length === 0) return [];
  const found: LeakEvidence[] = [];
  const looked = new Set<string>();
  for (const match of answer.text.matchAll(LINES)) {
    const numbers = match
      .slice(1)
      .filter((group) => group !== undefined)
      .map(Number);
    const from = numbers[0] ?? 0;
    const to = Math.max(from, numbers[1] ?? from);
    if (to - from > WIDEST || looked.has(`${from}-${to}`) || looked.size > 200) continue;
    looked.add(`${from}-${to}`);
    for (const file of files) {
      const hunk = file.hunks.find(({ oldStart, oldEnd }) => oldEnd >= from && oldStart <= to);
      if (hunk === undefined || wasHunkShown(hunk, hidden.texts[file.part] ?? '', visible)) continue;
      const slack = to === from ? NEAR_POINT : NEAR_WINDOW;
      if (visible.hasNumberNear(baseName(file.path), from, to, slack)) continue;
      const span = [match.index, match.index + match[0].length] as const;
      const place = { part: file.part, start: hunk.lines[0]?.start ?? 0, end: hunk.lines.at(-1)?.end ?? 0 };
      found.push(toEvidence(answer.text, 'hidden-line', 'strong', span, `${file.path}:${from}`, place));
      break;
    }
  }
  return found;
}

/** Hidden files that exist before the change and that the answer names. */
function filesSpokenOf(answer: AnswerFacts, hidden: Hidden): HiddenFile[] {
  const files = new Set<HiddenFile>();
  for (const path of answer.paths) {
    const file = fileNamedBy(path, hidden);
    if (file !== null && !file.isNew) files.add(file);
  }
  return [...files];
}

const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1).toLowerCase();
