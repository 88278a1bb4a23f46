/** How many calls of one model may be in flight: halved at the first 429 of a burst, raised by one after many successes. */

/** Refusals of requests sent so soon after a decrease are of its burst: it had no time to be felt. */
const BURST_MS = 1000;

export class AdaptiveLimit {
  readonly #most: number;
  #limit: number;
  #successes = 0;
  #loweredAt = Number.NEGATIVE_INFINITY;

  constructor(most: number) {
    this.#most = Math.max(1, most);
    this.#limit = this.#most;
  }

  get value(): number {
    return this.#limit;
  }

  /**
   * One step up takes as many successes as a whole round at the current limit, at least eight.
   * @param weight counts for so many, where something else keeps the rate
   */
  succeeded(weight = 1): void {
    if (this.#limit >= this.#most) return;
    this.#successes += weight;
    if (this.#successes < Math.max(8, this.#limit)) return;
    this.#successes = 0;
    this.#limit++;
  }

  /** @param sentAt calls sent before the last decrease, or right after it, belong to the same burst and do not lower it again */
  rateLimited(sentAt: number, now: number): void {
    this.#successes = 0;
    if (sentAt <= this.#loweredAt + BURST_MS) return;
    this.#loweredAt = now;
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
  }
}
