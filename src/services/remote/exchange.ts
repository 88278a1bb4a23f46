/**
 * One request and its redirects. The token goes to the remote's own origin and nowhere else; nothing is unpacked, so that no
 * body is larger than what was counted; and every body has a limit and a deadline.
 */

import type { Dispatcher } from 'undici';
import { reasonOf, remoteTrouble } from './remote-trouble.ts';
import type { Traffic } from './traffic.ts';

const MOST_REDIRECTS = 5;

export interface ExchangeRequest {
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  /** Bytes of the body that may come; one more ends the exchange. */
  readonly most: number;
  readonly idleMs: number;
  readonly totalMs: number;
  readonly signal: AbortSignal;
  readonly traffic: Traffic;
}

export interface Head {
  readonly status: number;
  /** Where the last redirect led. */
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  /** Of the first answer, which is the remote's own. */
  readonly firstHeaders: { readonly [name: string]: string };
}

export interface Exchange {
  readonly head: Head;
  /** Pieces as they come. @throws Failure `remote-*` */
  body(): AsyncGenerator<Buffer>;
  /** Lets go of a body that nobody wants. */
  drop(): void;
}

export interface Origin {
  readonly baseUrl: string;
  token(): string | null;
  readonly dispatcher: Dispatcher;
}

/** Sent again by whoever asked; the failure is in `cause`. */
export class Interrupted extends Error {
  readonly reason: 'timeout' | 'connection';

  constructor(reason: Interrupted['reason'], message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/** @throws Interrupted; Failure `remote-redirect`, `remote-bad-answer`; the reason of `signal` */
export async function exchange(origin: Origin, request: ExchangeRequest): Promise<Exchange> {
  const { request: send } = await import('undici');
  const { signal, traffic, idleMs, totalMs, most } = request;
  const controller = new AbortController();
  const end = () => controller.abort();
  signal.addEventListener('abort', end, { once: true });
  const timer = setTimeout(end, totalMs);
  const finish = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  };
  let url = request.url;
  let firstHeaders: Head['firstHeaders'] | null = null;
  const broken = (error: unknown, what: string): Error => {
    if (signal.aborted) return signal.reason instanceof Error ? signal.reason : new Error('stopped');
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const isLate = controller.signal.aborted || code.includes('TIMEOUT');
    if (!isLate) return new Interrupted('connection', `${hostOf(url)} ${what}: ${reasonOf(error)}`, error);
    return new Interrupted('timeout', `${hostOf(url)} ${what} in time`, error);
  };
  try {
    for (let hops = 0; ; hops++) {
      signal.throwIfAborted();
      traffic.add({ requests: 1 });
      const token = new URL(url).origin === new URL(origin.baseUrl).origin ? origin.token() : null;
      const headers = {
        'user-agent': 'sluice',
        'accept-encoding': 'identity',
        ...request.headers,
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      };
      const response = await send(url, {
        method: 'GET',
        headers,
        dispatcher: origin.dispatcher,
        signal: controller.signal,
        headersTimeout: idleMs,
        bodyTimeout: idleMs,
      }).catch((error: unknown) => {
        throw broken(error, 'did not answer');
      });
      response.body.on('error', () => {});
      const answered = plainHeaders(response.headers);
      firstHeaders ??= answered;
      const location = answered['location'];
      if (![301, 302, 303, 307, 308].includes(response.statusCode) || location === undefined) {
        const head = { status: response.statusCode, url, headers: answered, firstHeaders };
        return {
          head,
          drop: () => {
            finish();
            response.body.destroy();
          },
          body: () => pieces(response.body, head, most, traffic, finish, broken),
        };
      }
      response.body.destroy();
      url = nextUrl(url, location, hops);
    }
  } catch (error) {
    finish();
    throw error;
  }
}

async function* pieces(
  body: AsyncIterable<Buffer> & { destroy(): unknown },
  head: Head,
  most: number,
  traffic: Traffic,
  finish: () => void,
  broken: (error: unknown, what: string) => Error,
): AsyncGenerator<Buffer> {
  const encoding = head.headers['content-encoding'] ?? 'identity';
  const announced = Number(head.headers['content-length'] ?? Number.NaN);
  let length = 0;
  try {
    if (encoding !== 'identity')
      throw remoteTrouble(
        'remote-bad-answer',
        `${hostOf(head.url)} sends a packed body (${shorten(encoding)}), which was not asked for`,
      );
    if (announced > most) throw tooLong(head, most);
    const all = body[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await all.next().catch((error: unknown) => {
        throw broken(error, `did not send all of its body (${length} bytes came)`);
      });
      if (done === true) break;
      length += value.length;
      traffic.add({ bytes: value.length });
      if (length > most) throw tooLong(head, most);
      yield value;
    }
  } finally {
    finish();
    body.destroy();
  }
}

function tooLong({ url }: Head, most: number): Error {
  return remoteTrouble('remote-bad-answer', `${hostOf(url)} sends more than the ${most} bytes that can be right`);
}

function nextUrl(from: string, location: string, hops: number): string {
  if (hops >= MOST_REDIRECTS)
    throw remoteTrouble('remote-redirect', `${hostOf(from)} redirects more than ${MOST_REDIRECTS} times`);
  if (!URL.canParse(location, from))
    throw remoteTrouble(
      'remote-redirect',
      `${hostOf(from)} redirects to ${JSON.stringify(shorten(location))}, which is no address`,
    );
  const next = new URL(location, from);
  const isSafe = next.protocol === 'https:' || (next.protocol === 'http:' && new URL(from).protocol === 'http:');
  if (!isSafe)
    throw remoteTrouble(
      'remote-redirect',
      `${hostOf(from)} redirects to ${shorten(next.protocol)}//${shorten(next.host)}, which is not as safe`,
    );
  return next.href;
}

export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'the remote';
}

/** Of several with one name the first counts. */
function plainHeaders(headers: { readonly [name: string]: string | string[] | undefined }) {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value;
      return first === undefined ? [] : [[name.toLowerCase(), first] as const];
    }),
  );
}

const shorten = (text: string) => (text.length <= 100 ? text : `${text.slice(0, 100)}…`);
