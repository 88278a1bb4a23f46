/** A program that answers JSON lines: many rows in flight, answers matched by key, and no row left waiting when it dies. */

import { once } from 'node:events';
import { execa } from 'execa';
import type { Failure } from '#contract/failure.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import type { LineProcess } from '#contract/services.ts';
import { exitFailure, outputFailure, startFailure, timeoutFailure } from './command-failure.ts';
import { LineSplitter, LineTooLong } from './line-splitter.ts';
import { PIPE_GRACE_MS, type ProcessGroups } from './process-groups.ts';
import { TextTail } from './text-tail.ts';

export interface LineCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: { readonly [name: string]: string };
  /** The longest silence while a row waits for its answer. */
  readonly timeoutMs: number;
  readonly lineLimit: number;
  redact(text: string): string;
}

interface Waiting {
  readonly lines: JsonObject[];
  resolve(lines: readonly JsonObject[]): void;
  reject(failure: Failure): void;
}

/** Lines that end a row's answer. */
const LAST = ['done', 'reject', 'error'] as const;

/** @throws Failure `command-not-found`, `command-not-started` */
export async function openLineProgram(
  command: LineCommand,
  groups: ProcessGroups,
  signal: AbortSignal,
  stopped: () => Failure,
): Promise<LineProcess> {
  const child = spawnProgram(command);
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw startFailure(command.argv, error);
  }
  if (child.pid === undefined) throw startFailure(command.argv, null);
  return new LineProgram(child, child.pid, command, groups, signal, stopped);
}

function spawnProgram({ argv, cwd, env }: LineCommand) {
  const [program = '', ...args] = argv;
  return execa(program, args, {
    cwd,
    env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    encoding: 'buffer',
  });
}

class LineProgram implements LineProcess {
  readonly #child: ReturnType<typeof spawnProgram>;
  readonly #command: LineCommand;
  readonly #waiting = new Map<string, Waiting>();
  /** Rows ended by `reject` or `error`, for which a closing `done` may still come. */
  readonly #rejected = new Set<string>();
  readonly #stderr = new TextTail();
  readonly #ended: Promise<void>;
  readonly #kill: () => void;
  #silence: NodeJS.Timeout | null = null;
  #writable: Promise<unknown> | null = null;
  #failure: Failure | null = null;
  #hasExited = false;
  #lines = 0;

