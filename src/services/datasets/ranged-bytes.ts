/**
 * A file elsewhere, as its decoder sees it: ranges are asked of the parent process, many at once, and held until they are
 * let go of. What is asked for within one turn of the event loop is one question.
 */

import type { FileBytes } from './check-parquet.ts';

export type ByteRange = readonly [start: number, end: number];

/** A file elsewhere, as its parent sees it. */
export interface RangeSource {
  readonly bytes: number;
  /** Equal only where the bytes are. */
  readonly key: string;
  /** @throws Failure `remote-*`, `dataset-*` */
  read(ranges: readonly ByteRange[], signal: AbortSignal): Promise<readonly Uint8Array[]>;
}

interface Wanted {
  readonly range: ByteRange;
  resolve(bytes: Uint8Array): void;
  reject(error: unknown): void;
}

interface Held {
  readonly start: number;
  readonly bytes: Uint8Array;
}

export class RangedBytes implements FileBytes {
  readonly byteLength: number;
  readonly #ask: (ranges: readonly ByteRange[]) => Promise<readonly Uint8Array[]>;
  #wanted: Wanted[] = [];
  #held: Held[] = [];

  constructor(byteLength: number, ask: (ranges: readonly ByteRange[]) => Promise<readonly Uint8Array[]>) {
    this.byteLength = byteLength;
    this.#ask = ask;
  }

  /** Gets what is not yet held, and holds it. Asked for piece by piece, as another draw would ask for the same pieces. */
  async prefetch(ranges: readonly ByteRange[]): Promise<void> {
    const wanted = new Map(ranges.map((range) => [`${range[0]} ${range[1]}`, range]));
    const missing = [...wanted.values()]
      .filter(([start, end]) => end > start && this.#find(start, end) === null)
      .sort(([a], [b]) => a - b);
    const bytes = await Promise.all(missing.map((range) => this.#get(range)));
    this.#held.push(...joined(missing.map(([start], nth) => ({ start, bytes: bytes[nth] as Uint8Array }))));
  }

  /** Lets go of everything held but the end of the file, where its indexes usually lie. */
  forget(): void {
    this.#held = this.#held.filter(({ start, bytes }) => start + bytes.length === this.byteLength);
  }

  slice(start: number, end = this.byteLength): Promise<ArrayBuffer> {
    const from = Math.min(Math.max(start < 0 ? this.byteLength + start : start, 0), this.byteLength);
    const to = Math.max(from, Math.min(end, this.byteLength));
    const slice = this.#slice(from, to);
    // The decoder asks for many ranges at once and forgets the others when one fails.
    slice.catch(() => undefined);
    return slice;
  }

  async #slice(start: number, end: number): Promise<ArrayBuffer> {
    if (start === end) return new ArrayBuffer(0);
    const held = this.#find(start, end) ?? (await this.#get([start, end]));
    if (end === this.byteLength && this.#find(start, end) === null) this.#held.push({ start, bytes: held });
    const copy = new Uint8Array(held.length);
    copy.set(held);
    return copy.buffer;
  }

  #find(start: number, end: number): Uint8Array | null {
    for (const held of this.#held)
      if (held.start <= start && end <= held.start + held.bytes.length)
        return held.bytes.subarray(start - held.start, end - held.start);
    return null;
  }

  #get(range: ByteRange): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#wanted.push({ range, resolve, reject });
      if (this.#wanted.length === 1) setImmediate(() => void this.#flush());
    });
  }

  async #flush(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = [];
    try {
      const parts = await this.#ask(wanted.map(({ range }) => range));
      for (const [nth, { resolve }] of wanted.entries()) resolve(parts[nth] as Uint8Array);
    } catch (error) {
      for (const { reject } of wanted) reject(error);
    }
  }
}

/** Pieces that touch, as one. @param pieces sorted */
function joined(pieces: readonly Held[]): Held[] {
  const runs: Held[][] = [];
  let end = -1;
  for (const piece of pieces) {
    if (piece.start === end) runs.at(-1)?.push(piece);
    else runs.push([piece]);
    end = piece.start + piece.bytes.length;
  }
  return runs.map((run) => {
    const start = run[0]?.start ?? 0;
    return { start, bytes: run.length === 1 ? (run[0] as Held).bytes : Buffer.concat(run.map(({ bytes }) => bytes)) };
  });
}

/** Sorted, with those that touch or overlap made one. */
export function merge(ranges: readonly ByteRange[]): ByteRange[] {
  const merged: [number, number][] = [];
  for (const [start, end] of [...ranges].sort(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}
