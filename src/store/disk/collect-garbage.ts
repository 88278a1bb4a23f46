/** Gives back what no lock, pin or recent run refers to. Young data, live leases and paid answers are spared. */

import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '#contract/failure.ts';
import type { Digest } from '#contract/json.ts';
import { KeySet } from '#util/key-set.ts';
import { LEASE_TABLE } from './disk-leases.ts';
import { type DiskParts, type DiskStoreOptions, openParts } from './disk-store.ts';
import { FRAME, type FrameType } from './frame.ts';
import { digestsIn, digestsOfRun, entriesMadeBy, LiveMarks } from './mark-live.ts';
import type { Pack } from './packs.ts';
import { scanFrames } from './scan-frames.ts';
import { stripAnswers } from './strip-answers.ts';

export interface GarbageOptions {
  /** Digests and keys named by locks and pins. */
  readonly roots: Iterable<Digest>;
  /** Recent runs whose data stays. Default 10. */
  readonly keepRuns?: number;
  /** Nothing younger goes. Default 24 hours. */
  readonly spareMs?: number;
  /** Runs older than this keep nothing, but for the newest. Default 30 days. */
  readonly maxAgeMs?: number;
  /** Older runs keep nothing once newer ones, locks and pins hold so much. Default 20 GB. */
  readonly maxBytes?: number;
  /** Also take the text of paid answers that nothing refers to; what they cost stays counted. */
  readonly calls?: boolean;
  readonly dryRun?: boolean;
  readonly store?: DiskStoreOptions;
}

export interface GarbageReport {
  readonly dryRun: boolean;
  readonly freedBytes: number;
  readonly keptBytes: number;
  readonly packsRemoved: number;
  readonly packsRewritten: number;
  readonly bodies: number;
  readonly entries: number;
  readonly answers: number;
  /** Run folders that went. */
  readonly runs: readonly string[];
  /** Runs whose data stays. */
  readonly keptRuns: readonly string[];
}

const HOUR = 3_600_000;
/** A pack is written anew when less than this part of it is alive. */
const WORTH_KEEPING = 0.5;

/** @throws Failure `store-busy` while another gc runs, or for `calls` while anybody works on the store */
export async function collectGarbage(root: string, options: GarbageOptions): Promise<GarbageReport> {
  const parts = openParts(root, options.store);
  const dryRun = options.dryRun === true;
  try {
    parts.packs.load();
    const working = await parts.leases.live();
    const lease = await parts.leases.reserve('gc');
    if (lease === undefined || (options.calls === true && working.length > 0))
      throw new Failure('store-busy', `${root} is being worked on${lease === undefined ? ' by another gc' : ''}`, {
        scope: 'infrastructure',
        detail: { leases: working.length },
        hint: 'Try again when the other command has ended.',
      });
    try {
      const live = new LiveMarks(parts);
      await live.mark([...options.roots, ...digestsIn(working.join(' '))]);
      const { keptRuns, oldRuns } = await markRuns(parts, live, options);
      await live.mark(entriesMadeBy(parts, new Set(keptRuns)));
      const swept = await sweep(parts, live, options, dryRun);
      const answers = options.calls === true ? await stripAnswers(parts, live, spareOf(options), dryRun) : NONE;
      if (!dryRun) {
        for (const run of oldRuns) rmSync(join(parts.root, 'runs', run), { recursive: true, force: true });
        removeLeftovers(parts.root, spareOf(options));
      }
      const runs = oldRuns;
      return { dryRun, ...swept, freedBytes: swept.freedBytes + answers.bytes, answers: answers.count, runs, keptRuns };
    } finally {
      await lease.release();
    }
  } finally {
    await parts.store.close();
  }
}

const NONE = { bytes: 0, count: 0 };

function spareOf(options: GarbageOptions): number {
  return Date.now() - (options.spareMs ?? 24 * HOUR);
}

/** Newest first, until there are enough, they are too old, or together too large. */
async function markRuns(parts: DiskParts, live: LiveMarks, options: GarbageOptions) {
  const { keepRuns = 10, maxAgeMs = 30 * 24 * HOUR, maxBytes = 20 * 2 ** 30 } = options;
  const keptRuns: string[] = [];
  const oldRuns: string[] = [];
  const oldest = Date.now() - maxAgeMs;
  for (const run of await parts.store.runs.list()) {
    const at = statSync(join(parts.root, 'runs', run)).mtimeMs;
    const isFirst = keptRuns.length === 0;
    if (keptRuns.length < keepRuns && (isFirst || (at >= oldest && live.bytes < maxBytes))) {
      await live.mark(digestsOfRun(parts.root, run));
      keptRuns.push(run);
    } else if (at < oldest) oldRuns.push(run);
  }
  return { keptRuns, oldRuns };
}

