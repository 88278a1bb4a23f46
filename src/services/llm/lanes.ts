/**
 * Connections to one endpoint, one request at a time on each. A pool would not hand out a connection before the turn of the
 * loop in which its answer came is over, and would open another instead: here the next request is already waiting on it.
 */

import type { Client, Dispatcher } from 'undici';
import type { Reply } from './exchange.ts';

export class Lanes {
  readonly #open: () => Client;
  readonly #all = new Set<Client>();
  /** The one used last is used first: the others may be closed by whoever waits longest. */
  readonly #free: Client[] = [];

  constructor(open: () => Client) {
    this.#open = open;
  }

  /** @param ended resolves when the exchange is over, however it went */
  dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler, ended: Promise<Reply>): void {
    const lane = this.#free.pop() ?? this.#add();
    void ended.then(({ type }) => {
      if (type === 'response') this.#free.push(lane);
      else this.#drop(lane);
    });
    lane.dispatch(request, handler);
  }

  #add(): Client {
    const lane = this.#open();
    this.#all.add(lane);
    return lane;
  }

  /** What was given up may still hold its connection, or wait for one. */
  #drop(lane: Client): void {
    this.#all.delete(lane);
    lane.destroy().catch(() => {});
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((lane) => lane.destroy()));
  }
}
