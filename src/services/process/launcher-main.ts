/**
 * The process of `launcher.ts`: starts the programs that it is told of and says what becomes of them. It outlives a parent
 * that is killed just long enough to end every program of the run, also those that the parent started itself.
 *
 * Its one argument is the folder that holds the folders of all programs.
 */

import { rmSync } from 'node:fs';
import type { Ended } from './command-failure.ts';
import { ProcessGroups } from './process-groups.ts';
import { type Program, type ProgramStart, startHere } from './program.ts';
import { endStrays } from './strays.ts';
import { makeFolders, removeFolders } from './work-folder.ts';

export type Order =
  | ({ readonly type: 'start'; readonly id: number } & ProgramStart & Chores)
  | { readonly type: 'end'; readonly id: number }
  /** The run is over; whatever is left goes with it. */
  | { readonly type: 'close' };

/** Folders that are made before the program starts, and removed after it has ended. */
export interface Chores {
  readonly makes: readonly string[];
  readonly removes: readonly string[];
}

export type Word =
  | { readonly type: 'ready' }
  | { readonly type: 'out' | 'err'; readonly id: number; readonly piece: Buffer }
  | ({ readonly type: 'ended'; readonly id: number } & Ended)
  /** It could not be started, or its folders not be made: the code of the system's error. */
  | { readonly type: 'refused'; readonly id: number; readonly what: 'program' | 'folders'; readonly code: string };

const groups = new ProcessGroups();
const programs = new Map<number, Program>();
const [, , root = ''] = process.argv;

process.on('message', (order: Order) => {
  if (order.type === 'start') start(order);
  else if (order.type === 'end') programs.get(order.id)?.end();
  else close();
});
process.on('disconnect', abandon);
// The parent may have been killed before this process had started.
if (process.connected) say({ type: 'ready' });
else abandon();

/** Nobody is left to tell: what runs would never be waited for. */
function abandon(): void {
  groups.endAll();
  endStrays([root]);
  rmSync(root, { recursive: true, force: true, maxRetries: 3 });
  process.exit();
}

function close(): void {
  groups.endAll();
  process.exit();
}

function start({ id, argv, cwd, env, dropsOutput, makes, removes }: Extract<Order, { type: 'start' }>): void {
  let what: 'program' | 'folders' = 'folders';
  const refuse = (error: unknown) => {
    programs.delete(id);
    say({ type: 'refused', id, what, code: codeOf(error) });
    void removeFolders(removes);
  };
  try {
    makeFolders(makes);
    what = 'program';
    const program = startHere({ argv, cwd, env, dropsOutput }, false, groups, {
      out: (piece) => say({ type: 'out', id, piece }),
      err: (piece) => say({ type: 'err', id, piece }),
    });
    programs.set(id, program);
    program.ended.then((ended) => {
      programs.delete(id);
      say({ type: 'ended', id, ...ended });
      void removeFolders(removes);
    }, refuse);
  } catch (error) {
    refuse(error);
  }
}

/** A parent that is gone is heard of by `disconnect`. */
function say(word: Word): void {
  if (process.connected) process.send?.(word, () => undefined);
}

/** A start failure carries the system's error as its cause. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : null;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
}
