/** Entries as records in packs. Actions are found like bodies; nodes through the shared table, where the first to write wins. */

import { closeSync, openSync, writeSync } from 'node:fs';
import type { Digest, JsonObject } from '#contract/json.ts';
import type { Entry, EntryLevel, EntryStore } from '#contract/store.ts';
import {
  FRAME,
  frameTime,
  frameType,
  HEAD_BYTES,
  isFrameOf,
  isIntact,
  isSuperseded,
  payloadLength,
  SUPERSEDED_MARK,
} from './frame.ts';
import type { LmdbIndex } from './lmdb-index.ts';
import type { PackStore } from './pack-store.ts';
import { type Pack, toPlace } from './packs.ts';
import { ReadCursor } from './read-cursor.ts';

/** A record, and what decides between several of one key. */
interface Spotted {
  readonly place: number;
  readonly isAgain: boolean;
  readonly isSuperseded: boolean;
  readonly time: number;
}

interface Found extends Spotted {
  readonly entry: Entry;
}

export class DiskEntries implements EntryStore {
  readonly #store: PackStore;
  readonly #lmdb: LmdbIndex;
  readonly #cursor: ReadCursor;
  readonly #places: number[] = [];

  constructor(store: PackStore, lmdb: LmdbIndex) {
    this.#store = store;
    this.#lmdb = lmdb;
    this.#cursor = new ReadCursor(store.packs);
  }

