/** The launchers of a run: as many as there is work for at once, each program with the one that has least to do. */

import { availableParallelism } from 'node:os';
import type { Failure } from '#contract/failure.ts';
import { Launcher } from './launcher.ts';

/** Each takes 45 MB; four start some 3,000 programs a second. */
const MOST = Math.min(4, Math.max(2, availableParallelism()));

export class Launchers {
  readonly #root: string;
  #all: Launcher[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  /** Null where none is ready yet. Opens one more if those that there are have work. */
  get ready(): Launcher | null {
    this.#all = this.#all.filter((launcher) => !launcher.isLost);
    const least = leastLoaded(this.#all.filter((launcher) => launcher.isReady));
    const isBusy = this.#all.every((launcher) => launcher.isReady && launcher.load > 0);
    if (isBusy && this.#all.length < MOST) this.#all.push(new Launcher(this.#root));
    return least;
  }

  /** One that may have to get ready first. */
  get any(): Launcher {
    return this.ready ?? (leastLoaded(this.#all) as Launcher);
  }

  async close(why: () => Failure): Promise<void> {
    const all = this.#all;
    this.#all = [];
    await Promise.all(all.map((launcher) => launcher.close(why)));
  }
}

function leastLoaded(launchers: readonly Launcher[]): Launcher | null {
  return launchers.reduce<Launcher | null>(
    (least, launcher) => (least === null || launcher.load < least.load ? launcher : least),
    null,
  );
}
