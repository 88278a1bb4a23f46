/** What every view of a run is: told each event as it happens, closed once. Unaware of the engine. */

import type { RunEvent } from '#contract/event.ts';

export interface Reporter {
  /** @param line the event as JSON, where it was written already */
  event(event: RunEvent, line?: string): void;
  /** Leaves the terminal as it was found; nothing is written after it. */
  close(): void | Promise<void>;
}

/** Where a view writes: a stream, or anything like one. Secrets are masked by whoever makes it. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}
