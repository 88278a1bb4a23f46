/** What is scarce: slots of named pools, and turns on the one thread. Both go to the deepest node and the lowest row first. */

import type { PlanNode } from '#contract/plan.ts';
import { comparePriority, Heap } from '#util/heap.ts';

interface Waiter {
  readonly priority: readonly number[];
  readonly start: () => void;
}

const byPriority = (a: Waiter, b: Waiter) => comparePriority(a.priority, b.priority);

export class Pool {
  #free: number;
  readonly #waiting = new Heap<Waiter>(byPriority);

  constructor(size: number) {
    this.#free = size;
  }

  /** Resolves with the function that gives the slot back. */
  async take(priority: readonly number[]): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((start) => this.#waiting.push({ priority, start }));
    return () => {
      const next = this.#waiting.pop();
      if (next === undefined) this.#free++;
      else next.start();
    };
  }
}

/**
 * What an action of this node takes a slot of: `cpu` only where it starts programs, since all else shares the one thread; `sandbox`
 * and `llm` only where the manifest gives them a size, since their services have limits of their own.
 */
export function poolOf({ pool, kind }: PlanNode, pools: ReadonlyMap<string, Pool>): Pool | undefined {
  const startsPrograms = (kind.needs ?? []).includes('process');
  if (pool === 'cpu' && !startsPrograms) return undefined;
  return pools.get(pool) ?? (startsPrograms ? pools.get('cpu') : undefined);
}

/**
 * Frames of work on the one thread, deepest node first. A consumer that has work is served before its producer goes on,
 * so that what flows stays in the caches; a consumer that waits asks for no turn and holds nobody up.
 */
export class Turns {
  readonly #waiting = new Heap<Waiter>(byPriority);
  #isGranting = false;

  take(depth: number): Promise<void> {
    return new Promise((start) => {
      this.#waiting.push({ priority: [-depth], start });
      if (!this.#isGranting) {
        this.#isGranting = true;
        setImmediate(this.#grant);
      }
    });
  }

  readonly #grant = (): void => {
    this.#waiting.pop()?.start();
    if (this.#waiting.size > 0) setImmediate(this.#grant);
    else this.#isGranting = false;
  };
}
