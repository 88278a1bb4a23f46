/** Time as services see it, so that tests can hurry it. Nothing that enters a key or a row may come from here. */

import { onAbort, type StopSignal } from './on-abort.ts';

export interface Clock {
  /** Milliseconds that only ever grow. */
  now(): number;
  /** Milliseconds since the epoch. */
  wall(): number;
  /** Calls `act` once after `ms`; the returned function takes that back. */
  after(ms: number, act: () => void): () => void;
}

/** Longer waits overflow the platform's timer and would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, act) {
    const timer = setTimeout(act, Math.min(Math.max(0, ms), LONGEST_TIMER));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or at once when the signal fires; never rejects. */
export function pause(clock: Clock, ms: number, signal: StopSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      cancel();
      forget();
      resolve();
    };
    const cancel = clock.after(ms, end);
    const forget = onAbort(signal, end);
  });
}
