/** Runs a kind on one row or one batch: services bound, deadline set, and whatever it throws turned into a Failure. */

import { setMaxListeners } from 'node:events';
import { Failure } from '#contract/failure.ts';
import type { Context, RowInput, RowKind, RowOutcome, RowSession } from '#contract/kind.ts';
import type { PlanNode } from '#contract/plan.ts';
import type { CallUse, Services } from '#contract/services.ts';
import { onAbort } from '#util/on-abort.ts';
import type { Shared } from './environment.ts';
import { poolOf } from './pools.ts';

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
    const { stop } = this.#shared.env;
    // Made where it is asked for: most kinds do not look at their signal, and the run's own will do for services.
    let own: AbortController | null = null;
    const ownSignal = () => {
      own ??= makeController(stop.aborted);
      return own.signal;
    };
    const note = (use: CallUse) => {
      calls.push(use);
      this.#onCall(use);
    };
    const ctx = this.#context([-this.#node.depth, place], timeoutMs === null ? stop : ownSignal(), note, ownSignal);
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const end = () => {
        clearTimeout(timer);
        forget();
      };
      const giveUp = (failure: Failure) => {
        end();
        own?.abort();
        reject(failure);
      };
      const forget = onAbort(stop, () => giveUp(stoppedFailure()));
      if (stop.aborted) return giveUp(stoppedFailure());
      if (timeoutMs !== null) timer = setTimeout(() => giveUp(timedOut(this.#node)), timeoutMs);
      run(ctx).then(
        (outcomes) => {
          end();
          resolve(outcomes);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }

  async #poolSlot(place: number): Promise<() => void> {
    const pool = poolOf(this.#node, this.#shared.pools);
    return pool === undefined ? () => undefined : pool.take([-this.#node.depth, place]);
  }

  #context(
    priority: readonly number[],
    signal: AbortSignal,
    onCall: (use: CallUse) => void,
    kindSignal?: () => AbortSignal,
  ): Context<unknown> {
    return toContext(this.#node, this.#shared, priority, signal, onCall, this.#drain, kindSignal);
  }
}

function makeController(isAborted: boolean): AbortController {
  const controller = new AbortController();
  // Every call of the action may listen.
  setMaxListeners(0, controller.signal);
  if (isAborted) controller.abort();
  return controller;
}

/**
 * Binds services to an action. A kind finds only those it declared; reaching for another is a named error.
 * @param signal what services listen to
 * @param kindSignal what the kind itself is given, where that is another
 */
export function toContext(
  node: PlanNode,
  shared: Shared,
  priority: readonly number[],
  signal: AbortSignal,
  onCall: (use: CallUse) => void,
  drain: AbortSignal = shared.env.drain,
  kindSignal: () => AbortSignal = () => signal,
): Context<unknown> {
  const needs = node.kind.needs ?? [];
  const fresh = shared.options.resample.has(node.id);
  const services =
    needs.length > 0 ? shared.env.hub.bind({ node: node.id, priority, signal, drain, fresh, onCall }) : {};
  const refused = refusedServices(node.kind.name);
  const granted = <N extends keyof Services>(need: N): Services[N] =>
    (needs.includes(need) ? services[need] : undefined) ?? refused[need];
  return {
    config: node.config,
    get signal() {
      return kindSignal();
    },
    llm: granted('llm'),
    datasets: granted('datasets'),
    process: granted('process'),
    sandbox: granted('sandbox'),
    code: granted('code'),
  };
}

const refusals = new Map<string, Services>();

/** Stand for services that a kind may not use; made once a kind, not once an action. */
function refusedServices(kind: string): Services {
  let refused = refusals.get(kind);
  if (refused === undefined) {
    refused = {
      llm: undeclared(kind, 'llm'),
      datasets: undeclared(kind, 'datasets'),
      process: undeclared(kind, 'process'),
      sandbox: undeclared(kind, 'sandbox'),
      code: undeclared(kind, 'code'),
    };
    refusals.set(kind, refused);
  }
  return refused;
}

function undeclared<N extends keyof Services>(kind: string, need: N): Services[N] {
  const refuse = (): never => {
    throw new Error(`kind ${kind} uses service ${need} without declaring it in needs`);
  };
  return new Proxy({}, { get: refuse }) as Services[N];
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
