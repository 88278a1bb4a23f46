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
import { RateWindow, type WindowEntry } from './rate-window.ts';
import { type Backoff, DEFAULT_BACKOFF } from './retry-wait.ts';
import { stopped } from './stopped.ts';
import { WaitingLine } from './waiting-line.ts';

/** However few were let in before the first 429: slower than this is not guessed, it is found out. */
const CALLS_A_BACKOFF = 5;

/** Where there is a pace, it is the pace that keeps 429s away: the number at once may rise faster. */
const PACED_WEIGHT = 4;

/** Endpoint-class failures in a row after which a model is not called any more in this run. */
const BREAKER_THRESHOLD = 3;

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
  failuresInRow: number;
  broken: Failure | null;
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
  failed(failure: Failure): void;
  /** The endpoint works, whatever became of this request; a Retry-After pauses the model all the same. */
  answered(pauseMs: number | null): void;
  release(): void;
}

export class EndpointPool {
  readonly #endpoint: EndpointSpec;
  readonly #clock: Clock;
  readonly #models = new Map<string, ModelPool>();
  readonly #leastGuess: number;
  readonly #requests: RateWindow;
  readonly #tokens: RateWindow;
  #inFlight = 0;
  #halted: Failure | null = null;
  #cancelTimer: (() => void) | null = null;

  constructor(endpoint: EndpointSpec, clock: Clock, backoff: Backoff = DEFAULT_BACKOFF) {
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#leastGuess = CALLS_A_BACKOFF / (backoff.baseMs / 1000);
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
    if (pool.broken !== null) return Promise.reject(pool.broken);
    const entered = pool.entering.wait(priority, null, signal);
    this.#letIn(pool);
    return entered;
  }

  /** @throws Failure `llm-endpoint-open`, `stopped` */
  acquire(model: string, priority: readonly number[], tokens: number, signal: StopSignal): Promise<Slot> {
    const pool = this.#pool(model);
    if (pool.broken !== null) return Promise.reject(pool.broken);
    const slot = pool.waiting.wait(priority, tokens, signal);
    this.#admit();
    return slot;
  }

  /** How many calls of a model may be in flight now; falls with 429s. */
  limitOf(model: string): number {
    return this.#pool(model).limit.value;
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    for (const pool of this.#models.values()) refuseAll(pool, stopped());
  }

  /** Nothing is sent any more; all who wait or come fail so. */
  halt(failure: Failure): void {
    this.#halted = failure;
    for (const pool of this.#models.values()) {
      pool.broken = failure;
      refuseAll(pool, failure);
    }
  }

  #pool(model: string): ModelPool {
    let pool = this.#models.get(model);
    if (pool === undefined) {
      pool = {
        model,
        limit: new AdaptiveLimit(this.#endpoint.limits.concurrency),
        pace: new AdaptivePace(this.#leastGuess),
        entering: new WaitingLine(),
        waiting: new WaitingLine(),
        entered: 0,
        inFlight: 0,
        pausedUntil: 0,
        failuresInRow: 0,
        broken: this.#halted,
      };
      this.#models.set(model, pool);
    }
    return pool;
  }

  #letIn(pool: ModelPool): void {
    const most = pool.limit.value + toAhead(pool.limit.value);
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
      const mayAt = Math.max(pool.pausedUntil, pool.pace.fitsAt(now));
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
    pool.inFlight++;
    this.#inFlight++;
    let isReleased = false;
    return {
      succeeded: (actual) => {
        pool.failuresInRow = 0;
        pool.limit.succeeded(pool.pace.perSecond === null ? 1 : PACED_WEIGHT);
        this.#tokens.settle(used, actual, this.#clock.now());
      },
      rateLimited: (pauseMs) => {
        const now = this.#clock.now();
        pool.failuresInRow = 0;
        const isPaced = pool.pace.refused(sent, pauseMs, now);
        if (!isPaced) pool.limit.rateLimited(sentAt, now);
        if (pauseMs !== null) pool.pausedUntil = Math.max(pool.pausedUntil, now + pauseMs);
        this.#tokens.settle(used, 0, now);
        return isPaced || pauseMs !== null;
      },
      failed: (failure) => {
        pool.failuresInRow++;
        if (pool.failuresInRow >= BREAKER_THRESHOLD && pool.broken === null) this.#break(pool, failure);
      },
      answered: (pauseMs) => {
        pool.failuresInRow = 0;
        if (pauseMs !== null) pool.pausedUntil = Math.max(pool.pausedUntil, this.#clock.now() + pauseMs);
      },
      release: () => {
        if (isReleased) return;
        isReleased = true;
        pool.inFlight--;
        this.#inFlight--;
        this.#admit();
      },
    };
  }

  #break(pool: ModelPool, cause: Failure): void {
    pool.broken = new Failure(
      'llm-endpoint-open',
      `${this.#endpoint.id}: ${pool.model} is not called any more after ${BREAKER_THRESHOLD} failures in a row; the last: ${cause.message}`,
      {
        scope: 'endpoint',
        detail: { endpoint: this.#endpoint.id, model: pool.model, cause: cause.code },
        hint: cause.hint ?? 'mend the endpoint, then run again: what was answered is reused',
        cause,
      },
    );
    refuseAll(pool, pool.broken);
  }
}

function refuseAll(pool: ModelPool, failure: Failure): void {
  pool.entering.refuseAll(failure);
  pool.waiting.refuseAll(failure);
}
