/** `sluice gc`: removes what no lock, pin or recent run needs. */

import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Digest } from '#contract/json.ts';
import { plural } from '#report/text.ts';
import { collectGarbage } from '#store/disk/collect-garbage.ts';
import { digestsIn } from '#store/disk/mark-live.ts';
import type { Io } from '../io.ts';
import type { RunRecord } from '../run-record.ts';
import { cacheFolder, requireCache } from '../session.ts';
import { lockPath } from '../workspace.ts';

export interface GcFlags {
  readonly cache?: string;
  readonly dryRun?: boolean;
  readonly keepRuns?: number;
  readonly calls?: boolean;
  /** Hours. */
  readonly spare?: number;
}

export async function gc(flags: GcFlags, io: Io): Promise<number> {
  const cache = cacheFolder(flags, io);
  requireCache(cache);
  const locks = [...new Set([...findLocks(dirname(cache), cache), ...locksOfRuns(cache)])];
  const roots = new Set<Digest>();
  for (const file of [...locks, join(cache, 'pins')])
    if (existsSync(file)) for (const digest of digestsIn(readFileSync(file, 'utf8'))) roots.add(digest);
  const report = await collectGarbage(cache, {
    roots,
    ...(flags.keepRuns === undefined ? {} : { keepRuns: flags.keepRuns }),
    ...(flags.calls === undefined ? {} : { calls: flags.calls }),
    ...(flags.spare === undefined ? {} : { spareMs: flags.spare * 3_600_000 }),
    ...(flags.dryRun === undefined ? {} : { dryRun: flags.dryRun }),
  });
  const verb = report.dryRun ? 'would free' : 'freed';
  const answers = report.answers > 0 ? `, ${plural(report.answers, 'paid answer')}` : '';
  io.stdout.write(
    [
      `${verb} ${size(report.freedBytes)}: ${plural(report.bodies, 'body', 'bodies')}, ${plural(report.entries, 'entry', 'entries')}${answers}, ${plural(report.runs.length, 'run')}`,
      `kept ${size(report.keptBytes)} for ${plural(report.keptRuns.length, 'recent run')} and ${plural(locks.length, 'lock')}`,
      '',
    ].join('\n'),
  );
  return 0;
}

/** Locks of this project: their nodes must stay, however long ago they were run. */
function findLocks(root: string, cache: string, depth = 6): string[] {
  if (depth === 0) return [];
  const found: string[] = [];
  for (const entry of entriesOf(root)) {
    const path = join(root, entry.name);
    if (entry.isFile() && entry.name.endsWith('.lock.yaml')) found.push(path);
    if (!entry.isDirectory() || path === cache || entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
    found.push(...findLocks(path, cache, depth - 1));
  }
  return found;
}

/** Of pipelines that lie elsewhere and use this store. */
function locksOfRuns(cache: string): string[] {
  return entriesOf(join(cache, 'runs')).flatMap(({ name }) => {
    const record = join(cache, 'runs', name, 'plan.json');
    // A run that was killed has none.
    if (!existsSync(record)) return [];
    const { file } = JSON.parse(readFileSync(record, 'utf8')) as Partial<RunRecord>;
    const lock = file === undefined ? '' : lockPath({ file });
    return existsSync(lock) ? [lock] : [];
  });
}

/** Nothing for a folder that may not be read: no pipeline of ours was run there. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes / 1024;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${value.toFixed(1)} ${units[unit]}`;
}
