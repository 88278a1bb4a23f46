/** One pass over the trajectories: what may be drawn, what may not and why. */

import type { DatasetItem, DatasetRecord, DatasetService, DatasetTrouble } from '#contract/services.ts';
import { TRAJECTORY_COLUMNS, toTrajectory } from '#domain/dialects/to-trajectory.ts';
import type { Trajectory } from '#domain/dialects/trajectory.ts';
import { badRecord } from '#util/bad-record.ts';
import { historyHashes, type Source, strataOf } from './candidates.ts';
import type { SampleConfig } from './config.ts';
import type { Drop } from './drops.ts';
import { type Benchmark, refuseTrajectory, refuseTurn } from './eligible.ts';

/** One record of the data: what of it may be drawn, and what not. */
export interface Scanned {
  /** Also where nothing of it may be drawn. */
  readonly isTrajectory: boolean;
  readonly drops: readonly Drop[];
  readonly found: Found | null;
}

export interface Found {
  readonly source: Source;
  readonly trajectory: Trajectory;
  readonly turns: readonly { readonly turn: number; readonly history: number; readonly stratum: string }[];
}

const HINT = 'mend the record, or write `on_bad: drop` to leave such records out and count them';

/** Columns that are read: those of a trajectory and those that the filter names. */
export function columnsOf({ filter }: SampleConfig): string[] {
  return [...new Set([...TRAJECTORY_COLUMNS, ...Object.keys(filter).map((path) => path.split('.')[0] ?? path)])];
}

/** One array a frame of records. @throws Failure `record-invalid`, `dataset-*` */
export async function* scan(
  config: SampleConfig,
  datasets: DatasetService,
  benchmark: Benchmark | null,
  signal: AbortSignal,
): AsyncGenerator<readonly Scanned[]> {
  let position = 0;
  for await (const frame of datasets.read(config.dataset, { columns: columnsOf(config), signal })) {
    yield frame.map((item) => {
      const scanned = scanItem(item, position, config, benchmark);
      if (scanned.isTrajectory) position++;
      return scanned;
    });
  }
}

/** @param position among all trajectories of the dataset, where that is known. @throws Failure `record-invalid` */
export function scanItem(
  item: DatasetItem,
  position: number,
  config: SampleConfig,
  benchmark: Benchmark | null,
): Scanned {
  if ('trouble' in item) return bad(item.trouble, config);
  const { file, index, value } = item.record;
  const trajectory = toTrajectory(value, file);
  if ('code' in trajectory) return bad({ file, index, ...trajectory }, config);
  return scanTrajectory(item.record, trajectory, position, config, benchmark);
}

function bad(trouble: DatasetTrouble, config: SampleConfig): Scanned {
  if (config.on_bad === 'fail') throw badRecord(trouble, HINT);
  const { file, index, code } = trouble;
  return { isTrajectory: false, drops: [{ code, example: `${file}:${index + 1}`, count: 1 }], found: null };
}

function scanTrajectory(
  { file, index, span, value }: DatasetRecord,
  trajectory: Trajectory,
  position: number,
  config: SampleConfig,
  benchmark: Benchmark | null,
): Scanned {
  const place = `${file}:${index + 1}`;
  const refusal = refuseTrajectory(trajectory, value, config, benchmark);
  if (refusal !== null)
    return {
      isTrajectory: true,
      drops: [{ code: refusal, example: place, count: trajectory.turns.length }],
      found: null,
    };
  const histories = config.dedupe === 'history' ? historyHashes(trajectory) : [];
  const strata = strataOf(trajectory, config);
  const drops: Drop[] = [];
  const turns: Found['turns'][number][] = [];
  let chars = 0;
  let next = 0;
  for (const [turn, at] of trajectory.turns.entries()) {
    for (; next < at; next++) chars += trajectory.messages[next]?.content.length ?? 0;
    const code = refuseTurn(turn, at, chars, config);
    if (code !== null) drops.push({ code, example: `${place}, turn ${turn}`, count: 1 });
    else turns.push({ turn, history: histories[turn] ?? 0, stratum: strata[turn] ?? '' });
  }
  const { instance_id: instance, repo } = trajectory;
  const source = {
    place: span === undefined ? { file, index } : { file, index, span },
    instance,
    repo,
    position,
    chars,
  };
  return { isTrajectory: true, drops, found: { source, trajectory, turns } };
}
