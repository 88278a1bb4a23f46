/**
 * The order of windows over the files of a set that is not read as a whole. Every file comes up at even steps from a start of
 * its own, the oftener the more bytes it holds (systematic sampling), and gives its windows in hash-ranked order: so an order
 * over hundreds of files is known without opening one, and a file is opened when its first window is drawn. Windows lie
 * inside row groups, so that none costs two.
 */

import type { DatasetFile, RowRange } from '#contract/services.ts';
import { unitFromHash } from '#util/sha256.ts';
import type { SampleConfig } from './config.ts';

interface Shelf {
  readonly file: DatasetFile;
  /** In order of drawing; null until the file is asked for. */
  windows: Promise<readonly RowRange[]> | null;
  drawn: number;
  readonly start: number;
}

type Groups = (file: DatasetFile) => Promise<readonly { readonly start: number; readonly end: number }[]>;

/**
 * Every window once.
 *
 * @param groups opens a file
 * @param ahead how many windows will be taken in any case, the next one included: their files are opened side by side
 */
export async function* windowsInOrder(
  files: readonly DatasetFile[],
  config: SampleConfig,
  groups: Groups,
  ahead: () => number,
): AsyncGenerator<RowRange> {
  const { seed, window, dataset } = config;
  const shelves = files
    .filter(({ bytes }) => bytes > 0)
    .map((file): Shelf => {
      const start = unitFromHash(String(seed), 'shard', dataset.name, file.name);
      return { file, windows: null, drawn: 0, start };
    });
  const queue = new Queue(shelves);
  const openWindows = async ({ file }: Shelf) =>
    rankWindows(file, await groups(file), window, [String(seed), 'window', dataset.name]);
  for (let shelf = queue.first; shelf !== undefined; shelf = queue.first) {
    if (shelf.windows === null)
      for (const next of queue.upcoming(ahead())) {
        next.windows ??= openWindows(next);
        // Told when its turn has come.
        next.windows.catch(() => undefined);
      }
    const windows = await (shelf.windows as Promise<readonly RowRange[]>);
    const next = windows[shelf.drawn++];
    if (next === undefined) queue.drop();
    else {
      queue.settle();
      yield next;
    }
  }
}

function rankWindows(
  { name }: DatasetFile,
  groups: readonly { readonly start: number; readonly end: number }[],
  window: number,
  purpose: readonly string[],
): RowRange[] {
  const ranked: { readonly range: RowRange; readonly rank: number }[] = [];
  for (const { start, end } of groups)
    for (let from = start; from < end; from += window) {
      const range = { file: name, start: from, end: Math.min(end, from + window) };
      ranked.push({ range, rank: unitFromHash(...purpose, name, String(from)) });
    }
  return ranked.sort((a, b) => a.rank - b.rank || a.range.start - b.range.start).map(({ range }) => range);
}

/** A heap by when a file comes up next: (windows drawn + start) / bytes. */
class Queue {
  readonly #heap: Shelf[];

  constructor(shelves: readonly Shelf[]) {
    this.#heap = [...shelves].sort((a, b) => when(a) - when(b) || byName(a, b));
  }

  /** Shelves of the next `count` windows, the first at least, as long as none runs out. */
  upcoming(count: number): Set<Shelf> {
    const shelves = new Map(this.#heap.map((shelf) => [{ ...shelf }, shelf]));
    const later = new Queue([...shelves.keys()]);
    const found = new Set<Shelf>();
    for (let nth = 0; nth < Math.max(1, count) && later.first !== undefined; nth++) {
      found.add(shelves.get(later.first) as Shelf);
      later.first.drawn++;
      later.settle();
    }
    return found;
  }

  get first(): Shelf | undefined {
    return this.#heap[0];
  }

  drop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.settle();
  }

  /** The first has moved back. */
  settle(): void {
    const heap = this.#heap;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        const [a, b] = [heap[child], heap[least]];
        if (a !== undefined && b !== undefined && (when(a) - when(b) || byName(a, b)) < 0) least = child;
      }
      const [a, b] = [heap[at], heap[least]];
      if (least === at || a === undefined || b === undefined) return;
      heap[at] = b;
      heap[least] = a;
      at = least;
    }
  }
}

const when = ({ drawn, start, file }: Shelf) => (drawn + start) / file.bytes;
const byName = (a: Shelf, b: Shelf) => (a.file.name < b.file.name ? -1 : 1);
