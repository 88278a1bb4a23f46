/**
 * Language models for all actions of a run. A request is answered by whoever has it first: a flight in this process,
 * the journal, another process that is paying for it, and only then the endpoint.
 */

import type { EventBody } from '#contract/event.ts';
import { Failure } from '#contract/failure.ts';
import type { EndpointSpec } from '#contract/manifest.ts';
import type { ActionScope, CallUse, LlmAnswer, LlmRequest } from '#contract/services.ts';
import type { CallRecord } from '#contract/store.ts';
import { systemClock } from '#util/clock.ts';
import type { StopSignal } from '#util/on-abort.ts';
import { Budget } from './budget.ts';
import { type CallRequest, toCallChain } from './call-request.ts';
import { EndpointPool, type PoolNews } from './endpoint-pool.ts';
import { callsForStandIn, chainFailure } from './fallback.ts';
import { Flight, type Stage } from './flight.ts';
import type { LlmHub, LlmHubOptions } from './hub-options.ts';
import { type CallContext, type CallResult, NO_USAGE, payForCall, requirePrice } from './paid-call.ts';
import { loadRecordings, type Recordings } from './recordings.ts';
import { DEFAULT_BACKOFF } from './retry-wait.ts';
import { stopped } from './stopped.ts';
import { makeTransport, type Transport } from './transport.ts';

/** What an endpoint has open. */
interface OpenEndpoint extends CallContext {
  readonly recordings: () => Promise<Recordings>;
  close(): Promise<void>;
}

type Chain = readonly [CallRequest, ...CallRequest[]];

export function makeLlmHub(options: LlmHubOptions): LlmHub {
  return new Hub(options);
}

class Hub implements LlmHub {
  readonly #options: LlmHubOptions;
  readonly #budget: Budget;
  readonly #endpoints = new Map<string, OpenEndpoint>();
  readonly #flights = new Map<string, Flight<CallResult>>();
  /** Calls of `--resample` that were paid anew in this run: equal requests share the new answer. */
  readonly #renewed = new Set<string>();
  /** Pairs of models of which one was told to stand in for the other. */
  readonly #standIns = new Set<string>();
  readonly #background = new Set<Promise<void>>();
  /** Why no answer can be written down any more. */
  #unkept: Failure | null = null;
  #isClosed = false;

  constructor(options: LlmHubOptions) {
    this.#options = options;
    this.#budget = new Budget(options.budgetUsd, options.journal, options, options.clock ?? systemClock);
  }

