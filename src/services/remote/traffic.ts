/** What was fetched, counted per node as it happens; told at most ten times a second and once more at the end. */

import type { Clock } from '#util/clock.ts';

export interface TrafficCounts {
  /** Sent, redirects and repeats included. */
  readonly requests: number;
  /** Of bodies as they came over the wire, also of attempts that failed. */
  readonly bytes: number;
  readonly retries: number;
  /** Answered from the store instead. */
  readonly cachedBytes: number;
}

const EVERY_MS = 100;

export class Traffic {
  #counts: TrafficCounts = { requests: 0, bytes: 0, retries: 0, cachedBytes: 0 };
  readonly #tell: (counts: TrafficCounts) => void;
  readonly #clock: Clock;
  #toldAt = Number.NEGATIVE_INFINITY;
  #isDirty = false;

  constructor(clock: Clock, tell: (counts: TrafficCounts) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  add(more: Partial<TrafficCounts>): void {
    const { requests, bytes, retries, cachedBytes } = this.#counts;
    this.#counts = {
      requests: requests + (more.requests ?? 0),
      bytes: bytes + (more.bytes ?? 0),
      retries: retries + (more.retries ?? 0),
      cachedBytes: cachedBytes + (more.cachedBytes ?? 0),
    };
    this.#isDirty = true;
    if (this.#clock.now() - this.#toldAt >= EVERY_MS) this.flush();
  }

  flush(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    this.#toldAt = this.#clock.now();
    this.#tell(this.#counts);
  }
}
