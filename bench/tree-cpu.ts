/** Processor time of this process and all below it, those that they have waited for included: what other work on a machine does not change. */

import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of /proc are hundredths of a second on every Linux that Node runs on. */
const TICKS = 100;

/** @returns seconds, and the ids of the processes that are there now */
export function treeCpu(root = process.pid): number {
  const all = new Map<number, { readonly parent: number; readonly ticks: number }>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // The name of the program may hold anything; what follows its bracket is numbers.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
      all.set(Number(name), { parent: Number(fields[1]), ticks });
    } catch {
      // It has ended meanwhile.
    }
  }
  let ticks = 0;
  for (const [id, process] of all) if (isBelow(id, root, all)) ticks += process.ticks;
  return ticks / TICKS;
}

function isBelow(id: number, root: number, all: ReadonlyMap<number, { readonly parent: number }>): boolean {
  for (let at: number | undefined = id; at !== undefined && at > 1; at = all.get(at)?.parent)
    if (at === root) return true;
  return false;
}
