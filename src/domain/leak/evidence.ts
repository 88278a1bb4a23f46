/** What a detector says about one place of an answer. */

import type { HiddenPlace } from './hidden.ts';

export const LEAK_DETECTORS = [
  'canary',
  'hidden-reference',
  'hidden-path',
  'hidden-name',
  'hidden-literal',
  'hidden-line',
  'added-lines',
  'file-unnamed',
  'edit-before-read',
  'pull-request-words',
  'history-command',
] as const;
export type LeakDetector = (typeof LEAK_DETECTORS)[number];

/** `proof` cannot be inferred or guessed; `strong` is enough to set the answer aside; `weak` counts where another detector agrees. */
export const LEAK_STRENGTHS = ['proof', 'strong', 'weak'] as const;
export type LeakStrength = (typeof LEAK_STRENGTHS)[number];

export interface LeakEvidence {
  readonly detector: LeakDetector;
  readonly strength: LeakStrength;
  /** UTF-16 offsets into the answer. */
  readonly start: number;
  readonly end: number;
  /** That piece of the answer, cut at 200 characters. */
  readonly text: string;
  /** What was looked for, in the form in which a control sample is asked for it. */
  readonly atom: string;
  /** Where it stands in the hidden pull request; null for what shows by itself. */
  readonly hidden: HiddenPlace | null;
  /** `control`: the model writes it without the pull request as well, so it counts no more. */
  readonly cleared?: 'control';
}

export const LONGEST_QUOTE = 200;

export function toEvidence(
  answer: string,
  detector: LeakDetector,
  strength: LeakStrength,
  [start, end]: readonly [number, number],
  atom: string,
  hidden: HiddenPlace | null,
): LeakEvidence {
  const text = answer.slice(start, Math.min(end, start + LONGEST_QUOTE)).toWellFormed();
  return { detector, strength, start, end, text, atom: atom.slice(0, LONGEST_QUOTE).toWellFormed(), hidden };
}
