/** One program run to its end: fed, listened to, and held to its limits. */

import type { Writable } from 'node:stream';
import type { Failure } from '#contract/failure.ts';
import { exitFailure, outputFailure, timeoutFailure } from './command-failure.ts';
import type { Listener, OwnedStart, Program } from './program.ts';
import { TextTail } from './text-tail.ts';

export interface Command {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: { readonly [name: string]: string };
  readonly folders: readonly string[];
  readonly dropsOutput: boolean;
  readonly stdin: AsyncIterable<string> | string | undefined;
  readonly timeoutMs: number;
  readonly outputLimit: number;
  redact(text: string): string;
}

/** @throws Failure `command-*`, `stopped`, or what the source of the input threw */
export async function runCommand(
  command: Command,
  start: (start: OwnedStart, to: Listener) => Program,
  signal: AbortSignal,
  stopped: () => Failure,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const { argv, stdin, timeoutMs, outputLimit, redact } = command;
  const stderr = new TextTail();
  const said = () => redact(stderr.text);
  const pieces: Buffer[] = [];
  let bytes = 0;
  let interruption: (() => unknown) | null = null;
  const program = start(command, {
    out(piece) {
      bytes += piece.length;
      if (bytes <= outputLimit) pieces.push(piece);
      else interrupt(() => outputFailure(argv, `it wrote more than ${outputLimit} bytes`, null, said()));
    },
    err: (piece) => stderr.add(piece),
  });
  function interrupt(why: () => unknown): void {
    interruption ??= why;
    program.end();
  }
  const abort = () => interrupt(stopped);
  signal.addEventListener('abort', abort, { once: true });
  const timer = setTimeout(() => interrupt(() => timeoutFailure(argv, timeoutMs, 'did not end', said())), timeoutMs);
  try {
    if (program.stdin !== null && stdin !== undefined)
      feed(program.stdin, stdin).catch((error) => interrupt(() => error));
    const ended = await program.ended;
    if (interruption !== null) throw (interruption as () => unknown)();
    if (ended.exitCode !== 0) throw exitFailure(argv, ended, said());
    return { stdout: Buffer.concat(pieces).toString('utf8'), stderr: said() };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** Writes the input at the program's pace; one that does not read all of it is no trouble. */
async function feed(stdin: Writable, input: AsyncIterable<string> | string): Promise<void> {
  if (typeof input === 'string') {
    stdin.end(input);
    return;
  }
  for await (const piece of input) {
    if (!stdin.writable) return;
    if (!stdin.write(piece)) await untilWritable(stdin);
  }
  stdin.end();
}

function untilWritable(stdin: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stdin.destroyed) return resolve();
    const end = () => {
      stdin.off('drain', end);
      stdin.off('close', end);
      resolve();
    };
    stdin.on('drain', end);
    stdin.on('close', end);
  });
}
