/**
 * Processes that left their program's group (a daemon in a session of its own), or whose launcher was killed: found by the
 * folder that every program has to itself, as its HOME or as where it stands. Linux only; elsewhere none are found.
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { sep } from 'node:path';

/** Ends all that live in one of these folders or have their HOME there. @returns how many there were */
export function endStrays(folders: readonly string[]): number {
  if (process.platform !== 'linux' || folders.length === 0) return 0;
  let ended = 0;
  // One that forks while it is looked for is found in the next round.
  for (let round = 0; round < ROUNDS; round++) {
    const found = processIds().filter((pid) => folders.some((folder) => livesIn(pid, folder)));
    for (const pid of found) end(pid);
    ended += found.length;
    if (found.length === 0) break;
  }
  return ended;
}

const ROUNDS = 4;

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 1 && pid !== process.pid);
  } catch {
    return [];
  }
}

/** Processes of other users can be neither read nor ended; one that has ended but was not waited for reads as empty. */
function livesIn(pid: number, folder: string): boolean {
  const isInside = (path: string) => path === folder || path.startsWith(folder + sep);
  try {
    if (isInside(readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, ''))) return true;
    const home = readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .find((variable) => variable.startsWith('HOME='));
    return home !== undefined && isInside(home.slice('HOME='.length));
  } catch {
    return false;
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