  bind(scope: ActionScope): { complete(request: LlmRequest): Promise<LlmAnswer> } {
    const reported = new Set<string>();
    const report = (use: CallUse) => {
      if (reported.has(use.call)) return;
      reported.add(use.call);
      scope.onCall(use);
    };
    return { complete: (request) => this.#complete(request, scope, report) };
  }

  ledger() {
    return this.#options.journal.ledger(this.#options.pipeline);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const flight of this.#flights.values()) flight.abandon();
    for (const endpoint of this.#endpoints.values()) endpoint.pool.close();
    await Promise.all([...this.#flights.values()].map((flight) => flight.ended()));
    await Promise.all(this.#background);
    await Promise.all([...this.#endpoints.values()].map((endpoint) => endpoint.close()));
  }

  async #complete(request: LlmRequest, scope: ActionScope, report: (use: CallUse) => void): Promise<LlmAnswer> {
    if (this.#isClosed || scope.signal.aborted || scope.drain?.aborted === true) throw stopped();
    const chain = toCallChain(request);
    if (this.#endpoint(request.model.endpoint).endpoint.provider === 'replay')
      return this.#replay(chain, scope, report);
    const flight = this.#flight(chain, scope);
    const { record, isPaid } = await flight.join(scope.signal, scope.drain);
    const { model } = chain.find(({ key }) => key === record.key) ?? chain[0];
    const outcome = isPaid && flight.claim() ? 'answered' : 'reused';
    this.#options.emit({
      type: 'call-finished',
      node: scope.node,
      call: record.key,
      endpoint: model.endpoint,
      model: model.model,
      outcome,
      latencyMs: outcome === 'answered' ? record.latencyMs : 0,
      usage: record.usage,
      usd: outcome === 'answered' ? record.usd : 0,
    });
    report({ call: record.key, model: model.model, outcome, usage: record.usage, usd: record.usd });
    const answer = toAnswer(record);
    return record.key === chain[0].key ? answer : { ...answer, standIn: model.alias };
  }

  #flight(chain: Chain, scope: ActionScope): Flight<CallResult> {
    const [{ key }] = chain;
    const isFresh = scope.fresh && !this.#options.frozen && !this.#renewed.has(key);
    // Who may stand in is part of what is asked: a node without a fallback must not be given another's stand-in.
    const name = `${isFresh ? 'fresh:' : ''}${chain.map((call) => call.key).join(':')}`;
    const known = this.#flights.get(name);
    if (known !== undefined && !known.isAbandoned) return known;
    const flight = new Flight<CallResult>(async (signal, stage) => {
      try {
        return await this.#answer(chain, { ...scope, fresh: isFresh }, signal, stage);
      } finally {
        if (this.#flights.get(name) === flight) this.#flights.delete(name);
      }
    });
    this.#flights.set(name, flight);
    return flight;
  }

  async #answer(chain: Chain, scope: ActionScope, signal: StopSignal, stage: Stage): Promise<CallResult> {
    const { journal, frozen, budgetUsd } = this.#options;
    const [asked] = chain;
    if (!scope.fresh) {
      const found = await journal.find(chain.map(({ key }) => key));
      const record = newest(found);
      if (record !== undefined) return { record, isPaid: false };
    }
    if (frozen) throw frozenMiss(asked, scope);
    // All of them before the first is asked: a budget that a stand-in cannot keep must be told before anything is spent.
    if (budgetUsd !== null) for (const call of chain) requirePrice(call);
    const result = await this.#pay(chain, scope, signal, stage);
    if (scope.fresh) this.#renewed.add(asked.key);
    return result;
  }

  /** The first that answers; the others are asked only while the ones before do not serve. */
  async #pay(chain: Chain, scope: ActionScope, signal: StopSignal, stage: Stage): Promise<CallResult> {
    const before: { call: CallRequest; failure: Failure }[] = [];
    const live = chain.filter(({ model }) => this.#endpoint(model.endpoint).endpoint.provider !== 'replay');
    for (const [nth, call] of live.entries()) {
      const open = this.#endpoint(call.model.endpoint);
      if (nth + 1 < live.length) open.pool.hasStandIn(call.model.model);
      try {
        return await payForCall(open, call, scope, signal, stage);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.#tellFailed(call, scope, error);
        const next = live[nth + 1];
        if (next === undefined || !callsForStandIn(error)) throw chainFailure(error, before);
        before.push({ call, failure: error });
        stage.idle();
        this.#tellFallback(call, next, error);
      }
    }
    throw new Error('a chain of no calls');
  }

  #tellFailed({ key, model }: CallRequest, { node }: ActionScope, { code }: Failure): void {
    const about = { node, call: key, endpoint: model.endpoint, model: model.model };
    this.#options.emit({
      type: 'call-finished',
      ...about,
      outcome: 'failed',
      code,
      latencyMs: 0,
      usage: NO_USAGE,
      usd: 0,
    });
  }

  /** Once a pair of models: what it was about is in the calls themselves. */
  #tellFallback({ model: from }: CallRequest, { model: to }: CallRequest, { code, message }: Failure): void {
    const pair = `${from.alias} ${to.alias}`;
    if (this.#standIns.has(pair)) return;
    this.#standIns.add(pair);
    const said = `${from.alias} does not answer (${code}: ${message}); ${to.alias} is asked in its place`;
    this.#options.emit({ type: 'notice', level: 'warning', code: 'model-fallback', message: said });
  }

  /** Recordings stand for the endpoint that is asked, its stand-ins included; nothing else is asked when they are silent. */
  async #replay(chain: Chain, scope: ActionScope, report: (use: CallUse) => void): Promise<LlmAnswer> {
    const [asked] = chain;
    const open = this.#endpoint(asked.model.endpoint);
    const recordings = await open.recordings();
    const call = chain.find(({ key }) => recordings.has(key)) ?? asked;
    const recording = recordings.get(call.key);
    if (recording === undefined) throw replayMiss(asked, scope, open.endpoint);
    const { text, reasoning, finishReason, usage } = recording;
    const about = { call: call.key, model: call.model.model, outcome: 'reused', usage, usd: 0 } as const;
    const { id } = open.endpoint;
    this.#options.emit({ type: 'call-finished', node: scope.node, endpoint: id, latencyMs: 0, ...about });
    report(about);
    const answer = { call: call.key, text, reasoning, finishReason, usage };
    return call === asked ? answer : { ...answer, standIn: call.model.alias };
  }

  #endpoint(id: string): OpenEndpoint {
    let open = this.#endpoints.get(id);
    if (open === undefined) {
      const spec = this.#options.endpoints[id];
      if (spec === undefined) throw new Error(`no endpoint '${id}'`);
      open = this.#open(spec);
      this.#endpoints.set(id, open);
    }
    return open;
  }

