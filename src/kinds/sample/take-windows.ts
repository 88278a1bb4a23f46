/** Turns of windows of a set elsewhere: only what is drawn is read, and each window decides by what was drawn before it. */

import type { SourceItem } from '#contract/kind.ts';
import type { DatasetFile, DatasetItem, DatasetService, RowRange } from '#contract/services.ts';
import { HOLDERS } from '#domain/dialects/to-trajectory.ts';
import { Candidates } from './candidates.ts';
import type { SampleConfig } from './config.ts';
import { Draw } from './draw.ts';
import { windowOrder } from './draw-order.ts';
import { Drops } from './drops.ts';
import type { Benchmark } from './eligible.ts';
import { columnsOf, type Found, scanItem } from './scan.ts';
import { toTurnRow } from './turn-row.ts';
import { windowsInOrder } from './window-order.ts';

/** Windows that are fetched together. */
const MOST_AT_ONCE = 32;
/** Trajectories that are held at once; where windows are larger, one window. */
const MOST_HELD = 256;

/** @throws Failure `record-invalid`, `dataset-*`, `remote-*`, `stopped` */
export async function* takeWindows(
  config: SampleConfig,
  datasets: DatasetService,
  benchmark: Benchmark | null,
  signal: AbortSignal,
): AsyncGenerator<readonly SourceItem[]> {
  const { dataset } = config;
  const drops = new Drops();
  const draw = new Draw(config, drops);
  const files = await datasets.files(dataset, { signal });
  const options = { columns: columnsOf(config), anyOf: HOLDERS, signal };
  // Files that were opened ahead of their turn are let go of when there is no turn.
  const over = new AbortController();
  const opening = { ...options, signal: AbortSignal.any([signal, over.signal]) };
  using _ = { [Symbol.dispose]: () => over.abort() };
  for (let round = 0; !draw.isDone; round++) {
    let offered = 0;
    for await (const lot of lots(files, config, draw, (file) => datasets.groups(dataset, file, opening))) {
      for (const items of await datasets.rows(dataset, lot, options)) {
        const { candidates, trajectories } = scanWindow(items, config, benchmark, round === 0 ? drops : null);
        const order = windowOrder(candidates, config, dataset.name, round);
        offered += order.length;
        const drawn = [...draw.take(candidates, order)];
        yield drawn.map((at) => {
          const source = candidates.sourceOf(at);
          const found = trajectories.get(source);
          if (found === undefined) throw new Error('a drawn trajectory was read');
          return toTurnRow(dataset.name, source.place, found.trajectory, candidates.turn[at] ?? 0);
        });
        if (draw.isDone) break;
      }
      yield drops.take();
      if (draw.isDone) return;
    }
    if (offered === 0) return;
  }
}

/** What is looked at and dropped is counted when it is first looked at. */
function scanWindow(
  items: readonly DatasetItem[],
  config: SampleConfig,
  benchmark: Benchmark | null,
  drops: Drops | null,
) {
  const candidates = new Candidates();
  const trajectories = new Map<Found['source'], Found>();
  for (const [at, item] of items.entries()) {
    const { found, drops: refused } = scanItem(item, at, config, benchmark);
    for (const each of refused) drops?.add(each);
    if (found === null || found.turns.length === 0) continue;
    candidates.add(found.source, found.turns);
    trajectories.set(found.source, found);
  }
  return { candidates, trajectories };
}

/** As many windows as are needed if every trajectory gives a turn: never more than will be looked at. */
function lotSize({ window }: SampleConfig, draw: Draw): number {
  const held = Math.max(1, Math.floor(MOST_HELD / window));
  return Math.min(MOST_AT_ONCE, held, Math.max(1, Math.ceil(draw.left / window)));
}

/** Windows in their order, as many at a time as are fetched together. */
async function* lots(
  files: readonly DatasetFile[],
  config: SampleConfig,
  draw: Draw,
  groups: Parameters<typeof windowsInOrder>[2],
): AsyncGenerator<RowRange[]> {
  let lot: RowRange[] = [];
  let most = lotSize(config, draw);
  for await (const window of windowsInOrder(files, config, groups, () => most - lot.length)) {
    lot.push(window);
    if (lot.length < most) continue;
    yield lot;
    lot = [];
    most = lotSize(config, draw);
  }
  if (lot.length > 0) yield lot;
}
