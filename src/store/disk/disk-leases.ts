/** Leases over all processes on the store: taken in one transaction, kept by a heartbeat, taken over when the holder is gone. */

import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import type { Lease, Leases } from '#contract/store.ts';
import { sha256 } from '#util/sha256.ts';
import { demandRoomForCommit, hasRoomForCommit } from './free-space.ts';
import type { FsCalls } from './fs-calls.ts';
import { dropUnsound } from './lmdb-check.ts';
import { reserveLockFile, toErrno } from './lmdb-index.ts';
import { makeFolder } from './make-folder.ts';
import { toStoreFailure } from './store-failure.ts';

interface Held {
  readonly key: string;
  readonly token: string;
  /** Machine, boot and process namespace: only there does the pid say anything. */
  readonly home: string;
  readonly pid: number;
  /** Milliseconds since the epoch of the last heartbeat. */
  readonly beat: number;
}

export class DiskLeases implements Leases {
  readonly #path: string;
  readonly #fs: FsCalls;
  readonly #prepareRoot: () => void;
  readonly #staleMs: number;
  readonly #held = new Map<string, Held>();
  #db: RootDatabase<string, Buffer> | null = null;
  #opening: Promise<RootDatabase<string, Buffer>> | null = null;
  #heart: NodeJS.Timeout | null = null;
  #asked: { key: string; resolve(lease: Lease | undefined): void; reject(error: unknown): void }[] = [];
  /** Given back, and still to be taken out of the table. */
  #released: Held[] = [];
  #releasing: NodeJS.Timeout | null = null;

  constructor(root: string, options: { fs: FsCalls; staleMs: number; prepareRoot: () => void }) {
    this.#path = join(root, 'index', 'leases');
    this.#fs = options.fs;
    this.#staleMs = options.staleMs;
    this.#prepareRoot = options.prepareRoot;
  }

