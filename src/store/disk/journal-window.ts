/** Frames of journals read through a window: answers that are asked for in one turn of the loop mostly lie side by side. */

import { readSync, statSync } from 'node:fs';
import { HEAD_BYTES, isFrameAt, payloadLength } from './frame.ts';
import type { OpenFiles } from './open-files.ts';

const WINDOW_BYTES = 64 << 10;
/** Answers come in nearly the order of their rows: so much of what is before is read, too. */
const BEFORE_BYTES = 16 << 10;

export class JournalWindow {
  #bytes: Buffer | null = null;
  #path = '';
  #from = 0;
  #to = 0;

  /** What is read after this is read from disk. */
  forget(): void {
    this.#path = '';
  }

  /**
   * A whole frame, valid until the next call; undefined where there is none. Its checksum is still to be looked at.
   * @throws the error of the file system
   */
  frame(path: string, offset: number, files: OpenFiles): Buffer | undefined {
    const held = path === this.#path ? this.#held(offset) : undefined;
    if (held !== undefined) return held;
    this.#bytes ??= Buffer.alloc(WINDOW_BYTES);
    const fd = files.fd(path);
    this.forget();
    this.#from = Math.max(0, offset - BEFORE_BYTES);
    this.#to = this.#from + readSync(fd, this.#bytes, 0, WINDOW_BYTES, this.#from);
    this.#path = path;
    const found = this.#held(offset);
    if (found !== undefined) return found;
    const at = offset - this.#from;
    if (offset + HEAD_BYTES > this.#to || !isFrameAt(this.#bytes, at)) return undefined;
    const whole = HEAD_BYTES + payloadLength(this.#bytes, at);
    // A damaged length must not ask for gigabytes.
    if (offset + whole > statSync(path).size) return undefined;
    const large = Buffer.alloc(whole);
    readSync(fd, large, 0, whole, offset);
    return large;
  }

  #held(offset: number): Buffer | undefined {
    const at = offset - this.#from;
    if (this.#bytes === null || at < 0 || offset + HEAD_BYTES > this.#to || !isFrameAt(this.#bytes, at))
      return undefined;
    const end = at + HEAD_BYTES + payloadLength(this.#bytes, at);
    return this.#from + end > this.#to ? undefined : this.#bytes.subarray(at, end);
  }
}
