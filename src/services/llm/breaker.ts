/**
 * Whether a model's endpoint is asked at all. A trouble that will not pass (a wrong key) ends it for the run. One that
 * may (nobody listens) opens an outage: calls wait, one at a time asks whether it is back, and after a while those
 * that wait are told. See docs/design/0011-rate-limits-and-fallback.md.
 */

import type { Failure } from '#contract/failure.ts';
import type { Backoff } from './retry-wait.ts';

/** Calls in a row that failed for a reason of the endpoint's own. */
const FAILURES = 3;

/** Calls in a row that timed out, broke off or met a 5xx: some rows alone can do that, so many in a row cannot. */
const SILENT_FAILURES = 32;

/** Asking once in so many milliseconds costs nobody anything. */
const LONGEST_PAUSE_MS = 10_000;

/** What a failed attempt says about its endpoint. */
export interface Symptom {
  readonly failure: Failure;
  /** `lasting`: a key, a quota, a name. `unreachable`: nothing was sent. `silent`: sent, and no answer. */
  readonly type: 'lasting' | 'unreachable' | 'silent';
  /** The call has no attempt left. */
  readonly isLast: boolean;
}

export interface Outage {
  readonly cause: Failure;
  readonly since: number;
  /** Until when calls wait for its end. */
  readonly until: number;
  /** Calls that asked in vain whether it is over. */
  readonly probes: number;
}

interface OpenOutage extends Outage {
  probes: number;
  probeAt: number;
  isProbing: boolean;
}

export class Breaker {
  readonly #patienceMs: number;
  readonly #backoff: Backoff;
  #failures = 0;
  #silent = 0;
  #lasting: Failure | null = null;
  #openedAfter = 0;
  #outage: OpenOutage | null = null;
  #hasStandIn = false;

  /** @param patienceMs for how long calls wait for an endpoint that cannot be reached */
  constructor(patienceMs: number, backoff: Backoff) {
    this.#patienceMs = patienceMs;
    this.#backoff = backoff;
  }

  /** Who has somebody else to ask does not wait. */
  hasStandIn(): void {
    this.#hasStandIn = true;
  }

  /** What ended it for this run. */
  get lasting(): Failure | null {
    return this.#lasting;
  }

  /** Failures in a row after which it was. */
  get openedAfter(): number {
    return this.#openedAfter;
  }

  get outage(): Outage | null {
    return this.#outage;
  }

  /** Whether a call that comes now is let in: to be sent, to wait, or to ask whether the outage is over. */
  letsIn(now: number): boolean {
    if (this.#lasting !== null) return false;
    const outage = this.#outage;
    return outage === null || now < outage.until || (!outage.isProbing && now >= outage.probeAt);
  }

  /** Whether a call whose attempts are used up may wait for the end of the outage, and then try again. */
  isWorthWaiting(now: number): boolean {
    return this.#lasting === null && this.#outage !== null && now < this.#outage.until;
  }

  /** When the next request may leave. */
  fitsAt(now: number): number {
    if (this.#outage === null) return now;
    return this.#outage.isProbing ? Number.POSITIVE_INFINITY : this.#outage.probeAt;
  }

  /** @returns whether this request is the one that asks */
  send(): boolean {
    if (this.#outage === null) return false;
    this.#outage.isProbing = true;
    return true;
  }

  /** The request that asked has ended. */
  probed(): void {
    if (this.#outage !== null) this.#outage.isProbing = false;
  }

  /** @returns the outage that this answer ended */
  answered(): Outage | null {
    const ended = this.#outage;
    this.#failures = 0;
    this.#silent = 0;
    this.#outage = null;
    return ended;
  }

  /** @returns whether the state changed so that those who wait must be looked at again */
  failed({ failure, type, isLast }: Symptom, isProbe: boolean, now: number): boolean {
    if (this.#outage !== null) {
      if (isProbe) this.#probeAgain(this.#outage, now);
      return isProbe;
    }
    if (!isLast) return false;
    if (type === 'silent') this.#silent++;
    else this.#failures++;
    const patienceMs = this.#hasStandIn ? 0 : this.#patienceMs;
    // Nobody's fault that passes: the first to notice waits, so that no row is lost to it.
    const isMet =
      type === 'silent'
        ? this.#silent >= SILENT_FAILURES
        : this.#failures >= FAILURES || (type === 'unreachable' && patienceMs > 0);
    if (!isMet) return false;
    this.#openedAfter = type === 'silent' ? this.#silent : this.#failures;
    if (type === 'lasting') this.#lasting = failure;
    else {
      const outage = { cause: failure, since: now, until: now + patienceMs, probes: 0, isProbing: false };
      this.#outage = { ...outage, probeAt: now + this.#pauseMs(0) };
    }
    return true;
  }

  /** The last one within the patience is at its end, and growing pauses follow. */
  #probeAgain(outage: OpenOutage, now: number): void {
    outage.probes++;
    outage.probeAt = now + this.#pauseMs(outage.probes);
    if (now < outage.until) outage.probeAt = Math.min(outage.probeAt, outage.until);
  }

  #pauseMs(probes: number): number {
    const { baseMs, capMs } = this.#backoff;
    return Math.min(LONGEST_PAUSE_MS, capMs, baseMs * 2 ** Math.min(probes + 1, 20));
  }
}
