/** Ctrl-C in two steps: the first lets what is in flight finish, the second gives it up. */

import type { Io } from './io.ts';

export interface Interrupts {
  readonly drain: AbortSignal;
  readonly stop: AbortSignal;
  dispose(): void;
}

/**
 * @param tell says that the first was heard
 * @param also a signal that drains too, e.g. a watcher about to run again
 */
export function makeInterrupts(io: Io, tell: () => void, also?: AbortSignal): Interrupts {
  const drain = new AbortController();
  const stop = new AbortController();
  const remove = io.onInterrupt(() => {
    if (drain.signal.aborted) {
      stop.abort();
      return;
    }
    tell();
    drain.abort();
  });
  const follow = () => drain.abort();
  also?.addEventListener('abort', follow, { once: true });
  return {
    drain: drain.signal,
    stop: stop.signal,
    dispose() {
      remove();
      also?.removeEventListener('abort', follow);
    },
  };
}
