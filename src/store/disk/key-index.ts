/**
 * From digests to places in packs, for one family: what this process appended, what others appended and nobody indexed yet,
 * and segments. Wholly derived from the packs; every place it names is checked by who reads there.
 */

import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '#contract/failure.ts';
import type { Digest } from '#contract/json.ts';
import { BlockCache } from './block-cache.ts';
import type { FsCalls } from './fs-calls.ts';
import { makeFolder } from './make-folder.ts';
import { mergeSegments, pickMerge } from './merge-segments.ts';
import { OpenFiles } from './open-files.ts';
import { type Pack, type PackFamily, type Packs, toPlace } from './packs.ts';
import { scanFrames } from './scan-frames.ts';
import { makeRecords, type PackRange, SEGMENT_BLOCK, Segment, sortRecords, writeSegment } from './segment.ts';
import { atPath, errnoOf, toStoreFailure } from './store-failure.ts';

/** Records gathered before they are written as a segment: a hundred bytes each, and on a slow disk three times as many wait. */
export const SEGMENT_RECORDS = 16_384;
/** What others left unindexed is written as a segment too: at once when it is much, with our own when it is some. */
const SPILL_AT_ONCE = 200_000;
const SPILL_WITH_OWN = 4096;
const CACHE_BYTES = 4 << 20;

export class KeyIndex {
  readonly dir: string;
  readonly #family: PackFamily;
  readonly #types: ReadonlySet<number>;
  readonly #packs: Packs;
  readonly #writer: string;
  readonly #fs: FsCalls;
  readonly #files = new OpenFiles();
  readonly #cache = new BlockCache(SEGMENT_BLOCK, CACHE_BYTES);
  /** Appended here since the last segment; the older half is being written while it is synced. */
  #pending = new Map<Digest, number>();
  #settling = new Map<Digest, number>();
  /** How far own packs are in segments, and how far they were when last cut. */
  readonly #ownTo = new Map<Pack, number>();
  readonly #cutTo = new Map<Pack, number>();
  /** What others appended behind their last segment, and how far their packs were looked through. */
  readonly #others = new Map<Digest, number>();
  readonly #scannedTo = new Map<Pack, number>();
  /** How far segments speak for each pack without a gap. */
  #covered = new Map<string, number>();
  #canSpill = true;
  #segments: Segment[] = [];
  #segmentNo = 0;
  #writtenNo = 0;

  constructor(root: string, family: PackFamily, types: readonly number[], packs: Packs, writer: string, fs: FsCalls) {
    this.dir = join(root, 'index');
    this.#family = family;
    this.#types = new Set(types);
    this.#packs = packs;
    this.#writer = writer;
    this.#fs = fs;
  }

  get pendingRecords(): number {
    return this.#pending.size;
  }

  add(digest: Digest, place: number): void {
    this.#pending.set(digest, place);
  }

  /** The place of something appended by this process and not yet in a segment. */
  own(digest: Digest): number | undefined {
    return this.#pending.get(digest) ?? this.#settling.get(digest);
  }

