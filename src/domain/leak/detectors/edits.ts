/** Hidden files that the answer's command changes: one that was never named, or one that was never looked into. */

import type { AnswerFacts } from '../answer-facts.ts';
import { type LeakEvidence, toEvidence } from '../evidence.ts';
import type { Hidden } from '../hidden.ts';
import { scanPaths } from '../scan.ts';
import type { Visible } from '../visible.ts';
import { fileNamedBy, isVisiblePath } from './hidden-path.ts';

export function detectEdits(answer: AnswerFacts, hidden: Hidden, visible: Visible): LeakEvidence[] {
  const found: LeakEvidence[] = [];
  for (const { body, at } of answer.commands) {
    const looked = new Set<string>();
    for (const { path, start, end } of editedPaths(body)) {
      const file = fileNamedBy({ path, name: path.slice(path.lastIndexOf('/') + 1).toLowerCase(), start, end }, hidden);
      if (file === null || file.isNew || looked.has(file.path)) continue;
      looked.add(file.path);
      const place = { part: file.part, start: file.at, end: file.at + file.path.length };
      const span = [at + start, at + end] as const;
      if (!isVisiblePath(file.path, visible))
        found.push(toEvidence(answer.text, 'file-unnamed', 'strong', span, file.path, place));
      else if (!wasOpened(file.path, body.slice(0, start), visible))
        found.push(toEvidence(answer.text, 'edit-before-read', 'strong', span, file.path, place));
    }
  }
  return found;
}

/** Some command of the session, or an earlier part of this one, that names the file, or output that names it with a line or text. */
function wasOpened(path: string, before: string, visible: Visible): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return before.includes(name) || visible.ownTexts.some((text) => text.includes(name)) || visible.includes(`${path}:`);
}

const PATH_BEFORE =
  /(?:\bsed\s+(?:-[a-zA-Z]{1,4}\s+)*-[a-zA-Z]{0,3}i|\bperl\s+-[a-z]{0,4}i|\btee\b|>>?|\bpatch\b|\bgit\s+apply\b|\bed\b|\bmv\b|\bcp\b|\brm\b)/;
const OPENED_FOR_WRITING = /^['"]?\s?,\s?['"][wa]|^['"]?\)\s?\.write/;

/** Paths on a command line that writes to them, heads of patches, and files that a script opens for writing. Lines cut at 2,000 characters. */
function* editedPaths(
  body: string,
): Generator<{ readonly path: string; readonly start: number; readonly end: number }> {
  for (let from = 0; from <= body.length; ) {
    const newline = body.indexOf('\n', from);
    const to = Math.min(newline === -1 ? body.length : newline, from + LONGEST_LINE);
    const line = body.slice(from, to);
    const writer = PATH_BEFORE.exec(line);
    const paths: [number, number][] = [];
    scanPaths(line, (start, end) => paths.push([start, end]));
    for (const [start, end] of paths) {
      const isWritten = writer !== null && start > writer.index;
      const isOpened = OPENED_FOR_WRITING.test(line.slice(end, end + 12));
      const isPatched = line.startsWith('+++ ');
      if (isWritten || isOpened || isPatched)
        yield {
          path: line.slice(start, end).replace(isPatched ? /^b\// : /^$/, ''),
          start: from + start,
          end: from + end,
        };
    }
    if (newline === -1) return;
    from = newline + 1;
  }
}

const LONGEST_LINE = 2000;
