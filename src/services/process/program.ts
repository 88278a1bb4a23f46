/** A program under way, wherever it was started from. */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { type Ended, startFailure } from './command-failure.ts';
import { PIPE_GRACE_MS, type ProcessGroups } from './process-groups.ts';

export interface ProgramStart {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: { readonly [name: string]: string };
  /** What it writes to standard output is nobody's: it need not be carried. */
  readonly dropsOutput: boolean;
}

/** With the folders that it has to itself; all that it starts is known by them. */
export interface OwnedStart extends ProgramStart {
  readonly folders: readonly string[];
}

export interface Program {
  /** Null where it is given no input. */
  readonly stdin: Writable | null;
  /** Ends it at once, with everything that it started. */
  end(): void;
  /** Resolves when it is gone and its pipes are closed; @throws Failure `command-not-found`, `command-not-started` */
  readonly ended: Promise<Ended>;
}

/** Told of what it writes, piece by piece. */
export interface Listener {
  out(piece: Buffer): void;
  err(piece: Buffer): void;
}

/** Starts it from this process, which takes the longer the more memory this process has (4 ms for every 100 MB). */
export function startHere(start: ProgramStart, hasInput: boolean, groups: ProcessGroups, to: Listener): Program {
  const child = spawnChild(start, hasInput);
  const { pid } = child;
  if (pid !== undefined) groups.add(pid);
  const end = () => {
    if (pid !== undefined) groups.end(pid);
  };
  child.stdout?.on('data', to.out);
  child.stderr?.on('data', to.err);
  child.stdin?.on('error', () => {});
  return {
    stdin: child.stdin,
    end() {
      end();
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
    ended: untilEnd(child, start.argv, end).finally(end),
  };
}

function spawnChild({ argv, cwd, env, dropsOutput }: ProgramStart, hasInput: boolean): ChildProcess {
  const [program = '', ...args] = argv;
  try {
    const stdio = [hasInput ? 'pipe' : 'ignore', dropsOutput ? 'ignore' : 'pipe', 'pipe'] as const;
    return spawn(program, args, { cwd, env, detached: true, stdio: [...stdio] });
  } catch (error) {
    throw startFailure(argv, error);
  }
}

function untilEnd(child: ChildProcess, argv: readonly string[], onExit: () => void): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(startFailure(argv, error)));
    child.once('exit', (exitCode, signal) => {
      // What it left running in the background would hold the pipes open.
      onExit();
      const grace = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, PIPE_GRACE_MS);
      child.once('close', () => {
        clearTimeout(grace);
        resolve({ exitCode, signal });
      });
      child.stdin?.destroy();
    });
  });
}
