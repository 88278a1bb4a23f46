/**
 * One endpoint's HTTP: the openai client over undici's connections, which costs a third of `fetch`.
 * Deadlines are ours and cover the body. Whatever happens comes back as a value; only our own bugs throw.
 */

import type OpenAI from 'openai';
import type { JsonObject } from '#contract/json.ts';
import type { EndpointSpec } from '#contract/manifest.ts';
import type { Clock } from '#util/clock.ts';
import { Exchange, type Reply } from './exchange.ts';

export interface Transport {
  send(body: JsonObject, signal: AbortSignal): Promise<Reply>;
  close(): Promise<void>;
}

/** A body larger than this is no answer. */
const BODY_LIMIT = 64 * 2 ** 20;

type ShimInit = RequestInit & { readonly exchange?: Exchange };

export interface TransportOptions {
  readonly endpoint: EndpointSpec;
  readonly apiKey: string | null;
  readonly headers: { readonly [name: string]: string };
  readonly clock: Clock;
}

export async function makeTransport({ endpoint, apiKey, headers, clock }: TransportOptions): Promise<Transport> {
  // Both are loaded only when a call is really sent: together they cost 80 ms.
  const [{ default: Client }, undici] = await Promise.all([import('openai'), import('undici')]);
  const { timeouts } = endpoint;
  const connections = new undici.Pool(new URL(endpoint.base_url).origin, {
    connect: { timeout: timeouts.connect_ms },
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: BODY_LIMIT,
    keepAliveTimeout: 30_000,
  });
  /** The same for every request, so they are taken out of the client's Headers once. */
  let sent: string[] | null = null;
  const shim = async (url: string, { exchange, headers: asked, body }: ShimInit): Promise<Response> => {
    if (exchange === undefined) throw new Error('a request without an exchange');
    sent ??= [...(asked as Headers)].flat();
    const { pathname, search } = new URL(url);
    const request = { method: 'POST', path: pathname + search, headers: sent, body: body as string } as const;
    connections.dispatch(request, exchange);
    return toResponse(url, await exchange.ended);
  };
  const client: OpenAI = new Client({
    // The client insists on a key; where there is none its header is taken out below.
    apiKey: apiKey ?? 'none',
    adminAPIKey: null,
    organization: null,
    project: null,
    baseURL: endpoint.base_url.replace(/\/+$/, ''),
    maxRetries: 0,
    timeout: 2 ** 31 - 1,
    logLevel: 'off',
    defaultHeaders: { ...(apiKey === null ? { Authorization: null } : {}), ...headers },
    fetch: shim as unknown as typeof fetch,
  });
  return {
    async send(body, signal) {
      if (signal.aborted) return { type: 'aborted' };
      const exchange = new Exchange(timeouts, clock, signal);
      try {
        const options = { fetchOptions: { exchange } } as unknown as OpenAI.RequestOptions;
        await client.chat.completions
          .create(body as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming, options)
          .asResponse();
      } catch (error) {
        // The client throws for every status but 2xx and for whatever went wrong; if it began at all, the exchange knows better.
        exchange.end({ type: 'error', error });
      }
      return exchange.ended;
    },
    close: () => connections.destroy(),
  };
}

/** The little of a Response that the client looks at; a real one costs more than the request. */
function toResponse(url: string, reply: Reply): Response {
  if (reply.type !== 'response') throw new Error('no response');
  const { status, text } = reply;
  const headers = { get: () => null, entries: () => [].values() };
  const response = { url, status, ok: status >= 200 && status < 300, headers, body: null, text: async () => text };
  return response as unknown as Response;
}
