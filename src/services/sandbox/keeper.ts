/**
 * The small Python process that warm units are forked from. It is started while this process is small, so a unit costs the same
 * however large the run has grown, and it ends with this process, however that ends.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { Failure } from '#contract/failure.ts';
import type { Interpreter, User } from './find-python.ts';
import { pythonFolder } from './python-sources.ts';

const KEPT_WORDS = 4000;
/** Abstract names leave no file behind. Node 20 pads them to the size of `sun_path` and Node 24 does not: of this length they are one. */
const ADDRESS_LENGTH = 107;

export class Keeper {
  readonly #python: Interpreter;
  readonly #hashSeed: number;
  readonly #user: User | null;
  #process: ChildProcess | null = null;
  #address: Promise<string> | null = null;

  constructor(python: Interpreter, hashSeed: number, user: User | null = null) {
    this.#python = python;
    this.#hashSeed = hashSeed;
    this.#user = user;
  }

  /** Starts it if it is not there (any more). @throws Failure `sandbox-died` */
  open(): Promise<string> {
    this.#address ??= this.#start().catch((error: unknown) => {
      this.#address = null;
      throw error;
    });
    return this.#address;
  }

  /**
   * A connection that a unit or a program's guard will be forked for. A keeper that was killed is started anew, once.
   * @throws Failure `sandbox-died`
   */
  async connect(): Promise<Socket> {
    const address = await this.open();
    try {
      return await connectTo(address);
    } catch {
      if ((await this.#address) === address) this.close();
      return connectTo(await this.open());
    }
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  close(): void {
    this.#process?.stdin?.destroy();
    this.#process = null;
    this.#address = null;
  }

  #start(): Promise<string> {
    const address = `sluice-${randomUUID()}`.padEnd(ADDRESS_LENGTH, '.');
    const { path, hasSafePath } = this.#python;
    // Not -I, which ignores PYTHONHASHSEED.
    const flags = ['-s', '-S', ...(hasSafePath ? ['-P'] : []), '-B'];
    const child = spawn(path, [...flags, join(pythonFolder(), 'keeper.py'), address], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A scrubbed environment: what is in it is all that a candidate can read.
      env: {
        PATH: '/usr/bin:/bin',
        HOME: '/tmp',
        TMPDIR: '/tmp',
        LANG: 'C.UTF-8',
        TZ: 'UTC',
        PYTHONHASHSEED: String(this.#hashSeed),
        // What is bound late is bound again in every fork, which costs a copy of a page each time.
        LD_BIND_NOW: '1',
      },
      cwd: '/',
      ...(this.#user ?? {}),
      // Ctrl-C goes to the whole group of the terminal; when a run ends is for the run to say.
      detached: true,
    });
    this.#process = child;
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      words = (words + piece).slice(-KEPT_WORDS);
    });
    child.stdin.on('error', () => {});
    return new Promise((resolve, reject) => {
      const fail = (reason: string) => reject(died(`the sandbox cannot be started with ${path}: ${reason}`));
      child.once('error', (error) => fail(error.message));
      child.once('exit', (code, signal) => {
        if (this.#process === child) this.close();
        fail(words.trim().split('\n').at(-1) || `it ended with ${code ?? signal}`);
      });
      let line = '';
      child.stdout.setEncoding('utf8').on('data', (piece: string) => {
        line += piece;
        if (!line.includes('\n')) return;
        // From here on it may be forgotten: it ends when this process does.
        child.unref();
        for (const stream of [child.stdin, child.stdout, child.stderr])
          (stream as unknown as { unref(): void }).unref();
        resolve(address);
      });
    });
  }
}

function connectTo(address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: `\0${address}` });
    const refuse = (error: Error) => reject(died(`no connection to the sandbox: ${error.message}`));
    socket.once('error', refuse);
    socket.once('connect', () => resolve(socket.off('error', refuse)));
  });
}

export function died(message: string): Failure {
  return new Failure('sandbox-died', message, {
    scope: 'infrastructure',
    hint: '`sluice doctor` tries every backend and says what is missing',
  });
}
