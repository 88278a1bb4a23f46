/** Quoted strings of the hidden change's new lines, hashes, issue and pull request numbers and versions that nothing visible holds. */

import type { AnswerFacts } from '../answer-facts.ts';
import { type LeakEvidence, toEvidence } from '../evidence.ts';
import type { Hidden } from '../hidden.ts';
import { findLiterals } from '../literals.ts';
import { findReferences } from '../references.ts';
import type { Visible } from '../visible.ts';

/** Words in quotes that any program may hold. */
const TELLING_LENGTH = 12;

export function detectHiddenLiterals(answer: AnswerFacts, hidden: Hidden, visible: Visible): LeakEvidence[] {
  const found: LeakEvidence[] = [];
  const looked = new Set<string>();
  for (const { text, start, end } of findLiterals(answer.text)) {
    const place = hidden.literals.get(text);
    if (place === undefined || looked.has(text)) continue;
    looked.add(text);
    if (visible.includes(text)) continue;
    const strength = place.part === 'patch' && text.length >= TELLING_LENGTH ? 'strong' : 'weak';
    found.push(toEvidence(answer.text, 'hidden-literal', strength, [start, end], text, place));
  }
  return found;
}

export function detectHiddenReferences(answer: AnswerFacts, hidden: Hidden, visible: Visible): LeakEvidence[] {
  const found: LeakEvidence[] = [];
  const looked = new Set<string>();
  for (const { key, start, end } of findReferences(answer.text)) {
    const place = hidden.references.get(key);
    if (place === undefined || looked.has(key)) continue;
    looked.add(key);
    const [sort = '', bare = ''] = key.split(':');
    if (visible.includes(bare)) continue;
    // A version may be common knowledge; the number of a change or its hash is not to be guessed.
    found.push(
      toEvidence(answer.text, 'hidden-reference', sort === 'version' ? 'weak' : 'proof', [start, end], key, place),
    );
  }
  return found;
}
