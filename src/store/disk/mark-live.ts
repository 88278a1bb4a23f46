/** Follows references from roots. What a body refers to is every digest that is written in it: no format is known here. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '#contract/json.ts';
import { KeySet } from '#util/key-set.ts';
import type { DiskParts } from './disk-store.ts';
import { HEAD_BYTES } from './frame.ts';
import { scanFrames } from './scan-frames.ts';

/** Also several without anything between them: a line of a port's chunk is a row digest and its action key. */
const DIGESTS = /(?<![0-9a-f])(?:[0-9a-f]{64})+(?![0-9a-f])/g;
const DIGEST = /.{64}/g;
/** How the record of an entry ends. */
const ORIGIN = /"o":\{"run":"([^"\\]+)"\}\}$/;
const BATCH = 64;

export function digestsIn(text: string): Digest[] {
  return (text.match(DIGESTS) ?? []).flatMap((run) => run.match(DIGEST) ?? []);
}

export class LiveMarks {
  readonly #parts: DiskParts;
  readonly #seen = new KeySet();
  /** Of bodies and entries marked so far. */
  bytes = 0;

  constructor(parts: DiskParts) {
    this.#parts = parts;
  }

  has(digest: Digest): boolean {
    return this.#seen.has(digest);
  }

  async mark(roots: Iterable<Digest>): Promise<void> {
    const open = [...roots].filter((digest) => this.#seen.add(digest));
    while (open.length > 0) {
      const batch = open.splice(-BATCH);
      const push = (digest: Digest) => {
        if (this.#seen.add(digest)) open.push(digest);
      };
      await this.#follow(batch, push);
    }
  }

  async #follow(batch: readonly Digest[], push: (digest: Digest) => void): Promise<void> {
    const { blobs, store } = this.#parts;
    const there = await blobs.has(batch);
    const bodies = batch.filter((_, index) => there[index]);
    const read = bodies.length === 0 ? [] : await blobs.get(bodies);
    for (const [index, digest] of bodies.entries()) {
      for (const item of blobs.itemsOf(digest) ?? []) push(item);
      const bytes = read[index];
      if (bytes === undefined) continue;
      this.bytes += HEAD_BYTES + bytes.byteLength;
      for (const found of digestsIn(Buffer.from(bytes).toString('latin1'))) push(found);
    }
    for (const level of ['action', 'node'] as const)
      for (const entry of await store.entries.get(level, batch)) {
        if (entry === undefined) continue;
        const text = JSON.stringify(entry.body);
        this.bytes += HEAD_BYTES + text.length;
        for (const found of digestsIn(text)) push(found);
      }
  }
}

/** Entries that these runs made: of a run that was stopped no node entry names them, and a later run goes on from them. */
export function entriesMadeBy(parts: DiskParts, runs: ReadonlySet<string>): Digest[] {
  const found: Digest[] = [];
  for (const pack of parts.packs.packs.all) {
    if (pack.isGone || pack.family !== 'entries' || !existsSync(pack.path)) continue;
    scanFrames(parts.packs.packs.files.fd(pack.path), 0, ({ key, payload, superseded }) => {
      const [, run = ''] = ORIGIN.exec(payload.toString('latin1', Math.max(0, payload.byteLength - 128))) ?? [];
      if (!superseded && runs.has(run)) found.push(key);
    });
  }
  return found;
}

/** Every digest that the files of a run name. */
export function digestsOfRun(root: string, id: string): Set<Digest> {
  const dir = join(root, 'runs', id);
  const found = new Set<Digest>();
  for (const file of readdirSync(dir, { withFileTypes: true })) {
    if (!file.isFile() || !/\.(json|ndjson|yaml)$/.test(file.name)) continue;
    for (const digest of digestsIn(readFileSync(join(dir, file.name), 'latin1'))) found.add(digest);
  }
  return found;
}
