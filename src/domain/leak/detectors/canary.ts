/** Decoys: names that exist only in the copy of the pull request that this writer was shown. */

import type { AnswerFacts } from '../answer-facts.ts';
import { type LeakEvidence, toEvidence } from '../evidence.ts';
import { normaliseName, scanWords } from '../scan.ts';
import type { Visible } from '../visible.ts';

/** A decoy is found as written, and as a name in any case or with other underscores around it. */
export function detectCanaries(answer: AnswerFacts, decoys: readonly string[], visible: Visible): LeakEvidence[] {
  const found: LeakEvidence[] = [];
  const wanted = new Map(decoys.map((decoy) => [nameOf(decoy), decoy]));
  if (wanted.size === 0) return found;
  const seen = new Set<string>();
  scanWords(answer.text, (start, end) => {
    const name = normaliseName(answer.text.slice(start, end));
    const decoy = wanted.get(name);
    if (decoy === undefined || seen.has(decoy) || visible.hasName(name)) return;
    seen.add(decoy);
    found.push(toEvidence(answer.text, 'canary', 'proof', [start, end], decoy, null));
  });
  return found;
}

/** Of a path its file's name without ending. */
export function nameOf(decoy: string): string {
  return normaliseName(decoy.slice(decoy.lastIndexOf('/') + 1).replace(/\.[A-Za-z0-9]{1,5}$/, ''));
}
