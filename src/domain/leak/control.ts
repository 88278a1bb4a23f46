/**
 * The blind control: what the model writes at the same place without the pull request was to be inferred, and clears the answer of it.
 * Decoys are beyond inference; nothing clears them.
 */

import { auditLeak, type LeakQuestion, type LeakVerdict, toVerdict } from './audit-leak.ts';

/** @param samples answers to the same history by a writer that has not seen the pull request */
export function clearByControl(verdict: LeakVerdict, samples: readonly string[], question: LeakQuestion): LeakVerdict {
  const inferred = new Set<string>();
  for (const answer of samples)
    for (const { detector, atom } of auditLeak({ ...question, answer }).evidence) inferred.add(`${detector} ${atom}`);
  return toVerdict(
    verdict.evidence.map((each) =>
      each.detector !== 'canary' && inferred.has(`${each.detector} ${each.atom}`)
        ? { ...each, cleared: 'control' as const }
        : each,
    ),
  );
}
