/** What went wrong with one attempt: its name, whether sending it again may help, and whether it may have been billed. */

import type { FailureScope } from '#contract/failure.ts';
import type { EndpointSpec } from '#contract/manifest.ts';
import type { Usage } from '#contract/services.ts';
import type { Clock } from '#util/clock.ts';
import type { Reply } from './exchange.ts';
import { parseRetryAfter } from './retry-wait.ts';

export interface Trouble {
  readonly code: string;
  /** Without the endpoint's name, which the caller puts in front. */
  readonly message: string;
  readonly scope: FailureScope;
  readonly mayRetry: boolean;
  /** `no`: refused before any work. `maybe`: sent, and nobody knows. A usage: what the endpoint says it was. */
  readonly billed: 'no' | 'maybe' | Usage;
  readonly retryAfterMs: number | null;
  readonly status: number | null;
  readonly hint?: string;
}

const PLAIN = { scope: 'row', mayRetry: false, billed: 'no', retryAfterMs: null, status: null } as const;

/** @param redact takes known secrets out of what the endpoint said */
export function troubleOfReply(
  reply: Exclude<Reply, { type: 'aborted' }>,
  endpoint: EndpointSpec,
  clock: Clock,
  redact: (text: string) => string,
): Trouble {
  switch (reply.type) {
    case 'expired': {
      const what = reply.deadline === 'total' ? 'no whole answer' : 'no first byte of an answer';
      const setting = reply.deadline === 'total' ? 'total' : 'first_byte';
      const hint = `endpoints.${endpoint.id}.timeouts.${setting} says how long to wait`;
      return {
        ...PLAIN,
        code: 'llm-timeout',
        message: `${what} within ${reply.ms} ms`,
        mayRetry: true,
        billed: 'maybe',
        hint,
      };
    }
    case 'error':
      return troubleOfError(reply.error, endpoint);
    case 'response':
      return troubleOfStatus(
        reply.status,
        reply.text,
        parseRetryAfter(reply.retryAfter, clock.wall()),
        endpoint,
        redact,
      );
  }
}

export function badResponse(problem: string, usage: Usage | null): Trouble {
  return {
    ...PLAIN,
    code: 'llm-bad-response',
    message: problem,
    mayRetry: true,
    billed: usage ?? 'maybe',
    status: 200,
  };
}

function troubleOfStatus(
  status: number,
  text: string,
  retryAfterMs: number | null,
  endpoint: EndpointSpec,
  redact: (text: string) => string,
): Trouble {
  const { said, code } = readError(text, redact);
  const message = said === '' ? `status ${status}` : `status ${status}: ${said}`;
  const plain = { ...PLAIN, status, message, retryAfterMs };
  if (status === 401 || status === 403) {
    const hint =
      endpoint.api_key === null ? `endpoints.${endpoint.id} has no api_key` : `check endpoints.${endpoint.id}.api_key`;
    return { ...plain, code: 'llm-auth', scope: 'endpoint', hint };
  }
  if (status === 402 || code === 'insufficient_quota') {
    return { ...plain, code: 'llm-quota', scope: 'endpoint', hint: 'the account has no credit left' };
  }
  if (status === 404) {
    const hint = 'check the model name and base_url; `sluice doctor` lists what the endpoint serves';
    return { ...plain, code: 'llm-unknown-model', scope: 'endpoint', hint };
  }
  if (status === 429) {
    return { ...plain, code: 'llm-rate-limited', mayRetry: true, hint: `lower endpoints.${endpoint.id}.limits` };
  }
  // A gateway that gave up waiting: the model behind it may have gone on, and been billed.
  if (status === 408 || status === 502 || status === 504 || status === 524) {
    return { ...plain, code: 'llm-server-error', mayRetry: true, billed: 'maybe' };
  }
  if (status >= 500 || status === 409) return { ...plain, code: 'llm-server-error', mayRetry: true };
  if (code === 'content_filter' || code === 'content_policy_violation') return { ...plain, code: 'llm-content-filter' };
  if (status >= 400) return { ...plain, code: 'llm-bad-request' };
  const hint = 'redirects are not followed, so that the key goes nowhere else; set base_url to the final address';
  return { ...plain, code: 'llm-bad-response', scope: 'endpoint', hint };
}

/** What the endpoint says about an error, short and without secrets; bodies of other kinds say nothing useful. */
function readError(text: string, redact: (text: string) => string): { said: string; code: string | null } {
  try {
    const parsed: unknown = JSON.parse(text);
    const error = member(parsed, 'error') ?? parsed;
    const said = typeof error === 'string' ? error : member(error, 'message');
    const code = member(error, 'code') ?? member(error, 'type');
    return {
      said: typeof said === 'string' ? redact(said).slice(0, 300) : '',
      code: typeof code === 'string' ? code : null,
    };
  } catch {
    return { said: '', code: null };
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as { readonly [name: string]: unknown })[name]
    : undefined;
}

/** Errors raised before a byte of the request could leave. */
const NOT_SENT =
  /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|ERR_INVALID_URL|UND_ERR_INVALID_ARG)$/;
const NO_SUCH_HOST = /^(ENOTFOUND|EAI_NONAME|EAI_FAIL)$/;
const CERTIFICATE = /^(ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED|ERR_SSL_)/;

function troubleOfError(error: unknown, endpoint: EndpointSpec): Trouble {
  const code = errorCode(error);
  const plain = { ...PLAIN, code: 'llm-connection', scope: 'endpoint' as const };
  const hint = `check endpoints.${endpoint.id}.base_url (${hostOf(endpoint.base_url)})`;
  if (NO_SUCH_HOST.test(code)) return { ...plain, code: 'llm-dns', message: `there is no such host (${code})`, hint };
  if (code === 'EAI_AGAIN')
    return { ...plain, code: 'llm-dns', message: 'the host name could not be looked up', mayRetry: true, hint };
  if (CERTIFICATE.test(code)) return { ...plain, message: `the certificate is not accepted (${code})`, hint };
  if (NOT_SENT.test(code)) return { ...plain, message: `no connection (${code})`, mayRetry: true, hint };
  const size = code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE';
  return {
    ...PLAIN,
    code: size ? 'llm-bad-response' : 'llm-connection',
    message: size ? 'the body is larger than 64 MB' : `the connection broke off before the answer was whole (${code})`,
    mayRetry: !size,
    billed: 'maybe',
  };
}

/** The deepest code along the chain of causes; the outermost ones only say that something failed. */
function errorCode(error: unknown): string {
  let code = 'unknown';
  let at: unknown = error;
  for (let depth = 0; depth < 8 && typeof at === 'object' && at !== null; depth++) {
    const own = member(at, 'code');
    if (typeof own === 'string') code = own;
    const errors = member(at, 'errors');
    at = member(at, 'cause') ?? (Array.isArray(errors) ? errors[0] : undefined);
  }
  return code;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
