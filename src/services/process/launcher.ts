/**
 * Starts programs from a small process of its own. Starting one copies the page tables of the process it is started from,
 * which holds up everything else there: 1 ms at 50 MB, 11 ms at 250 MB, and a run with a thousand commands starts a thousand.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Failure } from '#contract/failure.ts';
import { type Ended, folderFailure, lostFailure, startFailure } from './command-failure.ts';
import type { Chores, Order, Word } from './launcher-main.ts';
import type { Listener, OwnedStart, Program } from './program.ts';
import { endStrays } from './strays.ts';

interface Waiting {
  readonly start: OwnedStart;
  readonly to: Listener;
  resolve(ended: Ended): void;
  reject(error: unknown): void;
}

export class Launcher {
  readonly #waiting = new Map<number, Waiting>();
  readonly #process: ChildProcess;
  #nextId = 0;
  #isReady = false;
  #isLost = false;

  /** Takes 60 ms of another core; the first programs need not wait for it. @param root holds the folders of all programs */
  constructor(root: string) {
    const main = fileURLToPath(import.meta.resolve('#services/process/launcher-main.ts'));
    this.#process = fork(main, [root], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'] },
      // Ctrl-C goes to the whole group of the terminal; when programs end is for the run to say.
      detached: true,
    });
    this.#process.unref();
    this.#process.channel?.unref();
    this.#process.on('message', (word: Word) => this.#hear(word));
    this.#process.on('error', () => this.#lose());
    // Comes after its last word, which 'exit' may not.
    this.#process.on('disconnect', () => this.#lose());
  }

  /** Whether a program would be started at once. */
  get isReady(): boolean {
    return this.#isReady && !this.#isLost;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Programs that it has under way. */
  get load(): number {
    return this.#waiting.size;
  }

  /** Programs without input only: output may cross twice, input should not. */
  start(start: OwnedStart, to: Listener, chores: Chores = NO_CHORES): Program {
    const id = this.#nextId++;
    const ended = new Promise<Ended>((resolve, reject) => this.#waiting.set(id, { start, to, resolve, reject }));
    const { argv, cwd, env, dropsOutput } = start;
    this.#process.channel?.ref();
    this.#tell({ type: 'start', id, argv, cwd, env, dropsOutput, ...chores });
    return { stdin: null, ended, end: () => this.#tell({ type: 'end', id }) };
  }

  /** What it started ends with it. @param why told to those that wait */
  async close(why: () => Failure): Promise<void> {
    const gone = this.#waiting.size > 0 && this.#process.exitCode === null ? once(this.#process, 'exit') : null;
    for (const { reject } of this.#waiting.values()) reject(why());
    this.#waiting.clear();
    this.#tell({ type: 'close' });
    this.#isLost = true;
    if (gone !== null) {
      this.#process.ref();
      await gone;
    }
  }

  #tell(order: Order): void {
    if (this.#isLost) return;
    // Told also by 'disconnect' where it does not arrive.
    if (this.#process.connected) this.#process.send(order, () => undefined);
    else this.#lose();
  }

  #hear(word: Word): void {
    if (word.type === 'ready') {
      this.#isReady = true;
      return;
    }
    const waiting = this.#waiting.get(word.id);
    if (waiting === undefined) return;
    if ('piece' in word) {
      waiting.to[word.type](Buffer.from(word.piece));
      return;
    }
    this.#waiting.delete(word.id);
    if (this.#waiting.size === 0) this.#process.channel?.unref();
    if (word.type === 'refused') {
      const fail = word.what === 'program' ? startFailure : folderFailure;
      waiting.reject(fail(waiting.start.argv, withCode(word.code)));
    } else waiting.resolve({ exitCode: word.exitCode, signal: word.signal });
  }

  /** The process is gone. What it had started is not, and nobody would hear of it any more: it is ended. */
  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    endStrays(all.flatMap(({ start }) => start.folders));
    for (const { start, reject } of all) reject(lostFailure(start.argv));
  }
}

const NO_CHORES: Chores = { makes: [], removes: [] };

function withCode(code: string): Error {
  return Object.assign(new Error(code), { code });
}
