/** How large a call can get: an upper bound for the budget, which is a promise, and a guess for rate limits, which are not. */

import type { Price, Usage } from '#contract/services.ts';
import { ASSUMED_MAX_TOKENS, answerBound, answersAsked } from '#util/answer-bound.ts';
import type { CallRequest } from './call-request.ts';

/** Tokens that chat templates put around a message. */
const TOKENS_AROUND_MESSAGE = 16;

/** Tokens of prompts that a provider adds, or of reasoning that it does not show. */
const UNSEEN_TOKENS = 16_384;

export interface CallSize {
  /** No tokenizer makes more tokens than there are UTF-8 bytes. */
  readonly most: Usage;
  readonly likely: Usage;
}

export function toCallSize(call: CallRequest): CallSize {
  let bytes = call.schema === null ? 0 : Buffer.byteLength(JSON.stringify(call.schema));
  for (const { content } of call.messages) bytes += Buffer.byteLength(content);
  const around = (call.messages.length + 1) * TOKENS_AROUND_MESSAGE;
  const bound = answerBound(call.sampling);
  const answers = answersAsked(call.sampling);
  return {
    most: { input: bytes + around, output: answers * (bound ?? ASSUMED_MAX_TOKENS) },
    likely: { input: Math.ceil(bytes / 4) + around, output: answers * (bound ?? 1024) },
  };
}

/**
 * What an endpoint says a call used, or null where that cannot be. Bounds are generous: hidden prompts and reasoning count
 * too. What is not believed counts as what was reserved, so that no field of an answer can empty a budget or fill it.
 */
export function believable(usage: Usage | null, { most }: CallSize): Usage | null {
  if (usage === null) return null;
  const mayBe = (count: number, bound: number) => count <= 4 * bound + UNSEEN_TOKENS;
  return mayBe(usage.input, most.input) && mayBe(usage.output, most.output) ? usage : null;
}

/** USD; prices are per million tokens. */
export function toUsd(usage: Usage, price: Price | null): number {
  return price === null ? 0 : (usage.input * price.input + usage.output * price.output) / 1e6;
}
