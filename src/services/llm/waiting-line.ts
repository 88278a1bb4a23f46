/** Who waits for something scarce: the smallest priority first; who is aborted has gone. */

import type { Failure } from '#contract/failure.ts';
import { comparePriority, Heap } from '#util/heap.ts';
import { onAbort, type StopSignal } from '#util/on-abort.ts';
import { stopped } from './stopped.ts';

interface Waiter<T, Need> {
  readonly priority: readonly number[];
  /** How much of it, in the line's own unit. */
  readonly need: Need;
  /** False once it was refused or its signal fired; the heap drops it when it comes to the top. */
  isWaiting: boolean;
  grant(value: T): void;
  refuse(failure: Failure): void;
}

export class WaitingLine<T, Need = null> {
  readonly #heap = new Heap<Waiter<T, Need>>((a, b) => comparePriority(a.priority, b.priority));

  /** @throws Failure `stopped`, or what `refuseAll` says */
  wait(priority: readonly number[], need: Need, signal: StopSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(stopped());
      const leave = () => {
        forget();
        waiter.isWaiting = false;
      };
      const waiter: Waiter<T, Need> = {
        priority,
        need,
        isWaiting: true,
        grant: (value) => {
          leave();
          resolve(value);
        },
        refuse: (failure) => {
          leave();
          reject(failure);
        },
      };
      const forget = onAbort(signal, () => waiter.refuse(stopped()));
      this.#heap.push(waiter);
    });
  }

  first(): { readonly priority: readonly number[]; readonly need: Need } | undefined {
    return this.#top();
  }

  /** Gives the first in line what it waits for. */
  grantFirst(value: T): void {
    const waiter = this.#top();
    this.#heap.pop();
    waiter?.grant(value);
  }

  refuseFirst(failure: Failure): void {
    const waiter = this.#top();
    this.#heap.pop();
    waiter?.refuse(failure);
  }

  /** Later arrivals wait again. */
  refuseAll(failure: Failure): void {
    for (let waiter = this.#top(); waiter !== undefined; waiter = this.#top()) {
      this.#heap.pop();
      waiter.refuse(failure);
    }
  }

  #top(): Waiter<T, Need> | undefined {
    for (let top = this.#heap.peek(); top !== undefined; top = this.#heap.peek()) {
      if (top.isWaiting) return top;
      this.#heap.pop();
    }
    return undefined;
  }
}
