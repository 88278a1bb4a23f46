/**
 * Parquet is decoded in a process of its own: a damaged file can send the decoder into a loop, or have it allocate without
 * end. A thread would not do, because V8 ends the whole process where one large array does not fit, whatever the thread's
 * own limit (docs/design/dependencies.md).
 */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import type { Order, Word } from './parquet-decoder-main.ts';
import type { ByteRange } from './ranged-bytes.ts';

/** The process is gone: it was `late`, it `died` while decoding (out of memory, nearly always), or it never began. */
export class DecoderLost extends Error {
  readonly reason: 'late' | 'died' | 'unstarted';

  constructor(reason: DecoderLost['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

export type Supply = (ranges: readonly ByteRange[]) => Promise<readonly Uint8Array[]>;

async function supplied(
  supply: Supply | undefined,
  ranges: readonly ByteRange[],
  onTrouble: (error: unknown) => void,
): Promise<readonly Uint8Array[] | null> {
  try {
    return (await supply?.(ranges)) ?? null;
  } catch (error) {
    onTrouble(error);
    return null;
  }
}

interface Waiting {
  resolve(word: Word): void;
  reject(error: unknown): void;
}

/** One is kept for the next file; it costs 100 ms to start. */
let idle: ParquetDecoder | null = null;

/** Serves one reader at a time, one order at a time. */
export class ParquetDecoder {
  readonly #process: ChildProcess;
  readonly #ready: Promise<Word>;
  #waiting: Waiting | null = null;
  /** Also while it waits for bytes. */
  #isAtWork = false;
  #lost: DecoderLost | null = null;

  /** Started where none is free. To be given back by `release`, always. */
  static take(): ParquetDecoder {
    const free = idle;
    idle = null;
    return free !== null && free.#lost === null ? free : new ParquetDecoder();
  }

  /** Starts one for the file that will be read next, so that nobody waits for it. */
  static warm(): void {
    if (idle === null || idle.#lost !== null) idle = new ParquetDecoder();
  }

  private constructor() {
    const main = fileURLToPath(import.meta.resolve('#services/datasets/parquet-decoder-main.ts'));
    const megabytes = Math.floor(getHeapStatistics().heap_size_limit / 2 ** 20);
    this.#process = fork(main, [], {
      serialization: 'advanced',
      // V8 reports at length when memory runs out; that is told in our own words.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { PATH: process.env['PATH'] },
      execArgv: [...process.execArgv, `--max-old-space-size=${megabytes}`],
      detached: true,
    });
    this.#process.on('message', (word: Word) => this.#settle((waiting) => waiting.resolve(word)));
    this.#process.on('error', (error) => this.#lose(new DecoderLost('unstarted', error.message)));
    this.#process.on('exit', (code, signal) => {
      this.#lose(
        signal === 'SIGALRM'
          ? new DecoderLost('late', 'decoding it does not come to an end')
          : new DecoderLost('died', `decoding it ended with ${signal ?? `code ${code}`}, as when memory runs out`),
      );
    });
    this.#ready = this.#next().catch((error: unknown) => {
      throw error instanceof DecoderLost
        ? new DecoderLost('unstarted', `the decoder cannot be started (${error.message})`)
        : error;
    });
    this.#ready.catch(() => {});
  }

  /**
   * @param supply gets the bytes that the decoder asks for on the way
   * @throws DecoderLost, what `supply` throws, or the reason of `signal`, which ends the process
   */
  async ask(order: Order, signal?: AbortSignal, supply?: Supply): Promise<Word> {
    const onAbort = () => this.#end();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await this.#ready;
      signal?.throwIfAborted();
      this.#isAtWork = true;
      let answer = this.#next();
      this.#process.send(order);
      let trouble: unknown = null;
      for (;;) {
        const word = await answer;
        if (word.type !== 'needs') {
          this.#isAtWork = false;
          if (trouble !== null) throw trouble;
          return word;
        }
        const parts = await supplied(supply, word.ranges, (error) => {
          trouble = error;
        });
        signal?.throwIfAborted();
        answer = this.#next();
        this.#process.send({ type: 'bytes', parts, ms: order.ms } satisfies Order);
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ended where it is still at work. @param isSpent it may hold much memory */
  release(isSpent: boolean): void {
    if (isSpent || idle !== null || this.#lost !== null || this.#isAtWork) this.#end();
    else idle = this;
  }

  #end(): void {
    this.#process.kill('SIGKILL');
  }

  #next(): Promise<Word> {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    // Both: the channel closes before the end of the process is known.
    this.#process.ref();
    this.#process.channel?.ref();
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #lose(lost: DecoderLost): void {
    this.#lost ??= lost;
    this.#settle((waiting) => waiting.reject(lost));
  }

  #settle(how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#process.unref();
    this.#process.channel?.unref();
    if (waiting !== null) how(waiting);
  }
}
