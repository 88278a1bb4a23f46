/** One computation that several callers wait for; it is given up only when all of them have gone. */

import { onAbort, Stopper } from '#util/on-abort.ts';
import { stopped } from './stopped.ts';

/** Told by the work itself: whether it has begun what must not be cut short. */
export interface Stage {
  /** A request is about to leave: from here on a drain waits for it. */
  sending(): void;
  /** Nothing is under way, e.g. before another attempt. */
  idle(): void;
}

export class Flight<T> implements Stage {
  readonly #stopper = new Stopper();
  readonly #result: Promise<T>;
  #waiting = 0;
  #isClaimed = false;
  #isSending = false;
  readonly #drained = new Set<() => void>();

  constructor(start: (signal: Stopper, stage: Stage) => Promise<T>) {
    this.#result = start(this.#stopper, this);
    // A flight that everybody left ends unseen.
    this.#result.catch(() => {});
  }

  get isAbandoned(): boolean {
    return this.#stopper.aborted;
  }

  /** True for the first caller only: the one to whom the work is attributed. */
  claim(): boolean {
    if (this.#isClaimed) return false;
    this.#isClaimed = true;
    return true;
  }

  sending(): void {
    this.#isSending = true;
  }

  idle(): void {
    this.#isSending = false;
    for (const leave of this.#drained) leave();
  }

  /** @throws Failure `stopped` as soon as `signal` fires, or `drain` while nothing is under way */
  join(signal: AbortSignal, drain?: AbortSignal): Promise<T> {
    this.#waiting++;
    return new Promise((resolve, reject) => {
      let forgetStop: (() => void) | undefined;
      let forgetDrain: (() => void) | undefined;
      const forget = () => {
        forgetStop?.();
        forgetDrain?.();
        this.#drained.delete(leave);
      };
      const leave = () => {
        forget();
        this.#waiting--;
        if (this.#waiting === 0) this.#stopper.abort();
        reject(stopped());
      };
      const onDrain = () => {
        if (this.#isSending) this.#drained.add(leave);
        else leave();
      };
      if (signal.aborted || (drain?.aborted === true && !this.#isSending)) return leave();
      if (drain?.aborted === true) onDrain();
      forgetStop = onAbort(signal, leave);
      if (drain !== undefined) forgetDrain = onAbort(drain, onDrain);
      this.#result.then(
        (value) => {
          forget();
          resolve(value);
        },
        (error) => {
          forget();
          reject(error);
        },
      );
    });
  }

  abandon(): void {
    this.#stopper.abort();
  }

  /** Resolves when the work has ended, one way or another. */
  async ended(): Promise<void> {
    await this.#result.catch(() => {});
  }
}
