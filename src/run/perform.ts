/** Runs a kind on one row or one batch: services bound, deadline set, and whatever it throws turned into a Failure. */

import { setMaxListeners } from 'node:events';
import { Failure } from '#contract/failure.ts';
import type { Context, RowInput, RowKind, RowOutcome, RowSession } from '#contract/kind.ts';
import type { PlanNode } from '#contract/plan.ts';
import type { CallUse, Services } from '#contract/services.ts';
import type { Shared } from './environment.ts';

/** What came of an action, and the calls behind it. */
export interface Performed {
  readonly outcome: RowOutcome | Failure;
  readonly calls: readonly CallUse[];
}

export class Performer {
  readonly #node: PlanNode;
  readonly #kind: RowKind;
  readonly #shared: Shared;
  readonly #onCall: (use: CallUse) => void;
  /** From when it fires no action is begun. */
  readonly #drain: AbortSignal;
  /** For kinds that need nothing: one context for all rows. */
  readonly #plain: Context<unknown> | null;
  #session: Promise<RowSession> | null = null;

  constructor(node: PlanNode, kind: RowKind, shared: Shared, drain: AbortSignal, onCall: (use: CallUse) => void) {
    this.#node = node;
    this.#kind = kind;
    this.#shared = shared;
    this.#onCall = onCall;
    this.#drain = drain;
    const needsNothing = (kind.needs ?? []).length === 0 && node.timeoutMs === null;
    this.#plain = needsNothing ? this.#context([0], shared.env.stop, () => undefined) : null;
  }

