/**
 * Admission of calls to one endpoint. A call waits here until its model's breaker, pause and adaptive limit, and the
 * endpoint's concurrency, RPM and TPM let it go; the smallest priority first.
 */

import { Failure } from '#contract/failure.ts';
import type { EndpointSpec } from '#contract/manifest.ts';
import type { Clock } from '#util/clock.ts';
import { comparePriority } from '#util/heap.ts';
import type { StopSignal } from '#util/on-abort.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';
import { AdaptivePace } from './adaptive-pace.ts';
import { Breaker, type Outage, type Symptom } from './breaker.ts';
import { RateWindow, type WindowEntry } from './rate-window.ts';
import { type Backoff, DEFAULT_BACKOFF } from './retry-wait.ts';
import { stopped } from './stopped.ts';
import { WaitingLine } from './waiting-line.ts';

/** However few were let in before the first 429: slower than this is not guessed, it is found out. */
const CALLS_A_BACKOFF = 5;

/** Where there is a pace, it is the pace that keeps 429s away: the number at once may rise faster. */
const PACED_WEIGHT = 4;

/**
 * How many calls beyond those that may be in flight have their intent written: as many again, so that a whole round of
 * answers finds the next round ready. Below eight at once the sync is not what takes the time, and strict order is kept.
 */
const toAhead = (limit: number) => (limit < 8 ? 0 : Math.min(64, limit));

/** Calls that are ready to be sent, each with the tokens that it is likely to use. */
type Ready = WaitingLine<Slot, number>;
type First = ReturnType<Ready['first']>;

interface ModelPool {
  readonly model: string;
  readonly limit: AdaptiveLimit;
  readonly pace: AdaptivePace;
  /** Calls that may not even be prepared yet. */
  readonly entering: WaitingLine<() => void>;
  readonly waiting: Ready;
  /** Being prepared, ready or sent. */
  entered: number;
  inFlight: number;
  pausedUntil: number;
  readonly breaker: Breaker;
}

/** What the pool has to say that is about no call: an endpoint that went, or came back. */
export interface PoolNews {
  readonly type: 'down' | 'back';
  readonly model: string;
  readonly outage: Outage;
  /** Milliseconds that calls wait for it, or that it was away. */
  readonly ms: number;
}

/** The right to send one request. Exactly one of the outcomes is reported, then `release`, once or more often. */
export interface Slot {
  /** @param tokens what the call really used */
  succeeded(tokens: number): void;
  /**
   * @param pauseMs Retry-After, where the endpoint said one
   * @returns whether the pool sees to it that the next attempt is not too early
   */
  rateLimited(pauseMs: number | null): boolean;
  /** @param pauseMs Retry-After, where the endpoint said one */
  failed(symptom: Symptom, pauseMs: number | null): void;
  /** The endpoint works, whatever became of this request; a Retry-After pauses the model all the same. */
  answered(pauseMs: number | null): void;
  release(): void;
}

export class EndpointPool {
  readonly #endpoint: EndpointSpec;
  readonly #clock: Clock;
  readonly #models = new Map<string, ModelPool>();
  readonly #backoff: Backoff;
  readonly #tell: (news: PoolNews) => void;
  readonly #requests: RateWindow;
  readonly #tokens: RateWindow;
  #inFlight = 0;
  #halted: Failure | null = null;
  #cancelTimer: (() => void) | null = null;

  constructor(
    endpoint: EndpointSpec,
    clock: Clock,
    backoff: Backoff = DEFAULT_BACKOFF,
    tell: (news: PoolNews) => void = () => {},
  ) {
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#backoff = backoff;
    this.#tell = tell;
    this.#requests = new RateWindow(endpoint.limits.rpm);
    this.#tokens = new RateWindow(endpoint.limits.tpm);
  }

  /**
   * Admits a call to what comes before sending (its budget, its intent on disk): those that may be sent now, and the next
   * few in line, so that none of them holds a slot while the disk syncs. Resolves with what to call at the end.
   * @throws Failure `llm-endpoint-open`, `stopped`
   */
  enter(model: string, priority: readonly number[], signal: StopSignal): Promise<() => void> {
    const pool = this.#pool(model);
    const refusal = this.#refusal(pool);
    if (refusal !== null) return Promise.reject(refusal);
    const entered = pool.entering.wait(priority, null, signal);
    this.#letIn(pool);
    return entered;
  }

