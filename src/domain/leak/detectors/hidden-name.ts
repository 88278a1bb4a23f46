/** Identifiers of the hidden change's new lines, made of several words, that nothing visible holds. */

import type { AnswerFacts } from '../answer-facts.ts';
import { isCommonName } from '../common-names.ts';
import { type LeakEvidence, toEvidence } from '../evidence.ts';
import { type Hidden, isDefinition } from '../hidden.ts';
import { normaliseName, scanWords, splitName } from '../scan.ts';
import { LONGEST_WORD } from '../text-index.ts';
import type { Visible } from '../visible.ts';

const SHORTEST = 6;

export function detectHiddenNames(answer: AnswerFacts, hidden: Hidden, visible: Visible): LeakEvidence[] {
  const found: LeakEvidence[] = [];
  const looked = new Set<string>();
  scanWords(answer.text, (start, end) => {
    if (end - start < SHORTEST || end - start > LONGEST_WORD) return;
    const word = answer.text.slice(start, end);
    const name = normaliseName(word);
    const known = hidden.names.get(name);
    if (known === undefined || looked.has(name)) return;
    looked.add(name);
    if (!isCompound(word) || isCommonName(name) || visible.hasName(name)) return;
    // A name that the answer itself brings into being, from words that were there, can be a coincidence.
    if (isDefinition(answer.text, start, end) && splitName(word).every((part) => visible.hasPart(part))) {
      found.push(toEvidence(answer.text, 'hidden-name', 'weak', [start, end], name, known.place));
      return;
    }
    const isOwn = known.place.part === 'patch' || known.place.part === 'description';
    const strength = isOwn || known.isDefined ? 'strong' : 'weak';
    found.push(toEvidence(answer.text, 'hidden-name', strength, [start, end], name, known.place));
  });
  return found;
}

/** Two words or more, one of them of three letters: a single word may be English, and `v2` is everywhere. */
function isCompound(word: string): boolean {
  const parts = splitName(word);
  return parts.length >= 2 && parts.some((part) => part.length >= 3 && part.charCodeAt(0) >= 97);
}
