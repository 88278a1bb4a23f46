/** One free request to an endpoint (`GET /models`): is it there, does it take the key, which models does it name. Nothing is ever billed. */

import { Failure } from '#contract/failure.ts';
import type { EndpointSpec } from '#contract/manifest.ts';
import { systemClock } from '#util/clock.ts';
import type { SecretResolver } from '../secrets.ts';
import { type Trouble, troubleOfReply } from './call-trouble.ts';
import { Exchange, type Reply } from './exchange.ts';

export interface Probed {
  readonly latencyMs: number;
  /** Names of models, where the endpoint lists any. */
  readonly models: readonly string[] | null;
  /** Why there is no list; the endpoint may work all the same if `isReachable`. */
  readonly trouble: Pick<Trouble, 'code' | 'message' | 'hint'> | null;
  /** Whether calls may succeed for all that is known. */
  readonly isUsable: boolean;
}

/** Nobody waits longer for a list, whatever the endpoint's own deadlines are. */
const MOST_MS = 10_000;
const LIST_LIMIT = 16 * 2 ** 20;

export async function probeEndpoint(endpoint: EndpointSpec, secrets: SecretResolver): Promise<Probed> {
  const startedAt = systemClock.now();
  const took = () => Math.round(systemClock.now() - startedAt);
  try {
    const reply = await listModels(endpoint, secrets);
    if (reply.type === 'aborted') throw new Error('nobody aborts a probe');
    if (reply.type === 'response' && reply.status === 200) {
      return { latencyMs: took(), ...readList(reply.text, endpoint) };
    }
    const isUnlisted = reply.type === 'response' && (reply.status === 404 || reply.status === 405);
    const said = troubleOfReply(reply, endpoint, systemClock, secrets.redact);
    const trouble = isUnlisted
      ? { code: 'llm-no-model-list', message: `it lists no models (status ${reply.status})`, hint: BASE_URL_HINT }
      : said;
    // Too many requests, or nothing there to list: neither says that calls would fail.
    const isUsable = isUnlisted || said.code === 'llm-rate-limited';
    return { latencyMs: took(), models: null, trouble, isUsable };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, hint } = error;
    return {
      latencyMs: 0,
      models: null,
      trouble: { code, message, ...(hint === undefined ? {} : { hint }) },
      isUsable: false,
    };
  }
}

const BASE_URL_HINT = 'if base_url is right, calls may work all the same';

/** @throws Failure of a secret that is missing */
async function listModels(endpoint: EndpointSpec, secrets: SecretResolver): Promise<Reply> {
  const headers: { [name: string]: string } = { accept: 'application/json' };
  if (endpoint.api_key !== null) headers['authorization'] = `Bearer ${secrets.expand(endpoint.api_key)}`;
  for (const [name, value] of Object.entries(endpoint.headers)) headers[name] = secrets.expand(value);
  const { origin, pathname, search } = new URL(`${endpoint.base_url.replace(/\/+$/, '')}/models`);
  const within = (ms: number) => Math.min(ms, MOST_MS);
  const { connect_ms, first_byte_ms, total_ms } = endpoint.timeouts;
  const timeouts = { connect_ms: within(connect_ms), first_byte_ms: within(first_byte_ms), total_ms: within(total_ms) };
  const { Client } = await import('undici');
  const connection = new Client(origin, {
    connect: { timeout: timeouts.connect_ms },
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: LIST_LIMIT,
  });
  try {
    const exchange = new Exchange(timeouts, systemClock, new AbortController().signal);
    connection.dispatch({ method: 'GET', path: pathname + search, headers }, exchange);
    return await exchange.ended;
  } finally {
    await connection.destroy();
  }
}

/** `{data: [{id}]}`; anything else with a 200 is not the API that the manifest means. */
function readList(text: string, endpoint: EndpointSpec): Omit<Probed, 'latencyMs'> {
  const models = namesIn(text);
  if (models !== null) return { models, trouble: null, isUsable: true };
  const message = /^\s*</.test(text)
    ? 'it answers with a web page'
    : 'it answers with something that is no list of models';
  const hint = `check endpoints.${endpoint.id}.base_url: it must be the address of an OpenAI-compatible API, up to and including /v1`;
  return { models: null, trouble: { code: 'llm-bad-response', message, hint }, isUsable: false };
}

function namesIn(text: string): string[] | null {
  try {
    const body: unknown = JSON.parse(text);
    const list = Array.isArray(body) ? body : memberOf(body, 'data');
    if (!Array.isArray(list)) return null;
    return list.flatMap((item) => {
      const id = memberOf(item, 'id');
      return typeof id === 'string' ? id : [];
    });
  } catch {
    return null;
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as { readonly [name: string]: unknown })[name]
    : undefined;
}
