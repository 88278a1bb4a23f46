/** Appends frames to packs of which this process is the only writer; a full pack is left and a new one begun. */

import { closeSync, fstatSync, openSync } from 'node:fs';
import { type FrameType, HEAD_BYTES, writeHead } from './frame.ts';
import type { FsCalls } from './fs-calls.ts';
import { type Pack, type PackFamily, type Packs, packSuffix, toPlace } from './packs.ts';
import { atPath, toStoreFailure } from './store-failure.ts';

const BUFFER_BYTES = 1 << 20;

interface OpenPack {
  readonly pack: Pack;
  readonly fd: number;
}

export class PackWriter {
  readonly #packs: Packs;
  readonly #family: PackFamily;
  readonly #writer: string;
  readonly #sealBytes: number;
  readonly #fs: FsCalls;
  /** Makes the folders of a store that is written for the first time. */
  readonly #prepare: () => void;
  readonly #first: () => void;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #fill = 0;
  #open: OpenPack | null = null;
  #nth = 0;
  /** Packs written to since the last sync, the open one included. */
  #dirty = new Set<OpenPack>();
  #syncing: Promise<void> = Promise.resolve();
  /** Bytes appended since the last sync began. */
  unsynced = 0;

  constructor(
    packs: Packs,
    family: PackFamily,
    options: {
      writer: string;
      sealBytes: number;
      fs: FsCalls;
      prepare: () => void;
      /** Called before anything goes to the system; what it throws keeps everything here. */
      first?: () => void;
    },
  ) {
    this.#packs = packs;
    this.#family = family;
    this.#writer = options.writer;
    this.#sealBytes = options.sealBytes;
    this.#fs = options.fs;
    this.#prepare = options.prepare;
    this.#first = options.first ?? (() => {});
  }

  /** @returns the frame's place; readable at once, durable after `sync` */
  append(type: FrameType, key: string, payload: Uint8Array, time: number): number {
    const bytes = HEAD_BYTES + payload.byteLength;
    const { pack } = this.#room(bytes);
    const offset = pack.size + this.#fill;
    if (bytes > BUFFER_BYTES) return this.#appendLarge(type, key, payload, time);
    writeHead(this.#buffer, this.#fill, type, key, time, payload);
    this.#buffer.set(payload, this.#fill + HEAD_BYTES);
    this.#fill += bytes;
    this.unsynced += bytes;
    return toPlace(pack, offset);
  }

  #appendLarge(type: FrameType, key: string, payload: Uint8Array, time: number): number {
    this.flush();
    this.#first();
    const open = this.#current();
    const head = Buffer.alloc(HEAD_BYTES);
    writeHead(head, 0, type, key, time, payload);
    const offset = open.pack.size;
    atPath(open.pack.path, () => {
      this.#fs.write(open.fd, head, offset);
      this.#fs.write(open.fd, payload, offset + HEAD_BYTES);
    });
    this.#grow(open, HEAD_BYTES + payload.byteLength);
    this.unsynced += HEAD_BYTES + payload.byteLength;
    return toPlace(open.pack, offset);
  }

  /** The open pack, with room for so many bytes in the buffer. */
  #room(bytes: number): OpenPack {
    if (this.#fill + bytes > BUFFER_BYTES) this.flush();
    const open = this.#open;
    if (open !== null && open.pack.size + this.#fill + bytes > this.#sealBytes && open.pack.size + this.#fill > 0) {
      this.flush();
      this.#leave(open);
    }
    return this.#current();
  }

  #current(): OpenPack {
    if (this.#open !== null) return this.#open;
    this.#prepare();
    const pack = this.#packs.add(`${this.#writer}-${this.#nth++}${packSuffix(this.#family)}`, this.#family);
    const fd = atPath(pack.path, () => openSync(pack.path, 'wx'));
    this.#open = { pack, fd };
    this.#setTail(pack);
    return this.#open;
  }

  #setTail(pack: Pack): void {
    pack.tail = {
      from: pack.size,
      view: (offset, length) => {
        const at = offset - pack.size;
        return at < 0 || at + length > this.#fill ? null : { bytes: this.#buffer, at };
      },
    };
  }

  /** The pack is full: the next frame begins another. */
  #leave(open: OpenPack): void {
    open.pack.tail = null;
    this.#open = null;
    if (!this.#dirty.has(open)) closeSync(open.fd);
  }

  #grow(open: OpenPack, bytes: number): void {
    open.pack.size += bytes;
    this.#dirty.add(open);
    this.#setTail(open.pack);
  }

  /** Hands the buffer to the system, so that other processes see it. After a failure it is kept and tried again. */
  flush(): void {
    if (this.#fill === 0 || this.#open === null) return;
    this.#first();
    const open = this.#open;
    atPath(open.pack.path, () => this.#fs.write(open.fd, this.#buffer.subarray(0, this.#fill), open.pack.size));
    const bytes = this.#fill;
    this.#fill = 0;
    this.#grow(open, bytes);
  }

  /** Everything appended before is on disk after. */
  sync(): Promise<void> {
    const done = this.#syncing.then(() => this.#syncOnce());
    this.#syncing = done.catch(() => {});
    return done;
  }

  async #syncOnce(): Promise<void> {
    this.flush();
    const dirty = this.#dirty;
    this.#dirty = new Set();
    this.unsynced = 0;
    for (const open of dirty) {
      try {
        await this.#fs.sync(open.fd);
      } catch (error) {
        for (const left of dirty) this.#dirty.add(left);
        throw toStoreFailure(error, open.pack.path);
      }
      if (this.#open !== open) {
        if (!this.#dirty.has(open)) closeSync(open.fd);
      } else if (fstatSync(open.fd).nlink === 0) {
        // Somebody removed the file: what comes next must not go into the void.
        this.flush();
        this.#leave(open);
      }
    }
  }

  async close(): Promise<void> {
    try {
      await this.sync();
    } finally {
      if (this.#open !== null) {
        const { fd, pack } = this.#open;
        this.#open = null;
        pack.tail = null;
        closeSync(fd);
      }
    }
  }
}