async function sweep(parts: DiskParts, live: LiveMarks, options: GarbageOptions, dryRun: boolean) {
  const spare = spareOf(options);
  const total = { freedBytes: 0, keptBytes: 0, packsRemoved: 0, packsRewritten: 0, bodies: 0, entries: 0 };
  const kept = { blobs: new KeySet(), entries: new KeySet() };
  const gone: string[] = [];
  for (const pack of [...parts.packs.packs.all]) {
    if (pack.isGone || !existsSync(pack.path)) continue;
    if (statSync(pack.path).mtimeMs > spare) {
      total.keptBytes += pack.size;
      continue;
    }
    const alive = weigh(parts, pack, live, spare, kept[pack.family]);
    if (alive.bytes >= pack.size * WORTH_KEEPING) {
      total.keptBytes += pack.size;
      continue;
    }
    total.keptBytes += alive.bytes;
    total.freedBytes += pack.size - alive.bytes;
    total[pack.family === 'blobs' ? 'bodies' : 'entries'] += alive.dead;
    if (alive.bytes === 0) total.packsRemoved++;
    else total.packsRewritten++;
    if (dryRun) continue;
    if (alive.bytes > 0) await rewrite(parts, pack, alive.offsets);
    gone.push(pack.path);
  }
  if (gone.length > 0) {
    await parts.packs.sync();
    for (const path of gone) {
      parts.packs.packs.files.forget(path);
      rmSync(path, { force: true });
    }
    parts.packs.blobs.index.dropGone();
    parts.packs.entries.index.dropGone();
  }
  return total;
}

interface Alive {
  bytes: number;
  dead: number;
  readonly offsets: Set<number>;
}

function weigh(parts: DiskParts, pack: Pack, live: LiveMarks, spare: number, kept: KeySet): Alive {
  const alive: Alive = { bytes: 0, dead: 0, offsets: new Set() };
  scanFrames(parts.packs.packs.files.fd(pack.path), 0, ({ key, time, bytes, offset, superseded }) => {
    if (!superseded && (live.has(key) || time > spare) && kept.add(key)) {
      alive.bytes += bytes;
      alive.offsets.add(offset);
    } else alive.dead++;
  });
  return alive;
}

/** Copies what is alive to a pack of this process, and node entries' places with it. */
async function rewrite(parts: DiskParts, pack: Pack, offsets: ReadonlySet<number>): Promise<void> {
  const { writer, index } = pack.family === 'blobs' ? parts.packs.blobs : parts.packs.entries;
  const moved: { readonly key: Buffer; readonly from: string; readonly to: number }[] = [];
  scanFrames(parts.packs.packs.files.fd(pack.path), 0, ({ type, key, payload, time, offset }) => {
    if (!offsets.has(offset)) return;
    const place = writer.append(type as FrameType, key, payload, time);
    if (type === FRAME.node || type === FRAME.nodeAgain)
      moved.push({ key: Buffer.from(key, 'hex'), from: `${pack.name}:${offset}`, to: place });
    else index.add(key, place);
  });
  await parts.packs.sync();
  if (moved.length === 0) return;
  const { packs } = parts.packs;
  await parts.lmdb.transact(({ nodes }) => {
    for (const { key, from, to } of moved) {
      const target = packs.packOf(to);
      if (nodes.get(key) === from && target !== undefined) nodes.put(key, `${target.name}:${packs.offsetOf(to)}`);
    }
  });
}

/** Half-written files of processes that were killed, and lease tables of earlier boots. */
function removeLeftovers(root: string, spare: number): void {
  for (const folder of ['.', 'index', 'notes', 'index/leases']) {
    const dir = join(root, folder);
    if (!existsSync(dir)) continue;
    for (const name of readdirSync(dir)) {
      const path = join(dir, name);
      const isLeftover = name.endsWith('.tmp') || (folder === 'index/leases' && name !== LEASE_TABLE);
      if (isLeftover && newestIn(path) < spare) rmSync(path, { recursive: true, force: true });
    }
  }
}

function newestIn(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return Number.POSITIVE_INFINITY;
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))));
}
