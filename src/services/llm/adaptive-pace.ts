/**
 * How many requests a second one model is sent once its endpoint has refused some (429): what it was seen to accept.
 * A refusal says that nothing was left at that moment; so what was accepted between two refusals, by the time between
 * them, is the rate at which the endpoint really lets in, whatever it counts by. See docs/design/0011-rate-limits-and-fallback.md.
 */

/** A request as the pace remembers it. */
export interface Sent {
  readonly at: number;
  isRefused: boolean;
}

/** Milliseconds of requests that are remembered; the longest time that is measured over. */
const MEMORY_MS = 10_000;
/** Fewer accepted requests than this between two refusals measure nothing. */
const LEAST_ACCEPTED = 8;
/** A little above what is let in: a refusal now and then, at 2 % of the requests, is how a change shows. */
const ABOVE = 1.02;
/** Where a refusal stops everything for a while (Retry-After), it costs more than it tells. */
const BELOW = 0.98;
/** Time without a refusal after which a pace that binds is raised, and by how much. */
const RAISE = {
  guessed: { afterMs: 250, by: 1.5 },
  measured: { afterMs: 2000, by: 1.05 },
  pausing: { afterMs: 30_000, by: 1.05 },
};
/** Requests that come late may catch up for so long, at least. */
const LEAST_CREDIT_MS = 50;
const MOST_CREDIT_MS = 1000;
/** Refused requests of those of the last two seconds from which on it is not the pace alone that is wrong. */
const TOO_MANY = 0.1;
const RECENT_MS = 2000;

export class AdaptivePace {
  readonly #leastGuess: number;
  /** Requests a second that the endpoint lets in; null until it refused one. */
  #rate: number | null = null;
  #isMeasured = false;
  #saidRetryAfter = false;
  readonly #sent: Sent[] = [];
  /** When refused requests had been sent: moments at which nothing was left. */
  readonly #empty: number[] = [];
  #heardAt = Number.NEGATIVE_INFINITY;
  #raisedAt = Number.NEGATIVE_INFINITY;
  /** The last step up since the last refusal; 1 where there was none. */
  #raisedBy = 1;
  #hasBound = false;
  /** Requests that were let in at once before the first refusal. */
  #burst = 1;
  /** When the next request is due, were all sent evenly. */
  #due = Number.NEGATIVE_INFINITY;

  /** @param leastGuess requests a second below which the first refusal does not bring the pace */
  constructor(leastGuess: number) {
    this.#leastGuess = leastGuess;
  }

  /** Requests a second; null while there is no pace. */
  get perSecond(): number | null {
    if (this.#rate === null) return null;
    if (!this.#isMeasured) return this.#rate;
    return this.#rate * (this.#saidRetryAfter ? BELOW : ABOVE);
  }

  /** When the next request may be sent; `now` if it may already. */
  fitsAt(now: number): number {
    const rate = this.perSecond;
    if (rate === null) return now;
    const at = this.#due - this.#creditMs(rate);
    if (at <= now) return now;
    this.#hasBound = true;
    return at;
  }

  send(now: number): Sent {
    this.#forget(now);
    const sent = { at: now, isRefused: false };
    this.#sent.push(sent);
    this.#raise(now);
    const rate = this.perSecond;
    if (rate !== null) {
      // What was not sent for longer than the endpoint can save up is lost.
      this.#due = Math.max(this.#due, now) + 1000 / rate;
    }
    return sent;
  }

  /** @returns whether the pace alone will do: refusals at this rate are what it expects */
  refused(sent: Sent, retryAfterMs: number | null, now: number): boolean {
    sent.isRefused = true;
    if (retryAfterMs !== null) this.#saidRetryAfter = true;
    // Sent before the last refusal was heard of: it tells nothing new.
    if (sent.at <= this.#heardAt) return this.#isMeasured && !this.#refusesMany(now);
    this.#heardAt = now;
    this.#measure(sent.at);
    this.#empty.push(sent.at);
    this.#raisedAt = now;
    this.#hasBound = false;
    // Nothing is left with the endpoint, so nothing is to be caught up.
    const rate = this.perSecond ?? 1;
    this.#due = now + this.#creditMs(rate) + 1000 / rate;
    return this.#isMeasured && !this.#refusesMany(now);
  }

  #measure(at: number): void {
    const anchor = this.#empty.find((from) => this.#accepted(from, at) >= LEAST_ACCEPTED);
    if (anchor !== undefined) {
      this.#rate = (this.#accepted(anchor, at) * 1000) / (at - anchor);
      this.#isMeasured = true;
    } else if (this.#rate === null) {
      this.#burst = Math.max(1, this.#accepted(at - 250, at));
      this.#rate = Math.max(this.#leastGuess, this.#accepted(at - 1000, at));
    } else if (this.#raisedBy > 1) {
      // Somewhere between what went well and what did not.
      this.#rate /= Math.sqrt(this.#raisedBy);
    } else if (!this.#isMeasured) this.#rate = Math.max(1 / 60, this.#rate / 2);
    this.#raisedBy = 1;
  }

  /** For how long an endpoint that was not asked saves up, seen from how much it let in at once. */
  #creditMs(rate: number): number {
    return Math.min(MOST_CREDIT_MS, Math.max(LEAST_CREDIT_MS, ((this.#burst - 1) * 1000) / rate));
  }

  /** Those still in flight count: a refusal is the quickest answer there is. */
  #accepted(from: number, to: number): number {
    let count = 0;
    for (const sent of this.#sent) if (!sent.isRefused && sent.at > from && sent.at <= to) count++;
    return count;
  }

  #refusesMany(now: number): boolean {
    const recent = this.#sent.filter(({ at }) => at > now - RECENT_MS);
    return recent.filter(({ isRefused }) => isRefused).length > TOO_MANY * Math.max(20, recent.length);
  }

  #raise(now: number): void {
    if (this.#rate === null || !this.#hasBound) return;
    const { afterMs, by } = !this.#isMeasured ? RAISE.guessed : this.#saidRetryAfter ? RAISE.pausing : RAISE.measured;
    if (now - this.#raisedAt < afterMs) return;
    // The longer nothing is refused, the larger the steps.
    const step = Math.min(RAISE.guessed.by, this.#raisedBy > 1 ? 1 + (this.#raisedBy - 1) * 2 : by);
    this.#rate *= step;
    this.#raisedBy = step;
    this.#raisedAt = now;
    // Below what is let in the endpoint saves up, and what was accepted since measures only ourselves.
    this.#empty.length = 0;
    this.#hasBound = false;
  }

  #forget(now: number): void {
    const from = now - MEMORY_MS;
    const kept = this.#sent.findIndex(({ at }) => at > from);
    // In steps, so that the list is not moved for every request.
    if (kept > 256) this.#sent.splice(0, kept);
    while ((this.#empty[0] ?? now) < from) this.#empty.shift();
  }
}