  constructor(
    child: ReturnType<typeof spawnProgram>,
    pid: number,
    command: LineCommand,
    groups: ProcessGroups,
    signal: AbortSignal,
    stopped: () => Failure,
  ) {
    this.#child = child;
    this.#command = command;
    this.#kill = () => groups.end(pid);
    groups.add(pid);
    child.stdin.on('error', () => {});
    child.stderr.on('data', (piece: Buffer) => this.#stderr.add(piece));
    const splitter = new LineSplitter(command.lineLimit);
    child.stdout.on('data', (piece: Buffer) => this.#read(() => splitter.push(piece)));
    child.stdout.on('end', () => this.#read(() => splitter.end()));
    const abort = () => this.#fail(stopped());
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    child.once('exit', () => {
      // Whatever it left running would hold the pipes open, and execa waits for those.
      this.#kill();
      setTimeout(() => this.#closePipes(), PIPE_GRACE_MS).unref();
    });
    this.#ended = child.then(({ exitCode, signal: by }) => {
      signal.removeEventListener('abort', abort);
      this.#hasExited = true;
      const ended = { exitCode: exitCode ?? null, signal: by ?? null };
      const open = this.#waiting.size > 0 ? ` before it had answered ${this.#waiting.size} of its rows` : '';
      if (ended.exitCode !== 0 || open !== '') this.#fail(exitFailure(command.argv, ended, this.#said, open));
    });
  }

  async exchange(key: string, value: Json): Promise<readonly JsonObject[]> {
    while (this.#writable !== null && this.#failure === null) await this.#writable;
    if (this.#failure !== null) throw this.#failure;
    if (this.#hasExited) throw exitFailure(this.#command.argv, { exitCode: 0, signal: null }, this.#said, ' too early');
    if (this.#waiting.has(key)) throw new Error(`row '${key}' is already with the program`);
    return new Promise((resolve, reject) => {
      this.#waiting.set(key, { lines: [], resolve, reject });
      this.#listen();
      if (!this.#child.stdin.write(`${JSON.stringify({ key, value })}\n`)) this.#waitForDrain();
    });
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    const { argv, timeoutMs } = this.#command;
    const timer = setTimeout(
      () => this.#fail(timeoutFailure(argv, timeoutMs, 'did not end after its input', this.#said)),
      timeoutMs,
    );
    await this.#ended;
    clearTimeout(timer);
    if (this.#failure !== null) throw this.#failure;
  }

  get #said(): string {
    return this.#command.redact(this.#stderr.text);
  }

  #waitForDrain(): void {
    this.#writable = Promise.race([once(this.#child.stdin, 'drain').catch(() => {}), this.#ended]).then(() => {
      this.#writable = null;
    });
  }

  /** Restarts the silence timer while anybody waits; it stands still while nobody does. */
  #listen(): void {
    if (this.#waiting.size === 0) {
      if (this.#silence !== null) clearTimeout(this.#silence);
      this.#silence = null;
    } else if (this.#silence !== null) this.#silence.refresh();
    else {
      const { argv, timeoutMs } = this.#command;
      const expire = () => {
        // The likeliest mistake of a first program.
        const isOpen = [...this.#waiting.values()].some(({ lines }) => lines.length > 0);
        const what = isOpen ? 'set fields of a row, but never said `"done": true` for it,' : 'did not answer';
        this.#fail(timeoutFailure(argv, timeoutMs, what, this.#said));
      };
      this.#silence = setTimeout(expire, timeoutMs);
    }
  }

  #read(lines: () => string[]): void {
    if (this.#failure !== null) return;
    try {
      for (const line of lines()) this.#take(line);
    } catch (error) {
      if (!(error instanceof LineTooLong)) throw error;
      this.#refuse(`a line of more than ${this.#command.lineLimit} bytes`, this.#lines + 1);
    }
    if (this.#failure === null) this.#listen();
  }

  #take(text: string): void {
    this.#lines++;
    if (text.trim() === '' || this.#failure !== null) return;
    const line = parseLine(text);
    if (line === null) {
      this.#refuse('not a JSON object with a key', this.#lines);
      return;
    }
    const waiting = this.#waiting.get(line.key);
    if (waiting === undefined) {
      if ('done' in line && this.#rejected.delete(line.key)) return;
      this.#refuse(`an answer to '${line.key.slice(0, 80)}', which is not being asked`, this.#lines);
      return;
    }
    const last = LAST.find((name) => name in line);
    if (last === undefined && !('set' in line)) {
      this.#refuse('neither set, reject, error nor done', this.#lines);
      return;
    }
    waiting.lines.push(line);
    if (last === undefined) return;
    if (last !== 'done') this.#rejected.add(line.key);
    this.#waiting.delete(line.key);
    waiting.resolve(waiting.lines);
  }

  #refuse(problem: string, line: number): void {
    this.#fail(outputFailure(this.#command.argv, problem, line, this.#said));
  }

  /** The first failure ends the program and every row it had not answered. */
  #fail(failure: Failure): void {
    this.#failure ??= failure;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#failure);
    this.#waiting.clear();
    this.#listen();
    this.#kill();
    this.#closePipes();
  }

  #closePipes(): void {
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
    this.#child.stdin.destroy();
  }
}

function parseLine(text: string): (JsonObject & { readonly key: string }) | null {
  try {
    const line: unknown = JSON.parse(text);
    const isLine = typeof line === 'object' && line !== null && 'key' in line && typeof line.key === 'string';
    return isLine ? (line as JsonObject & { readonly key: string }) : null;
  } catch {
    return null;
  }
}