  #open(spec: EndpointSpec): OpenEndpoint {
    const { options } = { options: this.#options };
    const clock = options.clock ?? systemClock;
    const pool = new EndpointPool(spec, clock, options.backoff, (news) => options.emit(toNotice(spec, news)));
    if (this.#unkept !== null) pool.halt(this.#unkept);
    let transport: Promise<Transport> | null = null;
    let recordings: Promise<Recordings> | null = null;
    return {
      options,
      endpoint: spec,
      pool,
      budget: this.#budget,
      clock,
      backoff: options.backoff ?? DEFAULT_BACKOFF,
      transport: () => {
        transport ??= connect(spec, options);
        return transport;
      },
      recordings: () => {
        recordings ??= loadRecordings(options.recordingsDir(spec));
        return recordings;
      },
      cannotKeep: (failure) => {
        if (!(failure instanceof Failure)) return;
        this.#unkept = failure;
        for (const { pool } of this.#endpoints.values()) pool.halt(failure);
      },
      background: (work) => {
        const watched: Promise<void> = work.catch(() => {}).finally(() => void this.#background.delete(watched));
        this.#background.add(watched);
      },
      close: async () => {
        pool.close();
        // A transport that could not be made has nothing to close.
        await transport?.then(
          (made) => made.close(),
          () => {},
        );
      },
    };
  }
}

/** The only place where secrets of an endpoint are resolved, and only once a call is really to be sent. */
async function connect(endpoint: EndpointSpec, { secrets, clock = systemClock }: LlmHubOptions): Promise<Transport> {
  const apiKey = endpoint.api_key === null ? null : secrets.expand(endpoint.api_key);
  const headers = Object.fromEntries(
    Object.entries(endpoint.headers).map(([name, value]) => [name, secrets.expand(value)]),
  );
  return makeTransport({ endpoint, apiKey, headers, clock });
}

function toNotice({ id }: EndpointSpec, { type, model, outage, ms }: PoolNews): EventBody {
  const seconds = `${Math.round(ms / 1000)} s`;
  if (type === 'back') {
    const message = `${id}: ${model} answers again after ${seconds}`;
    return { type: 'notice', level: 'info', code: 'endpoint-back', message };
  }
  const message = `${outage.cause.message}; its calls wait for it, for ${seconds} at most`;
  return { type: 'notice', level: 'warning', code: 'endpoint-down', message };
}

function toAnswer({ key, answer, usage }: CallRecord): LlmAnswer {
  const { text, reasoning, finishReason } = answer;
  return {
    call: key,
    text: typeof text === 'string' ? text : '',
    reasoning: typeof reasoning === 'string' ? reasoning : null,
    finishReason: typeof finishReason === 'string' ? finishReason : 'stop',
    usage,
  };
}

/** Of a chain's answers the one that was given last: `--resample` pays for another than the one that answered before. */
function newest(found: readonly (CallRecord | undefined)[]): CallRecord | undefined {
  return found.reduce(
    (best, one) => (best === undefined || (one !== undefined && one.at > best.at) ? one : best),
    undefined,
  );
}

function frozenMiss(call: CallRequest, scope: ActionScope): Failure {
  return new Failure(
    'frozen-miss',
    `${scope.node} needs an answer of ${call.model.alias} that the journal does not hold`,
    {
      detail: { node: scope.node, model: call.model.alias, call: call.key },
      hint: 'run without --frozen to pay for it',
    },
  );
}

function replayMiss(call: CallRequest, scope: ActionScope, endpoint: EndpointSpec): Failure {
  const folder = endpoint.recordings ?? '(none)';
  return new Failure(
    'replay-miss',
    `${scope.node}: ${endpoint.id} replays recordings, and ${folder} has no answer of ${call.model.alias} for call ${call.key.slice(0, 12)}`,
    {
      detail: { node: scope.node, model: call.model.alias, recordings: folder, call: call.key },
      hint: 'a changed prompt, sampling or model asks new questions: record them with `sluice run --record DIR` against a live endpoint',
    },
  );
}
