/** The lock on disk: compared under `--frozen`, else rewritten where a complete run changed it. */

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Plan } from '#contract/plan.ts';
import {
  compareSections,
  formatLock,
  type Lock,
  type LockDifference,
  type LockSection,
  parseLock,
} from '#plan/lock.ts';
import type { RunResult } from '#run/run.ts';
import { CommandError } from './io.ts';
import { lockPath, type Workspace } from './workspace.ts';

export interface SettledLock {
  readonly path: string;
  readonly written: boolean;
  /** What a frozen run would have changed, a sentence each. */
  readonly differences: readonly string[];
}

export async function settleLock(
  workspace: Workspace,
  plan: Plan,
  result: RunResult,
  isFrozen: boolean,
): Promise<SettledLock> {
  const path = lockPath(workspace);
  const section = toSection(plan, result);
  // Most often nothing changed, which can be seen without parsing: 200 ms at 1,000 nodes.
  if (!isFrozen && formatLock({ profiles: { [plan.profile]: section } }) === readText(path))
    return { path, written: false, differences: [] };
  const lock = readLock(path);
  const old = lock?.profiles[plan.profile];
  if (isFrozen) {
    if (old === undefined)
      return {
        path,
        written: false,
        differences: [`the lock has no section for profile ${plan.profile}; run once without --frozen`],
      };
    return { path, written: false, differences: compareSections(old, section).map(describeDifference) };
  }
  const text = formatLock({ profiles: { ...lock?.profiles, [plan.profile]: section } });
  if (text === readText(path)) return { path, written: false, differences: [] };
  const beside = `${path}.${process.pid}.tmp`;
  writeFileSync(beside, text);
  renameSync(beside, path);
  return { path, written: true, differences: [] };
}

/** @throws CommandError `lock-*` for a lock that cannot be read: it is never overwritten unread */
export function readLock(path: string): Lock | null {
  const text = readText(path);
  if (text === null) return null;
  const parsed = parseLock(path, text);
  if ('lock' in parsed) return parsed.lock;
  const { code, message, hint } = parsed.diagnostic;
  throw new CommandError(code, `${path}: ${message}`, hint === undefined ? {} : { hint });
}

function toSection(plan: Plan, result: RunResult): LockSection {
  const nodes: { [id: string]: LockSection['nodes'][string] } = {};
  for (const [id, { key, ports, state }] of result.nodes) {
    if (key === null || state !== 'done') continue;
    const filled = Object.entries(ports).filter(([, port]) => port.count > 0);
    nodes[id] = {
      key,
      ports: Object.fromEntries(filled.map(([name, { count, digest }]) => [name, { rows: count, digest }])),
    };
  }
  return { resolved: plan.resolved, nodes };
}

export function describeDifference({ node, change, port, before, after }: LockDifference): string {
  if (change === 'added') return `${node} is not in the lock`;
  if (change === 'removed') return `${node} is in the lock but not in this run`;
  if (change === 'key') return `the key of ${node} is ${after}, the lock has ${before}`;
  return `${node}.${port} has ${after}, the lock has ${before}`;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
