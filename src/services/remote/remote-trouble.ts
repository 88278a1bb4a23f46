/** Failures of remotes: each says what was asked of which host, and what a user can do about it. */

import { Failure } from '#contract/failure.ts';
import type { Json } from '#contract/json.ts';

export type RemoteCode =
  | 'remote-unauthorized'
  | 'remote-rate-limited'
  | 'remote-unavailable'
  | 'remote-timeout'
  | 'remote-bad-answer'
  | 'remote-redirect';

const HINTS: { readonly [code in RemoteCode]: string } = {
  'remote-unauthorized':
    'set the token (HF_TOKEN, GITHUB_TOKEN, or `datasets:` of the manifest) and accept the terms of the set',
  'remote-rate-limited': 'run again later: what was read is kept; a token raises the limit',
  'remote-unavailable': 'run again: what was read is kept',
  'remote-timeout': 'run again: what was read is kept; `timeouts` under `datasets:` of the manifest allows more time',
  'remote-bad-answer': 'what answered does not keep to the protocol; look at the base URL and at proxies on the way',
  'remote-redirect': 'look at the base URL and at proxies on the way',
};

export function remoteTrouble(code: RemoteCode, message: string, detail: Json = null, cause?: unknown): Failure {
  return new Failure(code, message, { scope: 'infrastructure', hint: HINTS[code], detail, cause });
}

/** The same trouble, with where it was met in front. */
export function inPlace(failure: Failure, place: string): Failure {
  const { code, message, scope, detail, hint } = failure;
  const options = { scope, detail, cause: failure };
  return new Failure(code, `${place}: ${message}`, hint === undefined ? options : { ...options, hint });
}

/** The innermost reason, which is the one that tells something (ECONNREFUSED, ENOTFOUND). */
export function reasonOf(error: unknown): string {
  let at = error;
  for (let depth = 0; depth < 8 && at instanceof Error && at.cause instanceof Error; depth++) at = at.cause;
  if (!(at instanceof Error)) return String(at);
  const code = 'code' in at && typeof at.code === 'string' ? at.code : null;
  return at.message === '' ? (code ?? at.name) : at.message;
}
