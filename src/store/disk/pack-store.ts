/** Packs, their writers and their indexes: what was appended is readable at once, and durable by itself within moments. */

import { FRAME } from './frame.ts';
import type { FsCalls } from './fs-calls.ts';
import { KeyIndex, SEGMENT_RECORDS } from './key-index.ts';
import { makeFolder } from './make-folder.ts';
import { PackWriter } from './pack-writer.ts';
import { Packs } from './packs.ts';
import { atPath } from './store-failure.ts';

interface PackStoreOptions {
  readonly writer: string;
  readonly sealBytes: number;
  /** Appended bytes are synced at the latest after so many of them, or so long. */
  readonly syncBytes: number;
  readonly syncMs: number;
  readonly fs: FsCalls;
  /** Makes root and format file where the store is written for the first time. */
  readonly prepareRoot: () => void;
}

const REFRESH_MS = 1000;

export class PackStore {
  readonly packs: Packs;
  readonly blobs: { readonly writer: PackWriter; readonly index: KeyIndex };
  readonly entries: { readonly writer: PackWriter; readonly index: KeyIndex };
  readonly #options: PackStoreOptions;
  #isLoaded = false;
  #refreshedAt = 0;
  #timer: NodeJS.Timeout | null = null;
  #syncing: Promise<void> = Promise.resolve();
  #isSyncing = false;
  #failure: unknown = null;

  constructor(root: string, options: PackStoreOptions) {
    this.#options = options;
    this.packs = new Packs(root);
    const { writer, sealBytes, fs } = options;
    const prepare = () => {
      options.prepareRoot();
      atPath(this.packs.dir, () => makeFolder(this.packs.dir));
    };
    const bodies = new PackWriter(this.packs, 'blobs', { writer, sealBytes, fs, prepare });
    this.blobs = {
      writer: bodies,
      index: new KeyIndex(root, 'blobs', [FRAME.blob, FRAME.list], this.packs, writer, fs),
    };
    this.entries = {
      // Nobody may see an entry before the bodies that it names.
      writer: new PackWriter(this.packs, 'entries', { writer, sealBytes, fs, prepare, first: () => bodies.flush() }),
      index: new KeyIndex(root, 'entries', [FRAME.action, FRAME.actionAgain], this.packs, writer, fs),
    };
  }

  /** Looks at what is on disk, the first time that something is asked. */
  load(): void {
    if (this.#isLoaded) return;
    this.refresh();
    this.#isLoaded = true;
  }

  refresh(): void {
    this.blobs.index.refresh();
    this.entries.index.refresh();
    this.#refreshedAt = performance.now();
  }

  /** @returns whether it looked: misses are common, and what others write is rarely wanted at once */
  refreshNowAndThen(): boolean {
    if (performance.now() - this.#refreshedAt < REFRESH_MS) return false;
    this.refresh();
    return true;
  }

  /** To be awaited after appending: starts a sync when one is due, and waits when the disk does not keep up. */
  breathe(): Promise<void> | undefined {
    this.#throwLate();
    const unsynced = this.blobs.writer.unsynced + this.entries.writer.unsynced;
    const records = Math.max(this.blobs.index.pendingRecords, this.entries.index.pendingRecords);
    if (unsynced >= this.#options.syncBytes || records >= SEGMENT_RECORDS) {
      if (this.#isSyncing) {
        if (unsynced >= this.#options.syncBytes * 4 || records >= SEGMENT_RECORDS * 2)
          return this.#syncing.then(() => this.#throwLate());
      } else this.#start();
    }
    if (unsynced > 0 && this.#timer === null) {
      this.#timer = setTimeout(() => {
        this.#timer = null;
        if (!this.#isSyncing) this.#start();
      }, this.#options.syncMs);
      this.#timer.unref();
    }
    return undefined;
  }

  /** A sync that nobody waits for; what it meets is thrown to the next who writes. */
  #start(): void {
    this.#syncOnce(false).catch((error: unknown) => {
      this.#failure ??= error;
    });
  }

  #throwLate(): void {
    if (this.#failure === null) return;
    const failure = this.#failure;
    this.#failure = null;
    throw failure;
  }

  async sync(): Promise<void> {
    await this.#syncOnce(false);
    this.#throwLate();
  }

  #syncOnce(isLast: boolean): Promise<void> {
    const done = this.#syncing.then(() => this.#settle(isLast));
    this.#isSyncing = true;
    this.#syncing = done
      .catch(() => {})
      .then(() => {
        this.#isSyncing = false;
      });
    return done;
  }

  async #settle(isLast: boolean): Promise<void> {
    const families = [this.blobs, this.entries];
    for (const { writer } of families) writer.flush();
    const due = families.filter(({ index }) => isLast || index.pendingRecords >= SEGMENT_RECORDS);
    for (const { index } of due) index.cut();
    await Promise.all(families.map(({ writer }) => writer.sync()));
    for (const { index } of due) index.write();
  }

  /** @throws Failure where what was put could not be made durable; everything is released all the same */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    try {
      await this.#syncOnce(true);
    } finally {
      // Entries first: they look whether the bodies could be written.
      for (const { writer, index } of [this.entries, this.blobs]) {
        await writer.close().catch(() => {});
        index.close();
      }
      this.packs.close();
    }
  }
}