  /** @throws Failure `llm-endpoint-open`, `stopped` */
  acquire(model: string, priority: readonly number[], tokens: number, signal: StopSignal): Promise<Slot> {
    const pool = this.#pool(model);
    const refusal = this.#refusal(pool);
    if (refusal !== null) return Promise.reject(refusal);
    const slot = pool.waiting.wait(priority, tokens, signal);
    this.#admit();
    return slot;
  }

  /** How many calls of a model may be in flight now; falls with 429s. */
  limitOf(model: string): number {
    return this.#pool(model).limit.value;
  }

  /** Calls to this model have somebody else to ask: none of them waits for the end of an outage. */
  hasStandIn(model: string): void {
    this.#pool(model).breaker.hasStandIn();
  }

  /** Whether a call that has used up its attempts may enter once more, and waits there for the end of an outage. */
  isWorthWaiting(model: string): boolean {
    return this.#halted === null && this.#pool(model).breaker.isWorthWaiting(this.#clock.now());
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    for (const pool of this.#models.values()) refuseAll(pool, stopped());
  }

  /** Nothing is sent any more; all who wait or come fail so. */
  halt(failure: Failure): void {
    this.#halted = failure;
    for (const pool of this.#models.values()) refuseAll(pool, failure);
  }

  #pool(model: string): ModelPool {
    let pool = this.#models.get(model);
    if (pool === undefined) {
      pool = {
        model,
        limit: new AdaptiveLimit(this.#endpoint.limits.concurrency),
        pace: new AdaptivePace(CALLS_A_BACKOFF / (this.#backoff.baseMs / 1000)),
        entering: new WaitingLine(),
        waiting: new WaitingLine(),
        entered: 0,
        inFlight: 0,
        pausedUntil: 0,
        breaker: new Breaker(this.#endpoint.outage_ms, this.#backoff),
      };
      this.#models.set(model, pool);
    }
    return pool;
  }

  #letIn(pool: ModelPool): void {
    // In an outage one is made ready, to ask whether it is over; nothing is reserved for the others.
    const most = pool.breaker.outage === null ? pool.limit.value + toAhead(pool.limit.value) : 1;
    while (pool.entered < most && pool.entering.first() !== undefined) {
      pool.entered++;
      let hasLeft = false;
      pool.entering.grantFirst(() => {
        if (hasLeft) return;
        hasLeft = true;
        pool.entered--;
        this.#letIn(pool);
      });
    }
  }

  /** Grants slots for as long as there are any; arms one timer for the earliest moment that could change the answer. */
  #admit(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    while (this.#inFlight < Math.max(1, this.#endpoint.limits.concurrency)) {
      const now = this.#clock.now();
      const { pool, waiter, wakeAt } = this.#next(now);
      const maySend =
        waiter === undefined ? wakeAt : Math.max(this.#requests.fitsAt(1, now), this.#tokens.fitsAt(waiter.need, now));
      if (pool === null || waiter === undefined || maySend > now) {
        this.#wake(maySend, now);
        return;
      }
      pool.waiting.grantFirst(this.#slot(pool, waiter.need));
    }
  }

  /** The first waiter by priority over all models that may send now, else when one may. */
  #next(now: number): { pool: ModelPool | null; waiter: First; wakeAt: number } {
    let chosen: ModelPool | null = null;
    let first: First;
    let wakeAt = Number.POSITIVE_INFINITY;
    for (const pool of this.#models.values()) {
      const head = pool.waiting.first();
      if (head === undefined || pool.inFlight >= pool.limit.value) continue;
      const mayAt = Math.max(pool.pausedUntil, pool.breaker.fitsAt(now), pool.pace.fitsAt(now));
      if (mayAt > now) wakeAt = Math.min(wakeAt, mayAt);
      else if (first === undefined || comparePriority(head.priority, first.priority) < 0) {
        chosen = pool;
        first = head;
      }
    }
    return { pool: chosen, waiter: first, wakeAt };
  }

  #wake(at: number, now: number): void {
    if (at === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = this.#clock.after(at - now, () => {
      this.#cancelTimer = null;
      this.#admit();
    });
  }

  #slot(pool: ModelPool, tokens: number): Slot {
    const sentAt = this.#clock.now();
    const used: WindowEntry = this.#tokens.reserve(tokens, sentAt);
    this.#requests.reserve(1, sentAt);
    const sent = pool.pace.send(sentAt);
    const isProbe = pool.breaker.send();
    pool.inFlight++;
    this.#inFlight++;
    let isReleased = false;
    return {
      succeeded: (actual) => {
        this.#answered(pool);
        pool.limit.succeeded(pool.pace.perSecond === null ? 1 : PACED_WEIGHT);
        this.#tokens.settle(used, actual, this.#clock.now());
      },
      rateLimited: (pauseMs) => {
        const now = this.#clock.now();
        this.#answered(pool);
        const isPaced = pool.pace.refused(sent, pauseMs, now);
        if (!isPaced) pool.limit.rateLimited(sentAt, now);
        this.#pause(pool, pauseMs);
        this.#tokens.settle(used, 0, now);
        return isPaced || pauseMs !== null;
      },
      failed: (symptom, pauseMs) => {
        this.#failed(pool, symptom, isProbe);
        this.#pause(pool, pauseMs);
      },
      answered: (pauseMs) => {
        this.#answered(pool);
        this.#pause(pool, pauseMs);
      },
      release: () => {
        if (isReleased) return;
        isReleased = true;
        if (isProbe) pool.breaker.probed();
        pool.inFlight--;
        this.#inFlight--;
        this.#admit();
      },
    };
  }

