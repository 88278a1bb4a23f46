/** A hub of language models against a local server, with a journal in memory and a clock that hurries. */

import type { EventBody } from '#contract/event.ts';
import type { EndpointSpec } from '#contract/manifest.ts';
import type { ActionScope, CallUse, LlmRequest, ResolvedModel } from '#contract/services.ts';
import type { LlmHub, LlmHubOptions } from '#services/llm/hub-options.ts';
import { makeLlmHub } from '#services/llm/llm-hub.ts';
import { makeSecrets, type SecretResolver } from '#services/secrets.ts';
import { type Clock, systemClock } from '#util/clock.ts';
import { endpointIdentity } from '#util/endpoint-identity.ts';
import { MemoryJournal, makeMemoryBlobs, makeMemoryLeases } from './memory-calls.ts';

/** A minute of waiting passes in `60 / factor` seconds. Deadlines hurry as well. */
export function hurriedClock(factor: number): Clock {
  return {
    now: () => systemClock.now() * factor,
    wall: () => systemClock.wall(),
    after: (ms, act) => systemClock.after(ms / factor, act),
  };
}

export function endpointSpec(baseUrl: string, over: Partial<EndpointSpec> = {}): EndpointSpec {
  return {
    id: 'local',
    provider: 'openai',
    base_url: baseUrl,
    api_key: null,
    identity: null,
    recordings: null,
    headers: {},
    limits: { concurrency: 64, rpm: null, tpm: null },
    timeouts: { connect_ms: 2000, first_byte_ms: 10_000, total_ms: 20_000 },
    retries: 3,
    outage_ms: 0,
    ...over,
  };
}

/** As it stands in a manifest. */
export function secretReference(name: string): string {
  return `\${secret.${name}}`;
}

export interface LlmRig {
  readonly hub: LlmHub;
  readonly journal: MemoryJournal;
  readonly blobs: ReturnType<typeof makeMemoryBlobs>;
  readonly events: EventBody[];
  readonly uses: CallUse[];
  readonly model: ResolvedModel;
  scope(over?: Partial<ActionScope>): ActionScope;
  /** A request with one user message, answered through a scope of its own. */
  ask(
    text: string,
    over?: Partial<LlmRequest>,
    scope?: Partial<ActionScope>,
  ): ReturnType<ReturnType<LlmHub['bind']>['complete']>;
}

export function makeLlmRig(
  endpoint: EndpointSpec,
  options: Partial<LlmHubOptions> & { readonly model?: Partial<ResolvedModel> } = {},
): LlmRig {
  const events: EventBody[] = [];
  const uses: CallUse[] = [];
  const secrets: SecretResolver = makeSecrets({ env: {}, files: [] });
  const journal = options.journal instanceof MemoryJournal ? options.journal : new MemoryJournal();
  const blobs = makeMemoryBlobs();
  const { model: modelOver, ...hubOver } = options;
  const hub = makeLlmHub({
    endpoints: { [endpoint.id]: endpoint },
    blobs,
    leases: makeMemoryLeases(),
    secrets,
    budgetUsd: null,
    pipeline: 'test',
    run: 'run-1',
    frozen: false,
    recordingsDir: ({ recordings }) => recordings ?? '',
    emit: (event) => void events.push(event),
    backoff: { baseMs: 1, capMs: 5 },
    ...hubOver,
    journal,
  });
  const model: ResolvedModel = {
    alias: 'small',
    endpoint: endpoint.id,
    model: 'acme/small',
    family: null,
    price: { input: 1, output: 2 },
    sampling: { max_tokens: 100 },
    identity: { endpoint: endpointIdentity(endpoint), model: 'acme/small' },
    ...modelOver,
  };
  const scope = (over: Partial<ActionScope> = {}): ActionScope => ({
    node: 'node',
    priority: [0, 0],
    signal: new AbortController().signal,
    fresh: false,
    onCall: (use) => void uses.push(use),
    ...over,
  });
  return {
    hub,
    journal,
    blobs,
    events,
    uses,
    model,
    scope,
    ask: (text, over = {}, scopeOver = {}) =>
      hub.bind(scope(scopeOver)).complete({ model, messages: [{ role: 'user', content: text }], ...over }),
  };
}
