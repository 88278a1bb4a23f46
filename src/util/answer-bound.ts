/** How many tokens the answers to one request can have, as its sampling says. */

import type { Sampling } from '#contract/services.ts';

/** Output that a budget reserves where nobody says `max_tokens`. */
export const ASSUMED_MAX_TOKENS = 32_768;

/** Of one answer; null where nothing bounds it. Endpoints name it in more than one way, some of them through `extra`. */
export function answerBound({ max_tokens, extra = {} }: Sampling): number | null {
  const told = [max_tokens, extra['max_tokens'], extra['max_completion_tokens']].filter(isCount);
  return told.length > 0 ? Math.max(...told) : null;
}

/** Answers asked for in one request; `n` of the protocol. */
export function answersAsked({ extra = {} }: Sampling): number {
  return isCount(extra['n']) ? Math.max(1, extra['n']) : 1;
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
