/** A remote as its users see it: documents and byte ranges, asked for again where that can help, else a typed failure. */

import type { Agent } from 'undici';
import { Failure } from '#contract/failure.ts';
import type { RemoteSpec } from '#contract/manifest.ts';
import { type Clock, pause } from '#util/clock.ts';
import { backoffMs, parseRetryAfter } from '../llm/retry-wait.ts';
import { type Exchange, type ExchangeRequest, exchange, type Head, hostOf, Interrupted } from './exchange.ts';
import { remoteTrouble } from './remote-trouble.ts';
import { Slots } from './slots.ts';
import type { Traffic } from './traffic.ts';

/** A connection that brings less than this is as good as broken. */
const LEAST_BYTES_PER_MS = 16;
const RETRIED = new Set([408, 425, 429, 500, 502, 503, 504]);
const MOST_SHOWN = 300;

export interface RemoteOptions {
  readonly spec: Omit<RemoteSpec, 'base_url' | 'token'>;
  readonly baseUrl: string;
  token(): string | null;
  readonly clock: Clock;
  /** Milliseconds to wait before this refusal is asked again, null where it is none of the limit; replaces Retry-After. */
  readonly limitWait?: (status: number, headers: Head['headers'], body: string) => number | null;
  /** Longer waits for a limit are not waited for. */
  readonly mostWaitMs: number;
}

export interface Asked {
  readonly signal: AbortSignal;
  readonly traffic: Traffic;
}

export interface Document {
  readonly status: number;
  readonly headers: Head['headers'];
  readonly text: string;
}

export class Remote {
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly #options: RemoteOptions;
  readonly #slots: Slots;
  #agent: Agent | null = null;

  constructor(options: RemoteOptions) {
    this.#options = options;
    this.baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.clock = options.clock;
    this.#slots = new Slots(options.spec.concurrency);
  }

  async close(): Promise<void> {
    await this.#agent?.destroy();
    this.#agent = null;
  }

  /**
   * Any status that is not worth another attempt comes back; who asked knows what a 404 means.
   *
   * @param most bytes of the answer
   */
  async document(
    url: string,
    headers: { readonly [name: string]: string },
    most: number,
    asked: Asked,
  ): Promise<Document> {
    return this.#again(hostOf(url), asked, async () => {
      const { head, pieces } = await this.#exchange(url, headers, most, asked);
      const text = Buffer.concat(await collect(pieces.body())).toString('utf8');
      const wait = this.#waitOf(head, text);
      return wait === null ? { status: head.status, headers: head.headers, text } : new Refused(head, text, wait);
    });
  }

  /**
   * Bytes `start` to `end` of something that holds `size`. What came before a connection broke is kept, and only the rest asked for.
   *
   * @throws Failure `remote-*`; `Answered` for statuses that the asker must explain
   */
  async range(
    url: () => string,
    start: number,
    end: number,
    size: number,
    asked: Asked,
    onHead: (head: Head) => void,
  ): Promise<Buffer> {
    const got: Buffer[] = [];
    let length = 0;
    await this.#again(hostOf(url()), asked, async () => {
      const from = start + length;
      const { head, pieces } = await this.#exchange(url(), { range: `bytes=${from}-${end - 1}` }, end - from, asked);
      if (head.status !== 206 && head.status !== 200) {
        const text = await textOf(pieces);
        const wait = this.#waitOf(head, text);
        return wait === null ? Promise.reject(new Answered(head, text)) : new Refused(head, text, wait);
      }
      onHead(head);
      checkRange(head, from, end, size, pieces);
      for await (const piece of pieces.body()) {
        got.push(piece);
        length += piece.length;
      }
      if (start + length === end) return true;
      throw new Interrupted('connection', `${hostOf(head.url)} sent ${start + length - from} of ${end - from} bytes`);
    });
    return got.length === 1 ? (got[0] as Buffer) : Buffer.concat(got, end - start);
  }

  async #exchange(url: string, headers: { readonly [name: string]: string }, most: number, { signal, traffic }: Asked) {
    const { timeouts } = this.#options.spec;
    const request: ExchangeRequest = {
      url,
      headers,
      most,
      idleMs: timeouts.idle_ms,
      totalMs: timeouts.total_ms + Math.min(most, 2 ** 31) / LEAST_BYTES_PER_MS,
      signal,
      traffic,
    };
    this.#agent ??= await this.#makeAgent();
    const { baseUrl, token } = this.#options;
    const pieces = await exchange({ baseUrl, token, dispatcher: this.#agent }, request);
    return { head: pieces.head, pieces };
  }

  async #makeAgent(): Promise<Agent> {
    const { Agent } = await import('undici');
    const { concurrency, timeouts } = this.#options.spec;
    return new Agent({ connections: concurrency, connect: { timeout: timeouts.connect_ms }, keepAliveTimeout: 10_000 });
  }

  /** Null where the answer is to be taken as it is. */
  #waitOf(head: Head, text: string): number | null {
    const limit = this.#options.limitWait?.(head.status, head.headers, text) ?? null;
    if (limit !== null) return limit;
    if (!RETRIED.has(head.status)) return null;
    return parseRetryAfter(head.headers['retry-after'] ?? null, this.clock.wall()) ?? 0;
  }

  async #again<T>(host: string, asked: Asked, attempt: () => Promise<T | Refused>): Promise<T> {
    const { retries } = this.#options.spec;
    const { signal, traffic } = asked;
    for (let nth = 0; ; nth++) {
      const outcome = await this.#slots.use(attempt).catch((error: unknown) => {
        if (signal.aborted) throw stopped(host);
        if (error instanceof Interrupted) return error;
        throw error;
      });
      if (!(outcome instanceof Interrupted) && !(outcome instanceof Refused)) return outcome;
      const asks = outcome instanceof Refused ? outcome.waitMs : 0;
      if (nth >= retries || asks > this.#options.mostWaitMs) throw toFailure(outcome, host, nth + 1);
      traffic.add({ retries: 1 });
      const wait = asks > 0 ? asks : backoffMs(host, nth, { baseMs: this.#options.spec.backoff_ms, capMs: 20_000 });
      await pause(this.clock, wait, signal);
      if (signal.aborted) throw stopped(host);
    }
  }
}