  /** Those asked for in one turn of the loop share a transaction: a burst of calls costs one commit, not one a call. */
  async reserve(key: string): Promise<Lease | undefined> {
    const db = await this.#open();
    return new Promise((resolve, reject) => {
      this.#asked.push({ key, resolve, reject });
      if (this.#asked.length === 1) setImmediate(() => this.#reserveAsked(db));
    });
  }

  #reserveAsked(db: RootDatabase<string, Buffer>): void {
    const asked = this.#asked;
    this.#asked = [];
    const released = this.#takeReleased();
    const beat = Date.now();
    try {
      const leases = this.#transact(db, () => {
        removeOwn(db, released);
        return asked.map(({ key }) => {
          const slot = toSlot(key);
          const old = toHeld(db.get(slot));
          if (old !== undefined && this.#isAlive(old)) return undefined;
          const held: Held = { key, token: randomUUID(), home: HOME.value, pid: process.pid, beat };
          db.putSync(slot, JSON.stringify(held));
          return held;
        });
      });
      asked.forEach(({ resolve }, nth) => {
        const held = leases[nth];
        if (held === undefined) {
          resolve(undefined);
          return;
        }
        this.#held.set(held.token, held);
        this.#startHeart();
        resolve({ key: held.key, release: () => this.#release(held) });
      });
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  /** Nobody here waits for it to be gone; those elsewhere ask every 100 ms. So many share a transaction. */
  async #release(held: Held): Promise<void> {
    if (!this.#held.delete(held.token)) return;
    if (this.#held.size === 0) this.#stopHeart();
    this.#released.push(held);
    this.#releasing ??= setTimeout(() => this.#removeReleased(), RELEASE_MS);
  }

  #takeReleased(): readonly Held[] {
    if (this.#releasing !== null) clearTimeout(this.#releasing);
    this.#releasing = null;
    const released = this.#released;
    this.#released = [];
    return released;
  }

  #removeReleased(): void {
    const released = this.#takeReleased();
    // Even a removal writes pages. A lease that stays behind ends with its process.
    if (this.#db === null || released.length === 0 || !hasRoomForCommit(this.#path)) return;
    const db = this.#db;
    try {
      this.#transact(db, () => removeOwn(db, released));
    } catch {
      // As above.
    }
  }

  #isAlive({ home, pid, beat }: Held): boolean {
    if (Math.abs(Date.now() - beat) > this.#staleMs) return false;
    return home !== HOME.value || isRunning(pid);
  }

  #startHeart(): void {
    if (this.#heart !== null) return;
    this.#heart = setInterval(() => this.#beat(), Math.max(10, this.#staleMs / 6));
    this.#heart.unref();
  }

  #stopHeart(): void {
    if (this.#heart !== null) clearInterval(this.#heart);
    this.#heart = null;
  }

  #beat(): void {
    const db = this.#db;
    if (db === null) return;
    const beat = Date.now();
    try {
      this.#transact(db, () => {
        for (const held of this.#held.values()) {
          const slot = toSlot(held.key);
          if (toHeld(db.get(slot))?.token === held.token) db.putSync(slot, JSON.stringify({ ...held, beat }));
        }
      });
    } catch {
      // A beat that cannot be written is tried again; at worst another process takes the work over.
    }
  }

  /** Keys of all leases that somebody alive holds. */
  async live(): Promise<string[]> {
    const db = await this.#open();
    const keys: string[] = [];
    for (const { value } of db.getRange({})) {
      const held = toHeld(value);
      if (held !== undefined && this.#isAlive(held)) keys.push(held.key);
    }
    return keys;
  }

  #transact<T>(db: RootDatabase<string, Buffer>, act: () => T): T {
    try {
      demandRoomForCommit(this.#path);
      return db.transactionSync(act);
    } catch (error) {
      throw toStoreFailure(toErrno(error) ?? error, this.#path);
    }
  }

  #open(): Promise<RootDatabase<string, Buffer>> {
    this.#opening ??= this.#openOnce().catch((error: unknown) => {
      this.#opening = null;
      throw toStoreFailure(toErrno(error) ?? error, this.#path);
    });
    return this.#opening;
  }

  async #openOnce(): Promise<RootDatabase<string, Buffer>> {
    this.#prepareRoot();
    const path = join(this.#path, LEASE_TABLE);
    dropUnsound(path);
    makeFolder(path);
    reserveLockFile(join(path, 'lock.mdb'), this.#fs);
    const { open } = await import('lmdb');
    const options = { path, keyEncoding: 'binary', encoding: 'string', noSync: true, overlappingSync: false } as const;
    try {
      this.#db = open<string, Buffer>(options);
    } catch (error) {
      if (toErrno(error) !== null) throw error;
      rmSync(path, { recursive: true, force: true });
      makeFolder(path);
      this.#db = open<string, Buffer>(options);
    }
    return this.#db;
  }

  async close(): Promise<void> {
    this.#stopHeart();
    const db = await this.#opening?.catch(() => null);
    if (db === undefined || db === null) return;
    this.#released.push(...this.#held.values());
    this.#held.clear();
    this.#removeReleased();
    this.#opening = null;
    this.#db = null;
    await db.close();
  }
}

/** How long one given back may still stand in the table. */
const RELEASE_MS = 50;

/** Only what still bears our token: a lease taken over from us is not ours to end. */
function removeOwn(db: RootDatabase<string, Buffer>, all: readonly Held[]): void {
  for (const { key, token } of all) {
    const slot = toSlot(key);
    if (toHeld(db.get(slot))?.token === token) db.removeSync(slot);
  }
}

/** Hashed, because lmdb's keys are short. */
function toSlot(key: string): Buffer {
  return Buffer.from(sha256(key), 'hex');
}

function toHeld(text: string | undefined): Held | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Held;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

const HOME = makeHome();

/** Never synced: after a crash of the machine nobody holds anything, so each boot has a table of its own. */
export const LEASE_TABLE = sha256(HOME.boot).slice(0, 16);

function makeHome(): { readonly value: string; readonly boot: string } {
  const boot = readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), 'unknown-boot');
  const space = readOr(() => readlinkSync('/proc/self/ns/pid'), 'one-space');
  return { value: `${hostname()} ${boot} ${space}`, boot };
}

function readOr(read: () => string, otherwise: string): string {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
