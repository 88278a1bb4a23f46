/**
 * The leak audit: what an answer holds that its writer can only have from the hidden pull request. All detectors are deterministic and
 * linear in the lengths of answer, pull request and history; docs/design/0013-leak-audit.md says how they were weighed.
 */

import { readAnswer } from './answer-facts.ts';
import { detectAddedLines } from './detectors/added-lines.ts';
import { detectCanaries } from './detectors/canary.ts';
import { detectEdits } from './detectors/edits.ts';
import { detectHiddenLines } from './detectors/hidden-line.ts';
import { detectHiddenLiterals, detectHiddenReferences } from './detectors/hidden-literal.ts';
import { detectHiddenNames } from './detectors/hidden-name.ts';
import { detectHiddenPaths } from './detectors/hidden-path.ts';
import { detectHistoryCommands, detectPullRequestWords } from './detectors/words.ts';
import type { LeakEvidence } from './evidence.ts';
import { type HiddenTexts, indexHidden } from './hidden.ts';
import { Visible, type VisibleMessage } from './visible.ts';

/** `pass`: nothing that counts. `quarantine`: suspicion. `reject`: proof. */
export const LEAK_OUTCOMES = ['pass', 'quarantine', 'reject'] as const;
export type LeakOutcome = (typeof LEAK_OUTCOMES)[number];

export interface LeakVerdict {
  readonly outcome: LeakOutcome;
  /** In the order of the answer; what was cleared or is too weak by itself stays in it. */
  readonly evidence: readonly LeakEvidence[];
}

export interface LeakQuestion {
  readonly answer: string;
  readonly history: readonly VisibleMessage[];
  readonly hidden: HiddenTexts;
  /** Planted in what the writer was shown, and true of nothing. */
  readonly decoys?: readonly string[];
}

/** Evidence that a row carries; an answer full of leaks needs no longer list. */
const MOST_EVIDENCE = 50;

export function auditLeak({ answer, history, hidden, decoys = [] }: LeakQuestion): LeakVerdict {
  const facts = readAnswer(answer);
  const known = indexHidden(hidden);
  const visible = new Visible(history);
  const evidence = [
    ...detectCanaries(facts, decoys, visible),
    ...detectHiddenReferences(facts, known, visible),
    ...detectHiddenPaths(facts, known, visible),
    ...detectHiddenNames(facts, known, visible),
    ...detectHiddenLiterals(facts, known, visible),
    ...detectHiddenLines(facts, known, visible),
    ...detectAddedLines(facts, known, visible),
    ...detectEdits(facts, known, visible),
    ...detectPullRequestWords(facts, visible),
    ...detectHistoryCommands(facts, visible),
  ];
  return toVerdict(evidence);
}

/** Proof rejects; one strong piece, or weak ones of three detectors, quarantine. What a control has cleared does not count. */
export function toVerdict(evidence: readonly LeakEvidence[]): LeakVerdict {
  const counting = evidence.filter(({ cleared }) => cleared === undefined);
  const isProven = counting.some(({ strength }) => strength === 'proof');
  const isSuspect =
    counting.some(({ strength }) => strength === 'strong') ||
    new Set(counting.map(({ detector }) => detector)).size >= WEAK_TOGETHER;
  const outcome = isProven ? 'reject' : isSuspect ? 'quarantine' : 'pass';
  const kept = [...evidence].sort(byWeight).slice(0, MOST_EVIDENCE);
  return { outcome, evidence: kept.sort((a, b) => a.start - b.start || a.end - b.end) };
}

/** Two detectors often see one and the same piece. */
const WEAK_TOGETHER = 3;

const WEIGHT = { proof: 0, strong: 1, weak: 2 } as const;

function byWeight(a: LeakEvidence, b: LeakEvidence): number {
  return WEIGHT[a.strength] - WEIGHT[b.strength] || a.start - b.start;
}
