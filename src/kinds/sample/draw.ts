/** Walks the order of drawing and decides on each candidate by what was drawn before it, never by what comes after. */

import { type Candidates, turnKey } from './candidates.ts';
import type { SampleConfig } from './config.ts';
import { drawOrder } from './draw-order.ts';
import type { DropCode, Drops } from './drops.ts';

export class Draw {
  readonly #config: SampleConfig;
  readonly #dataset: string;
  readonly #drops: Drops;
  readonly #caps: Caps;
  #drawn = 0;

  constructor(config: SampleConfig, drops: Drops) {
    this.#config = config;
    this.#dataset = config.dataset.name;
    this.#drops = drops;
    this.#caps = new Caps(config);
  }

  get isDone(): boolean {
    return this.#drawn >= (this.#config.count ?? Number.POSITIVE_INFINITY);
  }

  get left(): number {
    return (this.#config.count ?? Number.POSITIVE_INFINITY) - this.#drawn;
  }

  /**
   * Numbers of the candidates drawn, in order. May be given more candidates later, under the same caps and count.
   * @param order in which they are looked at
   */
  *take(candidates: Candidates, order = drawOrder(candidates, this.#config, this.#dataset)): Generator<number, void> {
    const queue =
      this.#config.strategy === 'stratified' ? strataQueue(order, candidates, this.#config) : plainQueue(order);
    while (!this.isDone) {
      const candidate = queue.peek();
      if (candidate === null) return;
      const source = candidates.sourceOf(candidate);
      const code = this.#caps.take(source.instance, source.repo, candidates.history[candidate] ?? 0);
      queue.settle(code === null);
      if (code === null) {
        this.#drawn++;
        yield candidate;
      } else {
        const example = turnKey(this.#dataset, source.place, candidates.turn[candidate] ?? 0);
        this.#drops.add({ code, example, count: 1 });
      }
    }
  }
}

/** The candidate whose turn it is; `settle` says what became of it before the next is asked for. */
interface Queue {
  peek(): number | null;
  settle(isKept: boolean): void;
}

function plainQueue(order: readonly number[]): Queue {
  let at = 0;
  return {
    peek: () => order[at] ?? null,
    settle: () => void at++,
  };
}

/**
 * Each draw goes to the stratum with the largest weight / (2 x kept + 1) (Sainte-Laguë). As a sequence this never takes a row
 * back when the count grows, which rounding shares (largest remainder) does; and every prefix is as even as it can be.
 */
function strataQueue(order: readonly number[], candidates: Candidates, config: SampleConfig): Queue {
  const queues = new Map<number, number[]>();
  for (const at of order) {
    const stratum = candidates.stratum[at] ?? 0;
    const queue = queues.get(stratum);
    if (queue === undefined) queues.set(stratum, [at]);
    else queue.push(at);
  }
  const strata = [...queues]
    .map(([stratum, queue]) => ({
      name: candidates.strata[stratum] ?? '',
      queue,
      at: 0,
      kept: 0,
      weight: config.balance === 'equal' ? 1 : queue.length,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  let current: (typeof strata)[number] | null = null;
  return {
    peek() {
      current = null;
      for (const stratum of strata) {
        if (stratum.at >= stratum.queue.length) continue;
        if (current === null || stratum.weight * (2 * current.kept + 1) > current.weight * (2 * stratum.kept + 1))
          current = stratum;
      }
      return current?.queue[current.at] ?? null;
    },
    settle(isKept) {
      if (current === null) return;
      current.at++;
      if (isKept) current.kept++;
    },
  };
}

/** Limits that look at earlier draws. */
class Caps {
  readonly #config: SampleConfig;
  readonly #instances = new Map<string, number>();
  readonly #repos = new Map<string, number>();
  readonly #histories = new Set<number>();

  constructor(config: SampleConfig) {
    this.#config = config;
  }

  /** Counts the candidate in, or says which limit keeps it out. Rows without a repository share no cap. */
  take(instance: string, repo: string | null, history: number): DropCode | null {
    const { max_per_instance, max_per_repo, dedupe } = this.#config;
    const ofInstance = this.#instances.get(instance) ?? 0;
    if (ofInstance >= (max_per_instance ?? Number.POSITIVE_INFINITY)) return 'cap-instance';
    const ofRepo = repo === null ? 0 : (this.#repos.get(repo) ?? 0);
    if (ofRepo >= (max_per_repo ?? Number.POSITIVE_INFINITY)) return 'cap-repo';
    if (dedupe === 'history' && this.#histories.has(history)) return 'duplicate-history';
    this.#instances.set(instance, ofInstance + 1);
    if (repo !== null) this.#repos.set(repo, ofRepo + 1);
    if (dedupe === 'history') this.#histories.add(history);
    return null;
  }
}
