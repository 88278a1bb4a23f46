/** Guesses where the next frame lies: what was written in a row is mostly read in that row, and then no index is needed. */

import { frameKeyHead, HEAD_BYTES, isSuperseded, payloadLength } from './frame.ts';
import { type Packs, toPlace } from './packs.ts';

/** Streams that are read side by side, and frames looked at ahead in each. */
const STREAMS = 4;
const AHEAD = 6;
/** Wrong guesses in a row after which nothing is guessed until a frame is found by the index again. */
const PATIENCE = 64;

export class ReadCursor {
  readonly #packs: Packs;
  /** Places behind the frames that were read last, the newest stream first. */
  readonly #streams: number[] = [];
  #misses = 0;

  constructor(packs: Packs) {
    this.#packs = packs;
  }

  /** The place of a frame ahead whose key begins like this one, or -1. The frame is still to be checked. */
  guess(digest: string): number {
    if (this.#streams.length === 0) return -1;
    const head = Number.parseInt(digest.slice(0, 8), 16);
    for (let nth = 0; nth < this.#streams.length; nth++) {
      const place = this.#streams[nth] ?? -1;
      const pack = this.#packs.packOf(place);
      if (pack === undefined) continue;
      let offset = this.#packs.offsetOf(place);
      for (let step = 0; step < AHEAD; step++) {
        if (!this.#packs.head(pack, offset)) break;
        const { bytes, at } = this.#packs;
        if (frameKeyHead(bytes, at) === head && !isSuperseded(bytes, at)) {
          if (nth > 0) this.#streams.splice(nth, 1);
          else this.#streams.shift();
          return toPlace(pack, offset);
        }
        offset += HEAD_BYTES + payloadLength(bytes, at);
      }
    }
    if (++this.#misses > PATIENCE) this.#streams.length = 0;
    return -1;
  }

  /** A frame of so many bytes was read at `place`. */
  passed(place: number, bytes: number): void {
    this.#misses = 0;
    this.#streams.unshift(place + bytes);
    if (this.#streams.length > STREAMS) this.#streams.pop();
  }
}
