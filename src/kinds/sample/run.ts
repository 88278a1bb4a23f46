/** From trajectories to drawn turns: one pass to know what there is, then only what was drawn is read again. */

import { Failure } from '#contract/failure.ts';
import type { SourceItem } from '#contract/kind.ts';
import type { DatasetService } from '#contract/services.ts';
import { toTrajectory } from '#domain/dialects/to-trajectory.ts';
import type { Trajectory } from '#domain/dialects/trajectory.ts';
import { Candidates, type Source } from './candidates.ts';
import type { SampleConfig } from './config.ts';
import { Draw } from './draw.ts';
import { Drops } from './drops.ts';
import { type Benchmark, loadBenchmark } from './eligible.ts';
import { columnsOf, scan } from './scan.ts';
import { takeWindows } from './take-windows.ts';
import { toTurnRow } from './turn-row.ts';

/** Characters of trajectories held at once. */
const HELD_CHARS = 32 << 20;
const FRAME = 64;

/** @throws Failure `record-invalid`, `dataset-*`, `stopped` */
export async function* sampleTurns(
  config: SampleConfig,
  datasets: DatasetService,
  signal: AbortSignal,
): AsyncGenerator<readonly SourceItem[]> {
  const benchmark =
    config.decontaminate === undefined ? null : await loadBenchmark(config.decontaminate, datasets, signal);
  if (config.strategy === 'windows' && config.dataset.remote !== undefined)
    yield* takeWindows(config, datasets, benchmark, signal);
  else if (config.strategy === 'all') yield* takeAll(config, datasets, benchmark, signal);
  else yield* takeDrawn(config, datasets, benchmark, signal);
}

/** Nothing is drawn from the middle, so one pass is enough: each trajectory is a draw of its own under common caps. */
async function* takeAll(
  config: SampleConfig,
  datasets: DatasetService,
  benchmark: Benchmark | null,
  signal: AbortSignal,
): AsyncGenerator<readonly SourceItem[]> {
  const drops = new Drops();
  const draw = new Draw(config, drops);
  for await (const frame of scan(config, datasets, benchmark, signal)) {
    for (const { found, drops: refused } of frame) {
      for (const each of refused) drops.add(each);
      if (found === null) continue;
      const { source, trajectory, turns } = found;
      const candidates = new Candidates();
      candidates.add(source, turns);
      yield [...draw.take(candidates)].map((at) =>
        toTurnRow(config.dataset.name, source.place, trajectory, candidates.turn[at] ?? 0),
      );
      if (draw.isDone) break;
    }
    yield drops.take();
    if (draw.isDone) return;
  }
}

async function* takeDrawn(
  config: SampleConfig,
  datasets: DatasetService,
  benchmark: Benchmark | null,
  signal: AbortSignal,
): AsyncGenerator<readonly SourceItem[]> {
  const drops = new Drops();
  const candidates = new Candidates();
  for await (const frame of scan(config, datasets, benchmark, signal)) {
    for (const { found, drops: refused } of frame) {
      for (const each of refused) drops.add(each);
      if (found !== null && found.turns.length > 0) candidates.add(found.source, found.turns);
    }
  }
  yield drops.take();
  for (const drawn of batches(new Draw(config, drops).take(candidates), candidates)) {
    const sources = [...new Set(drawn.map((at) => candidates.sourceOf(at)))];
    const trajectories = await fetchTrajectories(sources, config, datasets, signal);
    for (let at = 0; at < drawn.length; at += FRAME) {
      yield drawn.slice(at, at + FRAME).map((candidate) => {
        const source = candidates.sourceOf(candidate);
        const trajectory = trajectories.get(source);
        if (trajectory === undefined) throw new Error('a drawn trajectory was fetched');
        return toTurnRow(config.dataset.name, source.place, trajectory, candidates.turn[candidate] ?? 0);
      });
    }
  }
  yield drops.take();
}

/** Draws in groups whose trajectories fit into memory together. */
function* batches(drawn: Iterable<number>, candidates: Candidates): Generator<number[]> {
  let batch: number[] = [];
  let held = new Set<Source>();
  let chars = 0;
  for (const candidate of drawn) {
    const source = candidates.sourceOf(candidate);
    if (!held.has(source)) {
      if (chars + source.chars > HELD_CHARS && batch.length > 0) {
        yield batch;
        batch = [];
        held = new Set();
        chars = 0;
      }
      held.add(source);
      chars += source.chars;
    }
    batch.push(candidate);
  }
  if (batch.length > 0) yield batch;
}

async function fetchTrajectories(
  sources: readonly Source[],
  config: SampleConfig,
  datasets: DatasetService,
  signal: AbortSignal,
): Promise<Map<Source, Trajectory>> {
  const places = sources.map(({ place }) => place);
  const records = await datasets.fetch(config.dataset, places, { columns: columnsOf(config), signal });
  return new Map(
    sources.map((source, nth) => {
      const record = records[nth];
      const trajectory = record && toTrajectory(record.value, record.file);
      if (trajectory === undefined || 'code' in trajectory) {
        const message = `${source.place.file}:${source.place.index + 1} is not what it was a moment ago`;
        throw new Failure('dataset-changed', message, { scope: 'infrastructure', hint: 'run again' });
      }
      return [source, trajectory];
    }),
  );
}