  /** Synchronous for kinds that are: a cheap row costs no promise. */
  one(input: RowInput, place: number): Performed | Promise<Performed> {
    if (this.#plain !== null && this.#kind.open === undefined) {
      try {
        const outcome = this.#kind.run(input, this.#plain);
        if (!(outcome instanceof Promise)) return { outcome, calls: [] };
        return outcome.then(
          (value) => ({ outcome: value, calls: [] }),
          (error: unknown) => ({ outcome: toFailure(error, this.#node), calls: [] }),
        );
      } catch (error) {
        return { outcome: toFailure(error, this.#node), calls: [] };
      }
    }
    return this.#attempts(place, async (ctx) => {
      if (this.#kind.open === undefined) return [await this.#kind.run(input, ctx)];
      this.#session ??= Promise.resolve(this.#kind.open(this.#context([0], this.#shared.env.stop, () => undefined)));
      return [await (await this.#session).run(input, ctx.signal)];
    }).then((results) => results[0] ?? { outcome: toFailure(new Error('no outcome'), this.#node), calls: [] });
  }

  /** Results in the order of the inputs. Calls made for a batch are attributed to its first row. */
  batch(inputs: readonly RowInput[], place: number): Promise<readonly Performed[]> {
    const batch = this.#kind.batch;
    if (batch === undefined) throw new Error(`kind ${this.#kind.name} has no batch`);
    return this.#attempts(place, async (ctx) => {
      const outcomes = await batch.run(inputs, ctx);
      if (outcomes.length !== inputs.length)
        throw new Error(`batch of ${inputs.length} rows gave ${outcomes.length} outcomes`);
      return outcomes;
    }).then((results) =>
      inputs.map((_, nth) => results[nth] ?? { outcome: results[0]?.outcome ?? noOutcome(this.#node), calls: [] }),
    );
  }

  async close(): Promise<void> {
    if (this.#session === null) return;
    const session = this.#session;
    this.#session = null;
    await (await session).close();
  }

  async #attempts(place: number, run: (ctx: Context<unknown>) => Promise<readonly RowOutcome[]>): Promise<Performed[]> {
    const release = await this.#poolSlot(place);
    try {
      if (this.#drain.aborted) return [{ outcome: stoppedFailure(), calls: [] }];
      for (let attempt = 0; ; attempt++) {
        const calls: CallUse[] = [];
        try {
          const outcomes = await this.#withDeadline(place, calls, run);
          return outcomes.map((outcome, nth) => ({ outcome, calls: nth === 0 ? calls : [] }));
        } catch (error) {
          const failure = toFailure(error, this.#node);
          const mayRetry = failure.scope === 'row' || failure.scope === 'infrastructure';
          if (!mayRetry || attempt >= this.#node.retries || this.#drain.aborted) return [{ outcome: failure, calls }];
        }
      }
    } finally {
      release();
    }
  }

  async #withDeadline(
    place: number,
    calls: CallUse[],
    run: (ctx: Context<unknown>) => Promise<readonly RowOutcome[]>,
  ): Promise<readonly RowOutcome[]> {
    const { timeoutMs } = this.#node;
    const own = new AbortController();
    // Every call of the action listens.
    setMaxListeners(0, own.signal);
    const stop = this.#shared.env.stop;
    const abort = () => own.abort();
    stop.addEventListener('abort', abort, { once: true });
    const ctx = this.#context([-this.#node.depth, place], own.signal, (use) => {
      calls.push(use);
      this.#onCall(use);
    });
    let timer: NodeJS.Timeout | undefined;
    try {
      const stopped = new Promise<never>((_, reject) => {
        own.signal.addEventListener('abort', () => reject(stop.aborted ? stoppedFailure() : timedOut(this.#node)), {
          once: true,
        });
      });
      stopped.catch(() => undefined);
      if (stop.aborted) abort();
      if (timeoutMs !== null) timer = setTimeout(abort, timeoutMs);
      return await Promise.race([run(ctx), stopped]);
    } finally {
      clearTimeout(timer);
      stop.removeEventListener('abort', abort);
    }
  }

  async #poolSlot(place: number): Promise<() => void> {
    const needsProcess = (this.#kind.needs ?? []).includes('process');
    const pool = this.#node.pool === 'cpu' && !needsProcess ? undefined : this.#shared.pools.get(this.#node.pool);
    return pool === undefined ? () => undefined : pool.take([-this.#node.depth, place]);
  }

  #context(priority: readonly number[], signal: AbortSignal, onCall: (use: CallUse) => void): Context<unknown> {
    return toContext(this.#node, this.#shared, priority, signal, onCall, this.#drain);
  }
}

/** Binds services to an action. A kind finds only those it declared; reaching for another is a named error. */
export function toContext(
  node: PlanNode,
  shared: Shared,
  priority: readonly number[],
  signal: AbortSignal,
  onCall: (use: CallUse) => void,
  drain: AbortSignal = shared.env.drain,
): Context<unknown> {
  const needs = node.kind.needs ?? [];
  const fresh = shared.options.resample.has(node.id);
  const services: Partial<Services> =
    needs.length > 0 ? shared.env.hub.bind({ node: node.id, priority, signal, drain, fresh, onCall }) : {};
  const granted = <N extends keyof Services>(need: N): Services[N] => {
    const service = needs.includes(need) ? services[need] : undefined;
    return service ?? (undeclared(node.kind.name, need) as Services[N]);
  };
  return {
    config: node.config,
    signal,
    llm: granted('llm'),
    datasets: granted('datasets'),
    process: granted('process'),
    sandbox: granted('sandbox'),
    code: granted('code'),
  };
}

const refusals = new Map<string, object>();

/** Stands for a service that a kind may not use; made once a kind, not once an action. */
function undeclared(kind: string, need: string): object {
  const name = `${kind} ${need}`;
  let refusal = refusals.get(name);
  if (refusal === undefined) {
    const refuse = (): never => {
      throw new Error(`kind ${kind} uses service ${need} without declaring it in needs`);
    };
    refusal = new Proxy({}, { get: refuse });
    refusals.set(name, refusal);
  }
  return refusal;
}

/** A kind may only throw Failures; anything else is its bug, and still costs only this row. */
export function toFailure(error: unknown, node: PlanNode): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('kind-error', `kind ${node.kind.name} threw: ${message}`, {
    detail: { stack: error instanceof Error ? (error.stack ?? null) : null },
    cause: error,
    hint: 'this is a defect of the kind, not of the row',
  });
}

function noOutcome(node: PlanNode): Failure {
  return toFailure(new Error('no outcome'), node);
}

function stoppedFailure(): Failure {
  return new Failure('stopped', 'the run was stopped', { scope: 'stopped' });
}

function timedOut(node: PlanNode): Failure {
  return new Failure('action-timeout', `no outcome within timeout ${node.timeoutMs} ms`, {
    hint: 'raise `timeout` on the node',
  });
}
