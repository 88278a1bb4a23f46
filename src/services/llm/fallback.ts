/** When a stand-in is asked: where an endpoint does not serve, never where it served and somebody dislikes the answer. */

import { Failure } from '#contract/failure.ts';
import type { CallRequest } from './call-request.ts';

/**
 * What says something about the endpoint and nothing about the request; each after the call's own retries. Left out on
 * purpose: `llm-content-filter` and `llm-bad-request` are about the request, and handing refused ones to another model
 * would mix two populations; a missing secret, a missing price and a spent budget are the user's to mend.
 */
const DOES_NOT_SERVE: ReadonlySet<string> = new Set([
  'llm-auth',
  'llm-bad-response',
  'llm-connection',
  'llm-dns',
  'llm-endpoint-open',
  'llm-quota',
  'llm-rate-limited',
  'llm-server-error',
  'llm-timeout',
  'llm-unknown-model',
]);

export function callsForStandIn(error: unknown): error is Failure {
  return error instanceof Failure && DOES_NOT_SERVE.has(error.code);
}

/** The failure of a whole chain: what the last one said, and who was asked before. */
export function chainFailure(last: Failure, before: readonly { call: CallRequest; failure: Failure }[]): Failure {
  if (before.length === 0) return last;
  const tried = before.map(({ call, failure }) => `${call.model.alias} (${failure.code})`).join(', ');
  return new Failure(last.code, `in place of ${tried}: ${last.message}`, {
    scope: last.scope,
    detail: {
      last: last.detail,
      before: before.map(({ call, failure }) => ({ model: call.model.alias, code: failure.code })),
    },
    ...(last.hint === undefined ? {} : { hint: last.hint }),
    cause: last,
  });
}