  async get(level: EntryLevel, keys: readonly Digest[]): Promise<(Entry | undefined)[]> {
    this.#store.load();
    if (level === 'node') return this.#getNodes(keys);
    const found = keys.map((key) => this.#findAction(key, this.#readAction)?.entry);
    if (!found.includes(undefined) || !this.#store.refreshNowAndThen()) return found;
    return keys.map((key, index) => found[index] ?? this.#findAction(key, this.#readAction)?.entry);
  }

  async put(
    level: EntryLevel,
    entries: readonly Entry[],
    options: { readonly replace?: boolean } = {},
  ): Promise<Entry[]> {
    this.#store.load();
    const replace = options.replace === true;
    const winners =
      level === 'node'
        ? await this.#putNodes(entries, replace)
        : replace
          ? this.#replaceActions(entries)
          : entries.map((entry) => this.#putAction(entry));
    await this.#store.breathe();
    return winners;
  }

  // ---- actions --------------------------------------------------------------------------------------------------

  readonly #readAction = (place: number, key: Digest) => this.#readAt(place, key, FRAME.action, FRAME.actionAgain);
  readonly #spotAction = (place: number, key: Digest) => this.#spotAt(place, key, FRAME.action, FRAME.actionAgain);

  #findAction<T extends Spotted>(key: Digest, at: (place: number, key: Digest) => T | undefined): T | undefined {
    const guessed = this.#cursor.guess(key);
    const found = guessed < 0 ? undefined : at(guessed, key);
    if (found !== undefined) return found;
    this.#store.entries.index.places(key, this.#places);
    let best: T | undefined;
    for (const place of this.#places) {
      const next = at(place, key);
      if (next !== undefined && (best === undefined || isBetter(next, best))) best = next;
    }
    return best;
  }

  #putAction(entry: Entry): Entry {
    const old = this.#findAction(entry.key, this.#readAction);
    if (old !== undefined) return old.entry;
    this.#store.entries.index.add(entry.key, this.#append(FRAME.action, entry));
    return entry;
  }

  #replaceActions(entries: readonly Entry[]): Entry[] {
    const replaced: number[] = [];
    for (const entry of entries) {
      const old = this.#findAction(entry.key, this.#spotAction);
      this.#store.entries.index.add(entry.key, this.#append(FRAME.actionAgain, entry));
      if (old !== undefined) replaced.push(old.place);
    }
    this.#supersede(replaced);
    return [...entries];
  }

  // ---- nodes ----------------------------------------------------------------------------------------------------

  async #getNodes(keys: readonly Digest[]): Promise<(Entry | undefined)[]> {
    const tables = await this.#lmdb.openIfThere();
    if (tables === undefined) return keys.map(() => undefined);
    return keys.map((key) => this.#readNode(tables.nodes.get(Buffer.from(key, 'hex')), key)?.entry);
  }

  async #putNodes(entries: readonly Entry[], replace: boolean): Promise<Entry[]> {
    const winners = replace ? entries.map(() => undefined) : await this.#getNodes(entries.map((entry) => entry.key));
    const appended = entries.map((entry, index) =>
      winners[index] === undefined ? this.#append(replace ? FRAME.nodeAgain : FRAME.node, entry) : -1,
    );
    if (appended.every((place) => place < 0)) return entries.map((entry, index) => winners[index] ?? entry);
    // Others must be able to read what the table is about to name.
    this.#store.entries.writer.flush();
    const lost: number[] = [];
    const result: Entry[] = entries.map((entry, index) => winners[index] ?? entry);
    await this.#lmdb.transact(({ nodes }) => {
      entries.forEach((entry, index) => {
        const place = appended[index] ?? -1;
        if (place < 0) return;
        const key = Buffer.from(entry.key, 'hex');
        const old = this.#readNode(nodes.get(key), entry.key);
        if (old !== undefined && !replace) {
          result[index] = old.entry;
          lost.push(place);
          return;
        }
        if (old !== undefined) lost.push(old.place);
        nodes.put(key, this.#toText(place));
      });
    });
    this.#supersede(lost);
    return result;
  }

  #readNode(text: string | undefined, key: Digest): Found | undefined {
    if (text === undefined) return undefined;
    const [name = '', offset] = text.split(':');
    let pack = this.#store.packs.named(name);
    if (pack === undefined) {
      this.#store.refresh();
      pack = this.#store.packs.named(name);
    }
    if (pack === undefined) return undefined;
    return this.#readAt(toPlace(pack, Number(offset)), key, FRAME.node, FRAME.nodeAgain);
  }

  #toText(place: number): string {
    const { packs } = this.#store;
    return `${packs.packOf(place)?.name ?? ''}:${packs.offsetOf(place)}`;
  }

  // ---- records --------------------------------------------------------------------------------------------------

  #append(type: (typeof FRAME)[keyof typeof FRAME], entry: Entry): number {
    const payload = Buffer.from(JSON.stringify({ b: entry.body, o: entry.origin }));
    return this.#store.entries.writer.append(type, entry.key, payload, Date.now());
  }

  #readAt(place: number, key: Digest, type: number, again: number): Found | undefined {
    const spotted = this.#spotAt(place, key, type, again);
    if (spotted === undefined) return undefined;
    const { bytes, at } = this.#store.packs;
    const from = at + HEAD_BYTES;
    const body = parseRecord(bytes.toString('utf8', from, from + payloadLength(bytes, at)));
    if (body === undefined) return undefined;
    const { isAgain, isSuperseded, time } = spotted;
    return { place, isAgain, isSuperseded, time, entry: { key, body: body.b, origin: body.o } };
  }

  /** Whether an intact record lies there, without reading its body; `packs` points to it then. */
  #spotAt(place: number, key: Digest, type: number, again: number): Spotted | undefined {
    const { packs } = this.#store;
    const pack = packs.packOf(place);
    if (pack === undefined || !packs.frame(pack, packs.offsetOf(place))) return undefined;
    const { bytes, at } = packs;
    const found = frameType(bytes, at);
    if ((found !== type && found !== again) || !isFrameOf(bytes, at, key) || !isIntact(bytes, at)) return undefined;
    this.#cursor.passed(place, HEAD_BYTES + payloadLength(bytes, at));
    return { place, isAgain: found === again, isSuperseded: isSuperseded(bytes, at), time: frameTime(bytes, at) };
  }

  /**
   * Marks records so that reading in order steps over them. The index knows better anyway, so losing a mark on disk is
   * harmless. In memory it comes last: a block that is read anew takes its marks from the disk.
   */
  #supersede(places: readonly number[]): void {
    const { packs } = this.#store;
    this.#markOnDisk(places);
    for (const place of places) {
      const pack = packs.packOf(place);
      if (pack !== undefined && packs.head(pack, packs.offsetOf(place)))
        packs.bytes[packs.at + SUPERSEDED_MARK.offset] = SUPERSEDED_MARK.byte[0] ?? 0;
    }
  }

  #markOnDisk(places: readonly number[]): void {
    const { packs } = this.#store;
    const byPack = new Map<Pack, number[]>();
    for (const place of places) {
      const pack = packs.packOf(place);
      // What is not written yet takes its mark along.
      if (pack === undefined || (pack.tail !== null && packs.offsetOf(place) >= pack.tail.from)) continue;
      const marked = byPack.get(pack);
      if (marked === undefined) byPack.set(pack, [place]);
      else marked.push(place);
    }
    for (const [pack, marked] of byPack) {
      try {
        const fd = openSync(pack.path, 'r+');
        try {
          for (const place of marked)
            writeSync(fd, SUPERSEDED_MARK.byte, 0, 1, packs.offsetOf(place) + SUPERSEDED_MARK.offset);
        } finally {
          closeSync(fd);
        }
      } catch {
        // As above.
      }
    }
  }
}

function parseRecord(text: string): { readonly b: JsonObject; readonly o: JsonObject } | undefined {
  try {
    const record = JSON.parse(text) as { b?: JsonObject; o?: JsonObject };
    return record.b === undefined || record.o === undefined ? undefined : { b: record.b, o: record.o };
  } catch {
    return undefined;
  }
}

/** Of records of one key: a replacement over what it replaced, the last replacement, else the first that was put. */
function isBetter(a: Spotted, b: Spotted): boolean {
  if (a.isSuperseded !== b.isSuperseded) return b.isSuperseded;
  if (a.isAgain !== b.isAgain) return a.isAgain;
  return a.isAgain ? a.time > b.time : a.time < b.time;
}