  /** All places where the frame of a digest may be, most likely first. */
  places(digest: Digest, into: number[]): void {
    into.length = 0;
    const own = this.own(digest);
    if (own !== undefined) into.push(own);
    const other = this.#others.get(digest);
    if (other !== undefined) into.push(other);
    if (this.#segments.length === 0) return;
    const high = Number.parseInt(digest.slice(0, 8), 16);
    const low = Number.parseInt(digest.slice(8, 16), 16);
    for (let nth = this.#segments.length - 1; nth >= 0; nth--) {
      const segment = this.#segments[nth];
      if (!segment?.mayHold(high, low)) continue;
      try {
        segment.find(high, low, (name, offset) => {
          const pack = this.#packs.named(name);
          if (pack !== undefined && !pack.isGone) into.push(toPlace(pack, offset));
        });
      } catch (error) {
        // Another process merged it into a larger one: look again at what there is.
        if (errnoOf(error) !== 'ENOENT') throw toStoreFailure(error, segment.path);
        this.refresh();
        this.places(digest, into);
        return;
      }
    }
  }

  /** Takes in what other processes wrote since. Costs a listing and what is new. */
  refresh(): void {
    const names = listSegments(this.dir, this.#family);
    this.#packs.refresh();
    const known = new Map(this.#segments.map((segment) => [segment.path, segment]));
    const now: Segment[] = [];
    let isNew = false;
    for (const name of names) {
      const path = join(this.dir, name);
      const old = known.get(path);
      known.delete(path);
      const segment = old ?? this.#load(path);
      if (segment === null) continue;
      isNew ||= old === undefined;
      now.push(segment);
    }
    for (const path of known.keys()) this.#files.forget(path);
    this.#segments = now;
    this.#covered = toCovered(now);
    if (isNew) this.#forgetCovered();
    for (const pack of this.#packs.all) if (pack.family === this.#family) this.#scan(pack);
  }

  #load(path: string): Segment | null {
    try {
      return new Segment(path, this.#segmentNo++, this.#files, this.#cache);
    } catch (error) {
      if (errnoOf(error) === 'EMFILE') throw toStoreFailure(error, path);
      return null;
    }
  }

  #forgetCovered(): void {
    for (const [digest, place] of this.#others) {
      const pack = this.#packs.packOf(place);
      if (pack === undefined || pack.isGone || this.#packs.offsetOf(place) < (this.#covered.get(pack.name) ?? 0))
        this.#others.delete(digest);
    }
  }

  #scan(pack: Pack): void {
    if (pack.isGone || pack.name.startsWith(`${this.#writer}-`)) return;
    const from = Math.max(this.#covered.get(pack.name) ?? 0, this.#scannedTo.get(pack) ?? 0);
    if (from >= pack.size) return;
    try {
      const { end } = scanFrames(this.#packs.files.fd(pack.path), from, (frame) => {
        if (this.#types.has(frame.type)) this.#others.set(frame.key, toPlace(pack, frame.offset));
        if (this.#others.size < SPILL_AT_ONCE || !this.#canSpill) return;
        this.#scannedTo.set(pack, frame.offset + frame.bytes);
        this.#spill();
      });
      this.#scannedTo.set(pack, end);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw toStoreFailure(error, pack.path);
    }
  }

  /** Writes what others appended as a segment. Where that cannot be, it stays in memory. */
  #spill(): void {
    const ranges: PackRange[] = [];
    for (const [pack, to] of this.#scannedTo) {
      const from = this.#covered.get(pack.name) ?? 0;
      if (!pack.isGone && to > from) ranges.push({ pack: pack.name, from, to });
    }
    try {
      this.#writePlaces([...this.#others], ranges);
    } catch {
      this.#canSpill = false;
      return;
    }
    this.#others.clear();
    for (const { pack, to } of ranges) this.#covered.set(pack, to);
  }

  /** All of what others left is in segments after. */
  spillAll(): void {
    if (this.#others.size > 0) this.#spill();
    this.#merge();
    this.refresh();
  }

  /** Forgets all segments, on disk too, and makes new ones from the packs. */
  rebuild(): void {
    for (const name of listSegments(this.dir, this.#family)) {
      this.#files.forget(join(this.dir, name));
      rmSync(join(this.dir, name), { force: true });
    }
    this.#segments = [];
    this.#covered.clear();
    this.#scannedTo.clear();
    this.#others.clear();
    this.refresh();
    this.spillAll();
  }

  /** Removes segments that speak for packs that are all gone. */
  dropGone(): void {
    this.#packs.refresh();
    for (const segment of this.#segments) {
      if (segment.packs.some((name) => this.#packs.named(name)?.isGone === false)) continue;
      this.#files.forget(segment.path);
      rmSync(segment.path, { force: true });
    }
    this.refresh();
  }

  /**
   * Makes a segment of what was appended: call `cut` once everything is flushed, sync the packs, then `write`.
   */
  cut(): void {
    for (const pack of this.#ownPacks()) this.#cutTo.set(pack, pack.size);
    if (this.#settling.size > 0) for (const [digest, place] of this.#pending) this.#settling.set(digest, place);
    else this.#settling = this.#pending;
    this.#pending = new Map();
  }

  write(): void {
    const places = [...this.#settling];
    const ranges: PackRange[] = [];
    for (const [pack, to] of this.#cutTo) {
      const from = this.#ownTo.get(pack) ?? 0;
      if (to > from) ranges.push({ pack: pack.name, from, to });
    }
    if (this.#others.size >= SPILL_WITH_OWN) this.#spill();
    if (places.length === 0) return;
    this.#writePlaces(places, ranges);
    for (const [pack, to] of this.#cutTo) this.#ownTo.set(pack, to);
    this.#cutTo.clear();
    this.#settling = new Map();
    this.#merge();
    this.refresh();
  }

  #ownPacks(): Pack[] {
    return this.#packs.all.filter((pack) => pack.family === this.#family && pack.name.startsWith(`${this.#writer}-`));
  }

  #writePlaces(places: readonly (readonly [Digest, number])[], ranges: readonly PackRange[]): void {
    const records = makeRecords(places.length);
    const packs: string[] = [];
    const ordinals = new Map<number, number>();
    let nth = 0;
    for (const [digest, place] of places) {
      const pack = this.#packs.packOf(place);
      if (pack === undefined) throw new Error(`a place in no pack: ${place}`);
      let ordinal = ordinals.get(pack.no);
      if (ordinal === undefined) {
        ordinal = packs.push(pack.name) - 1;
        ordinals.set(pack.no, ordinal);
      }
      records.high[nth] = Number.parseInt(digest.slice(0, 8), 16);
      records.low[nth] = Number.parseInt(digest.slice(8, 16), 16);
      records.pack[nth] = ordinal;
      records.offset[nth] = this.#packs.offsetOf(place);
      nth++;
    }
    atPath(this.dir, () => makeFolder(this.dir));
    writeSegment(this.#nextPath(), { packs, ranges, records: sortRecords(records) }, this.#fs);
    const segment = this.#load(join(this.dir, this.#lastName()));
    if (segment !== null) this.#segments.push(segment);
  }

  #merge(): void {
    const chosen = pickMerge(this.#segments);
    if (chosen.length === 0) return;
    try {
      const content = mergeSegments(chosen, (name) => this.#packs.named(name)?.isGone === false);
      writeSegment(this.#nextPath(), content, this.#fs);
    } catch (error) {
      // Another process was first to merge them; whoever calls looks again at what there is.
      if (errnoOf(error instanceof Failure ? error.cause : error) === 'ENOENT') return;
      throw error;
    }
    for (const segment of chosen) {
      this.#files.forget(segment.path);
      rmSync(segment.path, { force: true });
    }
  }

  #nextPath(): string {
    this.#writtenNo++;
    return join(this.dir, this.#lastName());
  }

  #lastName(): string {
    return `${this.#writer}-${this.#writtenNo}${segmentSuffix(this.#family)}`;
  }

  close(): void {
    this.#files.close();
    this.#cache.clear();
  }
}

function segmentSuffix(family: PackFamily): string {
  return family === 'blobs' ? '.b.seg' : '.e.seg';
}

export function makeWriterId(): string {
  return `${Date.now().toString(36)}-${process.pid.toString(36)}-${randomBytes(4).toString('hex')}`;
}

/** How far the ranges of segments reach in each pack without a gap. */
function toCovered(segments: readonly Segment[]): Map<string, number> {
  const ranges = segments.flatMap((segment) => segment.ranges).sort((a, b) => a.from - b.from);
  const covered = new Map<string, number>();
  for (const { pack, from, to } of ranges) {
    const end = covered.get(pack) ?? 0;
    if (from <= end && to > end) covered.set(pack, to);
  }
  return covered;
}

function listSegments(dir: string, family: PackFamily): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => name.endsWith(segmentSuffix(family)))
      .sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw toStoreFailure(error, dir);
  }
}