  #pause(pool: ModelPool, pauseMs: number | null): void {
    if (pauseMs !== null) pool.pausedUntil = Math.max(pool.pausedUntil, this.#clock.now() + pauseMs);
  }

  #answered(pool: ModelPool): void {
    const outage = pool.breaker.answered();
    if (outage === null) return;
    const now = this.#clock.now();
    this.#tell({ type: 'back', model: pool.model, outage, ms: now - outage.since });
    this.#letIn(pool);
  }

  #failed(pool: ModelPool, symptom: Symptom, isProbe: boolean): void {
    const now = this.#clock.now();
    const { breaker } = pool;
    const before = breaker.outage;
    if (!breaker.failed(symptom, isProbe, now)) return;
    const { outage } = breaker;
    if (before === null && outage !== null && outage.until > now) {
      this.#tell({ type: 'down', model: pool.model, outage, ms: outage.until - now });
    }
    if (outage === null || now >= outage.until) refuseAll(pool, this.#openFailure(pool, now));
  }

  #refusal(pool: ModelPool): Failure | null {
    if (this.#halted !== null) return this.#halted;
    const now = this.#clock.now();
    return pool.breaker.letsIn(now) ? null : this.#openFailure(pool, now);
  }

  #openFailure({ model, breaker }: ModelPool, now: number): Failure {
    const { outage } = breaker;
    const cause = breaker.lasting ?? outage?.cause;
    const { id } = this.#endpoint;
    const failures = breaker.openedAfter === 1 ? 'a failure' : `${breaker.openedAfter} failures in a row`;
    const what =
      outage === null || outage.probes === 0
        ? `is not called any more after ${failures}`
        : `has not answered for ${Math.round((now - outage.since) / 1000)} s (asked ${outage.probes} times)`;
    return new Failure('llm-endpoint-open', `${id}: ${model} ${what}; the last: ${cause?.message ?? 'unknown'}`, {
      scope: 'endpoint',
      detail: { endpoint: id, model, cause: cause?.code ?? null },
      hint: cause?.hint ?? 'mend the endpoint, then run again: what was answered is reused',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

function refuseAll(pool: ModelPool, failure: Failure): void {
  pool.entering.refuseAll(failure);
  pool.waiting.refuseAll(failure);
}