/** An answer that says no in a way that only the asker can explain. */
export class Answered extends Error {
  readonly head: Head;
  readonly text: string;

  constructor(head: Head, text: string) {
    super(`HTTP ${head.status}`);
    this.head = head;
    this.text = text;
  }
}

class Refused {
  readonly head: Head;
  readonly text: string;
  readonly waitMs: number;

  constructor(head: Head, text: string, waitMs: number) {
    this.head = head;
    this.text = text;
    this.waitMs = waitMs;
  }
}

function toFailure(outcome: Interrupted | Refused, host: string, attempts: number): Failure {
  const times = attempts === 1 ? 'once' : `${attempts} times`;
  if (outcome instanceof Interrupted) {
    const code = outcome.reason === 'timeout' ? 'remote-timeout' : 'remote-unavailable';
    return remoteTrouble(code, `${outcome.message} (asked ${times})`, { host, attempts }, outcome);
  }
  const { status } = outcome.head;
  const detail = { host, attempts, status, waitMs: outcome.waitMs };
  if (status === 429 || status === 403) {
    const wait = outcome.waitMs > 0 ? `, and asks to wait ${Math.ceil(outcome.waitMs / 1000)} s` : '';
    return remoteTrouble(
      'remote-rate-limited',
      `${host} limits requests (HTTP ${status}, asked ${times})${wait}`,
      detail,
    );
  }
  return remoteTrouble('remote-unavailable', `${host} answers HTTP ${status} (asked ${times})`, detail);
}

function stopped(host: string): Failure {
  return new Failure('stopped', `reading from ${host} was stopped`, {
    scope: 'stopped',
    hint: 'run again: what was read is kept',
  });
}

/** What a server says of a range must be what was asked, byte for byte; a whole file instead is refused before it is read. */
function checkRange(head: Head, from: number, end: number, size: number, pieces: Exchange): void {
  const host = hostOf(head.url);
  const refusal = (message: string): Failure => {
    pieces.drop();
    return remoteTrouble('remote-bad-answer', message);
  };
  const announced = head.headers['content-length'];
  if (announced !== undefined && Number(announced) !== end - from && head.status === 206)
    throw refusal(`${host} announces ${announced.slice(0, 40)} bytes where ${end - from} were asked for`);
  if (head.status === 200) {
    if (from !== 0 || end !== size) throw refusal(`${host} serves no byte ranges: it sends the whole file`);
    return;
  }
  const said = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(head.headers['content-range'] ?? '');
  if (said === null) throw refusal(`${host} answers a range without saying which (Content-Range)`);
  const [, first, last, total] = said;
  if (total !== '*' && Number(total) !== size) {
    pieces.drop();
    throw new WrongSize(Number(total));
  }
  if (Number(first) !== from || Number(last) !== end - 1)
    throw refusal(`${host} sends bytes ${first}-${last} where ${from}-${end - 1} were asked for`);
}

/** The file is not as long as the list of files says. */
export class WrongSize extends Error {
  readonly bytes: number;

  constructor(bytes: number) {
    super(`it holds ${bytes} bytes`);
    this.bytes = bytes;
  }
}

async function collect(pieces: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

/** The beginning of a refusal's text; whatever goes wrong with it, the status is what counts. */
async function textOf(pieces: Exchange): Promise<string> {
  try {
    return Buffer.concat(await collect(pieces.body()))
      .toString('utf8')
      .slice(0, MOST_SHOWN);
  } catch {
    return '';
  }
}
