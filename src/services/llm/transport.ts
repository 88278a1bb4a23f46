/**
 * One endpoint's HTTP: requests as the openai client makes them, over undici's connections, which cost a third of `fetch`.
 * Deadlines are ours and cover the body. Whatever happens comes back as a value; only our own bugs throw.
 */

import type OpenAI from 'openai';
import type { JsonObject } from '#contract/json.ts';
import type { EndpointSpec } from '#contract/manifest.ts';
import type { Clock } from '#util/clock.ts';
import type { StopSignal } from '#util/on-abort.ts';
import { Exchange, type Reply } from './exchange.ts';
import { Lanes } from './lanes.ts';

export interface Transport {
  send(body: JsonObject, signal: StopSignal): Promise<Reply>;
  close(): Promise<void>;
}

/** A body larger than this is no answer. */
const BODY_LIMIT = 64 * 2 ** 20;

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
  const { origin } = new URL(endpoint.base_url);
  const options = {
    // One for all connections: TLS sessions are taken up again.
    connect: undici.buildConnector({ timeout: timeouts.connect_ms }),
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: BODY_LIMIT,
    keepAliveTimeout: 30_000,
  };
  const lanes = new Lanes(() => new undici.Client(origin, options));
  const client = new Client({
    // The client insists on a key; where there is none its header is taken out below.
    apiKey: apiKey ?? 'none',
    adminAPIKey: null,
    organization: null,
    project: null,
    baseURL: endpoint.base_url.replace(/\/+$/, ''),
    timeout: 2 ** 31 - 1,
    logLevel: 'off',
    defaultHeaders: { ...(apiKey === null ? { Authorization: null } : {}), ...headers },
  });
  const template = makeTemplate(client);
  // What is wrong with it is told to whoever sends.
  template.catch(() => {});
  return {
    async send(body, signal) {
      if (signal.aborted) return { type: 'aborted' };
      const exchange = new Exchange(timeouts, clock, signal);
      try {
        const request = { ...(await template), body: JSON.stringify(body) };
        lanes.dispatch(request, exchange, exchange.ended);
      } catch (error) {
        // E.g. a header that cannot be sent.
        exchange.end({ type: 'error', error });
      }
      return exchange.ended;
    },
    close: () => lanes.close(),
  };
}

interface Template {
  readonly method: 'POST';
  readonly path: string;
  readonly headers: string[];
}

/** What the client would send with any body: asked for once, because it costs as much as the rest of a call. */
async function makeTemplate(client: OpenAI): Promise<Template> {
  const { req, url } = await client.buildRequest({ method: 'post', path: '/chat/completions', body: {} });
  const { pathname, search } = new URL(url);
  return { method: 'POST', path: pathname + search, headers: [...new Headers(req.headers)].flat() };
}
