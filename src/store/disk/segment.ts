/**
 * A segment: sorted records (64 bits of the key -> pack, offset) in one file that never changes, with a Bloom filter and the
 * first key of every block in memory. Derived from packs: losing one costs a scan. A record only says where to look; the frame there is checked.
 */

import { closeSync, fdatasyncSync, fstatSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { BlockCache } from './block-cache.ts';
import type { FsCalls } from './fs-calls.ts';
import type { OpenFiles } from './open-files.ts';
import { atPath } from './store-failure.ts';

/** A part of a pack that a segment speaks for. */
export interface PackRange {
  readonly pack: string;
  readonly from: number;
  readonly to: number;
}

/** Places by 64 bits of a key, in no order. */
interface SegmentRecords {
  readonly count: number;
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  /** Index into the names of the segment's packs. */
  readonly pack: Uint16Array;
  readonly offset: Float64Array;
}

type Visit = (high: number, low: number, pack: number, offset: number) => void;

/** Records as a segment holds them: visited once, by rising `high`. */
export interface SortedRecords {
  readonly count: number;
  each(visit: Visit): void;
}

export interface SegmentContent {
  readonly packs: readonly string[];
  readonly ranges: readonly PackRange[];
  readonly records: SortedRecords;
}

const MAGIC = 0x534c5331;
const HEAD_BYTES = 20;
const RECORD_BYTES = 16;
export const SEGMENT_BLOCK = 4096;
const BLOCK_RECORDS = SEGMENT_BLOCK / RECORD_BYTES;
/** Records are read in order and written so many bytes at a time. */
const STRETCH_BYTES = 16 * SEGMENT_BLOCK;
const BLOOM_PROBES = 5;
/** 20 bits of a sort key hold the record's number. */
const SEGMENT_LIMIT = 2 ** 20;

export function makeRecords(count: number): SegmentRecords {
  return {
    count,
    high: new Uint32Array(count),
    low: new Uint32Array(count),
    pack: new Uint16Array(count),
    offset: new Float64Array(count),
  };
}

export function sortRecords(records: SegmentRecords): SortedRecords {
  const { count, high, low, pack, offset } = records;
  const order = new Float64Array(count);
  for (let at = 0; at < count; at++) order[at] = (high[at] ?? 0) * SEGMENT_LIMIT + at;
  order.sort();
  return {
    count,
    each(visit) {
      for (const key of order) {
        const index = key % SEGMENT_LIMIT;
        visit(high[index] ?? 0, low[index] ?? 0, pack[index] ?? 0, offset[index] ?? 0);
      }
    },
  };
}

/** Writes beside, syncs and renames in. Of the records only a stretch is in memory. */
export function writeSegment(path: string, { packs, ranges, records }: SegmentContent, fs: FsCalls): void {
  const { count } = records;
  const names = Buffer.from(JSON.stringify({ packs, ranges }));
  const fencesAt = HEAD_BYTES + names.byteLength;
  const bloomAt = fencesAt + Math.ceil(count / BLOCK_RECORDS) * 4;
  const meta = Buffer.alloc(bloomAt + bloomSize(count));
  const recordsAt = Math.ceil(meta.byteLength / SEGMENT_BLOCK) * SEGMENT_BLOCK;
  const bloom = meta.subarray(bloomAt);
  names.copy(meta, HEAD_BYTES);
  meta.writeUInt32BE(MAGIC, 0);
  meta.writeUInt32BE(count, 8);
  meta.writeUInt32BE(names.byteLength, 12);
  meta.writeUInt32BE(bloom.byteLength, 16);
  const beside = `${path}.tmp`;
  atPath(path, () => {
    const fd = openSync(beside, 'w');
    try {
      const stretch = Buffer.allocUnsafe(STRETCH_BYTES);
      let [nth, fill, writtenTo] = [0, 0, recordsAt];
      const flush = () => {
        fs.write(fd, stretch.subarray(0, fill), writtenTo);
        writtenTo += fill;
        fill = 0;
      };
      records.each((high, low, pack, offset) => {
        if (nth % BLOCK_RECORDS === 0) meta.writeUInt32BE(high, fencesAt + (nth / BLOCK_RECORDS) * 4);
        stretch.writeUInt32BE(high, fill);
        stretch.writeUInt32BE(low, fill + 4);
        stretch.writeUInt16BE(pack, fill + 8);
        stretch.writeUIntBE(offset, fill + 10, 6);
        addToBloom(bloom, high, low);
        nth++;
        fill += RECORD_BYTES;
        if (fill === STRETCH_BYTES) flush();
      });
      if (fill > 0) flush();
      if (nth !== count) throw new Error(`a segment of ${count} records was given ${nth}`);
      meta.writeUInt32BE(crc32(meta.subarray(8)), 4);
      fs.write(fd, meta, 0);
      fdatasyncSync(fd);
    } catch (error) {
      rmSync(beside, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
    renameSync(beside, path);
  });
}

function bloomSize(count: number): number {
  return 2 ** Math.max(3, Math.ceil(Math.log2(Math.max(1, count) * 1.25)));
}

function addToBloom(bloom: Buffer, high: number, low: number): void {
  const mask = bloom.byteLength * 8 - 1;
  const step = high | 1;
  for (let probe = 0, bit = low | 0; probe < BLOOM_PROBES; probe++, bit = (bit + step) | 0) {
    const at = (bit & mask) >>> 3;
    bloom[at] = (bloom[at] ?? 0) | (1 << (bit & 7));
  }
}

export class Segment {
  readonly path: string;
  readonly packs: readonly string[];
  readonly ranges: readonly PackRange[];
  readonly count: number;
  readonly #no: number;
  readonly #fences: Uint32Array;
  readonly #bloom: Buffer;
  readonly #mask: number;
  readonly #recordsAt: number;
  readonly #files: OpenFiles;
  readonly #cache: BlockCache;

  /** @throws where the file is not a whole segment */
  constructor(path: string, no: number, files: OpenFiles, cache: BlockCache) {
    this.path = path;
    this.#no = no;
    this.#files = files;
    this.#cache = cache;
    const fd = openSync(path, 'r');
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      if (readSync(fd, head, 0, HEAD_BYTES, 0) < HEAD_BYTES || head.readUInt32BE(0) !== MAGIC)
        throw new Error('not a segment');
      this.count = head.readUInt32BE(8);
      const nameBytes = head.readUInt32BE(12);
      const bloomBytes = head.readUInt32BE(16);
      if (this.count > SEGMENT_LIMIT || bloomBytes !== bloomSize(this.count) || nameBytes > 64 << 20)
        throw new Error('not a segment');
      const fences = Math.ceil(this.count / BLOCK_RECORDS);
      const meta = Buffer.alloc(nameBytes + fences * 4 + bloomBytes);
      const read = readSync(fd, meta, 0, meta.byteLength, HEAD_BYTES);
      if (read < meta.byteLength || crc32(meta, crc32(head.subarray(8))) !== head.readUInt32BE(4))
        throw new Error('a damaged segment');
      const { packs, ranges } = JSON.parse(meta.toString('utf8', 0, nameBytes)) as Pick<
        SegmentContent,
        'packs' | 'ranges'
      >;
      this.packs = packs;
      this.ranges = ranges;
      this.#fences = new Uint32Array(fences);
      for (let nth = 0; nth < fences; nth++) this.#fences[nth] = meta.readUInt32BE(nameBytes + nth * 4);
      this.#bloom = meta.subarray(nameBytes + fences * 4);
      this.#mask = this.#bloom.byteLength * 8 - 1;
      this.#recordsAt = Math.ceil((HEAD_BYTES + meta.byteLength) / SEGMENT_BLOCK) * SEGMENT_BLOCK;
      if (this.count > 0 && fstatSync(fd).size < this.#recordsAt + this.count * RECORD_BYTES)
        throw new Error('a cut-off segment');
    } finally {
      closeSync(fd);
    }
  }

  mayHold(high: number, low: number): boolean {
    const step = high | 1;
    for (let probe = 0, bit = low | 0; probe < BLOOM_PROBES; probe++, bit = (bit + step) | 0)
      if (((this.#bloom[(bit & this.#mask) >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
    return true;
  }

  /** Calls `visit` with every record of these 64 bits. */
  find(high: number, low: number, visit: (pack: string, offset: number) => void): void {
    for (let nth = this.#firstFrom(high); nth < this.count; nth++) {
      const at = this.#view(nth);
      if (at < 0) return;
      const bytes = this.#cache.bytes;
      const found = bytes.readUInt32BE(at);
      if (found > high) return;
      if (found === high && bytes.readUInt32BE(at + 4) === low)
        visit(this.packs[bytes.readUInt16BE(at + 8)] ?? '', bytes.readUIntBE(at + 10, 6));
    }
  }

  /** The first record whose key is not below `high`: by fence, then by halving within its block. */
  #firstFrom(high: number): number {
    let [low, top] = [0, this.#fences.length];
    while (low < top) {
      const middle = (low + top) >>> 1;
      if ((this.#fences[middle] ?? 0) < high) low = middle + 1;
      else top = middle;
    }
    let from = Math.max(0, low - 1) * BLOCK_RECORDS;
    let to = Math.min(this.count, from + BLOCK_RECORDS);
    while (from < to) {
      const middle = (from + to) >>> 1;
      const at = this.#view(middle);
      if (at < 0) return this.count;
      if (this.#cache.bytes.readUInt32BE(at) < high) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  #view(nth: number): number {
    const offset = this.#recordsAt + nth * RECORD_BYTES;
    return this.#cache.view(this.#no, () => this.#files.fd(this.path), offset, RECORD_BYTES) ? this.#cache.at : -1;
  }

  /** Its records in order, past the cache: they are read once, and what is looked up often should stay. */
  read(): SegmentReader {
    return new SegmentReader(openSync(this.path, 'r'), this.#recordsAt, this.count);
  }
}

/** Where one segment is, as several are read side by side. Has a file descriptor of its own until `close`. */
export class SegmentReader {
  readonly #fd: number;
  readonly #bytes = Buffer.allocUnsafe(STRETCH_BYTES);
  #position: number;
  #left: number;
  #at = 0;
  #valid = 0;
  high = 0;
  low = 0;
  pack = 0;
  offset = 0;

  constructor(fd: number, position: number, count: number) {
    this.#fd = fd;
    this.#position = position;
    this.#left = count;
  }

  /** False behind the last record. */
  next(): boolean {
    if (this.#left === 0) return false;
    if (this.#at === this.#valid) this.#fill();
    if (this.#at === this.#valid) return false;
    const [bytes, at] = [this.#bytes, this.#at];
    this.high = bytes.readUInt32BE(at);
    this.low = bytes.readUInt32BE(at + 4);
    this.pack = bytes.readUInt16BE(at + 8);
    this.offset = bytes.readUIntBE(at + 10, 6);
    this.#at += RECORD_BYTES;
    this.#left--;
    return true;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #fill(): void {
    let valid = 0;
    const wanted = Math.min(STRETCH_BYTES, this.#left * RECORD_BYTES);
    while (valid < wanted) {
      const got = readSync(this.#fd, this.#bytes, valid, wanted - valid, this.#position + valid);
      if (got === 0) break;
      valid += got;
    }
    this.#position += valid;
    this.#at = 0;
    // Of a file that was cut off, whole records only.
    this.#valid = valid - (valid % RECORD_BYTES);
  }
}
