/** A local server that really speaks the OpenAI chat-completions protocol, counts what it is asked, and misbehaves on request. */

import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServedMessage {
  readonly role: string;
  readonly content: string;
}

export interface ServedRequest {
  /** Zero-based number of arrival. */
  readonly nth: number;
  /** How often an equal body arrived before. */
  readonly repeat: number;
  readonly body: {
    readonly model: string;
    readonly messages: readonly ServedMessage[];
    readonly [name: string]: unknown;
  };
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  /** Digest of the body as sent. */
  readonly digest: string;
}

export interface ServedAnswer {
  readonly text: string | null;
  readonly finishReason?: string;
  readonly reasoning?: string;
  readonly toolCalls?: readonly unknown[];
  /** Left out of the body when null. */
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
  /** Put into the body instead of the truth, which is still what the server counts. */
  readonly claimedUsage?: unknown;
}

export type Fault =
  | {
      readonly type: 'status';
      readonly status: number;
      readonly retryAfter?: string;
      readonly code?: string;
      readonly message?: string;
    }
  /** Never answers; the connection stays open. */
  | { readonly type: 'hang' }
  | { readonly type: 'hang-in-body' }
  | { readonly type: 'reset' }
  /** The connection ends in the middle of the body. */
  | { readonly type: 'cut-body' }
  | { readonly type: 'html' }
  | { readonly type: 'invalid-json' }
  | { readonly type: 'no-choices' }
  | { readonly type: 'error-with-200' }
  | { readonly type: 'redirect'; readonly location: string };

export type Answerer = (request: ServedRequest) => ServedAnswer | string;

export interface RateLimit {
  readonly perSecond: number;
  /** How many it holds. */
  readonly burst: number;
  readonly retryAfter?: string;
}

export interface LlmServerOptions {
  /** `echo`: a function of the request. `random`: another text each time, so that any way around the journal shows. */
  readonly answers?: 'echo' | 'random' | Answerer;
  /** Milliseconds, or a range from which each answer draws. */
  readonly latencyMs?: number | readonly [number, number];
  readonly fault?: (request: ServedRequest) => Fault | null;
  /** A token bucket, full at first: requests that find it empty are refused at once with 429. */
  readonly rateLimit?: RateLimit;
  /** Keys that are let in; all where it is left out. */
  readonly apiKey?: string;
  readonly port?: number;
  /** A line is appended for every request when it has arrived and when it was answered; survives a killed reader. */
  readonly journal?: string;
  /** Keeps whole requests in `log`. Default true. */
  readonly keepLog?: boolean;
}

export interface ServerStats {
  /** Requests that arrived. */
  readonly requests: number;
  /** Those answered with 200 and a completion. */
  readonly answered: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Distinct bodies. */
  readonly distinct: number;
  readonly mostInFlight: number;
  /** Opened so far. */
  readonly connections: number;
}

export interface LlmServer {
  /** `http://127.0.0.1:PORT/v1` */
  readonly url: string;
  readonly log: readonly ServedRequest[];
  stats(): ServerStats;
  close(): Promise<void>;
}

