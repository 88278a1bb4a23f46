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
import { toPlace } from './packs.ts';
import { ReadCursor } from './read-cursor.ts';

interface Found {
  readonly entry: Entry;
  readonly place: number;
  readonly isAgain: boolean;
  readonly isSuperseded: boolean;
  readonly time: number;
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
    const found = keys.map((key) => this.#findAction(key)?.entry);
    if (!found.includes(undefined) || !this.#store.refreshNowAndThen()) return found;
    return keys.map((key, index) => found[index] ?? this.#findAction(key)?.entry);
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
        : entries.map((entry) => this.#putAction(entry, replace));
    await this.#store.breathe();
    return winners;
  }

  // ---- actions --------------------------------------------------------------------------------------------------

  #findAction(key: Digest): Found | undefined {
    const guessed = this.#cursor.guess(key);
    const found = guessed < 0 ? undefined : this.#readAt(guessed, key, FRAME.action, FRAME.actionAgain);
    if (found !== undefined) return found;
    this.#store.entries.index.places(key, this.#places);
    let best: Found | undefined;
    for (const place of this.#places) {
      const next = this.#readAt(place, key, FRAME.action, FRAME.actionAgain);
      if (next !== undefined && (best === undefined || isBetter(next, best))) best = next;
    }
    return best;
  }

  #putAction(entry: Entry, replace: boolean): Entry {
    const old = this.#findAction(entry.key);
    if (old !== undefined && !replace) return old.entry;
    const { index } = this.#store.entries;
    index.add(entry.key, this.#append(replace ? FRAME.actionAgain : FRAME.action, entry));
    if (old !== undefined) this.#supersede(old.place);
    return entry;
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
    for (const place of lost) this.#supersede(place);
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
    const { packs } = this.#store;
    const pack = packs.packOf(place);
    if (pack === undefined || !packs.frame(pack, packs.offsetOf(place))) return undefined;
    const { bytes, at } = packs;
    const found = frameType(bytes, at);
    if ((found !== type && found !== again) || !isFrameOf(bytes, at, key) || !isIntact(bytes, at)) return undefined;
    const end = at + HEAD_BYTES + payloadLength(bytes, at);
    const body = parseRecord(bytes.toString('utf8', at + HEAD_BYTES, end));
    if (body === undefined) return undefined;
    this.#cursor.passed(place, end - at);
    return {
      entry: { key, body: body.b, origin: body.o },
      place,
      isAgain: found === again,
      isSuperseded: isSuperseded(bytes, at),
      time: frameTime(bytes, at),
    };
  }

  /** Marks a record so that reading in order steps over it. The index knows better anyway, so losing the mark is harmless. */
  #supersede(place: number): void {
    const { packs } = this.#store;
    const pack = packs.packOf(place);
    if (pack === undefined) return;
    const offset = packs.offsetOf(place);
    if (pack.tail === null || offset < pack.tail.from) {
      try {
        const fd = openSync(pack.path, 'r+');
        try {
          writeSync(fd, SUPERSEDED_MARK.byte, 0, 1, offset + SUPERSEDED_MARK.offset);
        } finally {
          closeSync(fd);
        }
      } catch {
        return;
      }
    }
    if (packs.head(pack, offset)) packs.bytes[packs.at + SUPERSEDED_MARK.offset] = SUPERSEDED_MARK.byte[0] ?? 0;
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
function isBetter(a: Found, b: Found): boolean {
  if (a.isSuperseded !== b.isSuperseded) return b.isSuperseded;
  if (a.isAgain !== b.isAgain) return a.isAgain;
  return a.isAgain ? a.time > b.time : a.time < b.time;
}
