/** Whether the session has shown the place that a hunk changes: from there on an agent can come to the change by itself. */

import type { DiffHunk } from './diff-lines.ts';
import type { Visible } from './visible.ts';

/** Shorter lines stand in many places. */
const TELLING_LENGTH = 15;
/** Lines that are looked for. */
const MOST_ASKED = 6;

/** @param text the diff that the hunk's offsets point into */
export function wasHunkShown({ lines }: DiffHunk, text: string, visible: Visible): boolean {
  let asked = 0;
  for (const { sign, start, end } of lines) {
    if (sign === '+') continue;
    const line = text.slice(start, end).trim();
    if (line.length < TELLING_LENGTH) continue;
    if (visible.includes(line)) return true;
    if (++asked === MOST_ASKED) break;
  }
  return false;
}