export async function startLlmServer(options: LlmServerOptions = {}): Promise<LlmServer> {
  const state = new State(options);
  const server = createServer((request, response) => void handle(state, request, response));
  server.on('connection', () => state.connected());
  await listen(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    log: state.log,
    stats: () => state.stats(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

class State {
  readonly options: LlmServerOptions;
  readonly log: ServedRequest[] = [];
  readonly #seen = new Map<string, number>();
  #requests = 0;
  #answered = 0;
  #input = 0;
  #output = 0;
  #inFlight = 0;
  #mostInFlight = 0;
  #connections = 0;
  #bucket: number;
  #filledAt = performance.now();

  constructor(options: LlmServerOptions) {
    this.options = options;
    this.#bucket = options.rateLimit?.burst ?? 0;
  }

  stats(): ServerStats {
    return {
      requests: this.#requests,
      answered: this.#answered,
      inputTokens: this.#input,
      outputTokens: this.#output,
      distinct: this.#seen.size,
      mostInFlight: this.#mostInFlight,
      connections: this.#connections,
    };
  }

  connected(): void {
    this.#connections++;
  }

  arrived(text: string, headers: ServedRequest['headers']): ServedRequest {
    const digest = createHash('sha256').update(text).digest('hex');
    const repeat = this.#seen.get(digest) ?? 0;
    this.#seen.set(digest, repeat + 1);
    const request: ServedRequest = { nth: this.#requests++, repeat, body: JSON.parse(text), headers, digest };
    if (this.options.keepLog !== false) this.log.push(request);
    this.#inFlight++;
    this.#mostInFlight = Math.max(this.#mostInFlight, this.#inFlight);
    this.#write({ type: 'arrived', nth: request.nth, digest });
    return request;
  }

  answered(request: ServedRequest, input: number, output: number): void {
    this.#answered++;
    this.#input += input;
    this.#output += output;
    this.#write({ type: 'answered', nth: request.nth, digest: request.digest, input, output });
  }

  /** Takes a token, or says what to answer where there is none. */
  refuse(): Fault | null {
    const limit = this.options.rateLimit;
    if (limit === undefined) return null;
    const now = performance.now();
    const saved = this.#bucket + ((now - this.#filledAt) * limit.perSecond) / 1000;
    this.#bucket = Math.min(limit.burst, saved);
    this.#filledAt = now;
    if (this.#bucket >= 1) {
      this.#bucket--;
      return null;
    }
    const { retryAfter } = limit;
    return { type: 'status', status: 429, ...(retryAfter === undefined ? {} : { retryAfter }) };
  }

  left(): void {
    this.#inFlight--;
  }

  #write(line: object): void {
    if (this.options.journal !== undefined) appendFileSync(this.options.journal, `${JSON.stringify(line)}\n`);
  }
}

async function handle(state: State, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  if (incoming.method === 'GET' && incoming.url === '/__stats') return sendJson(response, 200, state.stats());
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  if (incoming.method !== 'POST' || incoming.url !== '/v1/chat/completions') {
    return sendJson(response, 404, { error: { message: `no route ${incoming.url}`, code: 'not_found' } });
  }
  const { apiKey } = state.options;
  if (apiKey !== undefined && incoming.headers.authorization !== `Bearer ${apiKey}`) {
    const message = `Incorrect API key provided: ${incoming.headers.authorization ?? 'none'}`;
    return sendJson(response, 401, { error: { message, code: 'invalid_api_key' } });
  }
  const request = state.arrived(Buffer.concat(pieces).toString('utf8'), incoming.headers);
  try {
    const refusal = state.refuse();
    if (refusal !== null) return misbehave(refusal, response);
    await wait(drawLatency(state.options.latencyMs));
    const fault = state.options.fault?.(request) ?? null;
    if (fault === null) answer(state, request, response);
    else misbehave(fault, response);
  } finally {
    state.left();
  }
}

function answer(state: State, request: ServedRequest, response: ServerResponse): void {
  const given = produce(state.options.answers ?? 'echo', request);
  const { text, finishReason = 'stop', reasoning, toolCalls } = given;
  const sent = request.body.messages.map((message) => message.content).join('');
  const usage = given.usage ?? {
    prompt_tokens: Math.ceil(sent.length / 4),
    completion_tokens: Math.ceil((text ?? '').length / 4),
  };
  state.answered(request, usage.prompt_tokens, usage.completion_tokens);
  sendJson(response, 200, {
    id: `chatcmpl-${randomBytes(8).toString('hex')}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: `${request.body.model}-served`,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text,
          ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
          ...(toolCalls === undefined ? {} : { tool_calls: toolCalls }),
        },
        finish_reason: finishReason,
      },
    ],
    ...(given.claimedUsage !== undefined
      ? { usage: given.claimedUsage }
      : given.usage === null
        ? {}
        : { usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens } }),
  });
}

function produce(answers: 'echo' | 'random' | Answerer, request: ServedRequest): ServedAnswer {
  if (answers === 'echo') return { text: `answer to ${request.digest.slice(0, 16)}` };
  if (answers === 'random') return { text: `random ${randomBytes(12).toString('hex')}` };
  const given = answers(request);
  return typeof given === 'string' ? { text: given } : given;
}

function misbehave(fault: Fault, response: ServerResponse): void {
  const begin = () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"id": "chatcmpl-1", "choices": [{"index": 0, "mess');
  };
  switch (fault.type) {
    case 'status': {
      if (fault.retryAfter !== undefined) response.setHeader('retry-after', fault.retryAfter);
      const message = fault.message ?? `status ${fault.status} as asked`;
      sendJson(response, fault.status, { error: { message, code: fault.code ?? null } });
      return;
    }
    case 'hang':
      return;
    case 'hang-in-body':
      begin();
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'cut-body':
      begin();
      setImmediate(() => response.socket?.end());
      return;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<!doctype html><title>Welcome to the hotel Wi-Fi</title>');
      return;
    case 'invalid-json':
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"choices": [{');
      return;
    case 'no-choices':
      sendJson(response, 200, { id: 'x', choices: [], usage: { prompt_tokens: 7, completion_tokens: 0 } });
      return;
    case 'error-with-200':
      sendJson(response, 200, { error: { message: 'the provider behind is down', code: 502 } });
      return;
    case 'redirect':
      response.writeHead(302, { location: fault.location });
      response.end();
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function drawLatency(latency: LlmServerOptions['latencyMs']): number {
  if (latency === undefined || typeof latency === 'number') return latency ?? 0;
  const [from, to] = latency;
  return from + Math.random() * (to - from);
}

function wait(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
