/** `sluice diff`: what changed between two runs, locks or profiles. */

import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Store } from '#contract/store.ts';
import { compareSections, type LockDifference, type LockSection } from '#plan/lock.ts';
import { plural } from '#report/text.ts';
import { compareRows } from '../compare-runs.ts';
import { describeChanges } from '../describe-change.ts';
import { loadHistory } from '../history.ts';
import { CommandError, type Io } from '../io.ts';
import { readLock } from '../lock-file.ts';
import { findRun } from '../run-list.ts';
import { type RunRecord, readRunRecord } from '../run-record.ts';
import { inSession, type ManifestFlags, type Session } from '../session.ts';
import { lockPath } from '../workspace.ts';

interface Side {
  readonly title: string;
  readonly section: LockSection;
  /** Runs also know the parts of each key, and rows one by one. */
  readonly record: RunRecord | null;
}

/** @returns 0 whether or not something differs: what differs is the answer */
export function diff(
  a: string,
  b: string,
  target: string | undefined,
  flags: ManifestFlags & { readonly json?: boolean },
  io: Io,
): Promise<number> {
  return inSession(target, flags, io, async (session) => {
    // As they are named: A is before, B is after.
    const [before, after] = [await readSide(session, a, flags, io), await readSide(session, b, flags, io)];
    const differences = compareSections(before.section, after.section);
    const byNode = group(differences);
    if (flags.json !== true) session.print(`${before.title} -> ${after.title}\n`);
    for (const [id, changes] of byNode) {
      const parts = describeParts(id, before.record, after.record);
      const rows = await rowChanges(session.store, id, changes, before.record, after.record);
      if (flags.json === true) {
        session.printJson({ node: id, changes, parts, rows });
        continue;
      }
      session.print(`${id}\n`);
      for (const part of parts) session.print(`  ${part}\n`);
      for (const change of changes.filter(({ port }) => port !== 'tally')) {
        const more = rows[change.port ?? ''];
        const counts =
          more === undefined ? '' : `: ${more.added} added, ${more.removed} removed, ${more.changed} changed`;
        session.print(`  ${describe(change)}${counts}\n`);
      }
      if (changes.every(({ change, port }) => change === 'key' || port === 'tally'))
        session.print('  its rows are equal: nothing after it was done again\n');
    }
    const total = new Set([...Object.keys(before.section.nodes), ...Object.keys(after.section.nodes)]).size;
    if (flags.json !== true) session.print(`${plural(byNode.size, 'node differs', 'nodes differ')} of ${total}\n`);
    return 0;
  });
}

/** Keys say that something changed; ports say what came of it. */
function describe({ node, change, port, before, after }: LockDifference): string {
  if (change === 'added') return 'only in the second';
  if (change === 'removed') return 'only in the first';
  return `${change === 'key' ? 'key' : `${node}.${port}`}: ${before} -> ${after}`;
}

function group(differences: readonly LockDifference[]): Map<string, LockDifference[]> {
  const groups = new Map<string, LockDifference[]>();
  for (const difference of differences)
    groups.set(difference.node, [...(groups.get(difference.node) ?? []), difference]);
  return groups;
}

function describeParts(id: string, before: RunRecord | null, after: RunRecord | null): string[] {
  const [old, now] = [before, after].map((record) => record?.nodes.find((node) => node.id === id));
  return old === undefined || now === undefined ? [] : describeChanges(old.parts, now.parts);
}

async function rowChanges(
  store: Store,
  node: string,
  changes: readonly LockDifference[],
  before: RunRecord | null,
  after: RunRecord | null,
) {
  const rows: { [port: string]: { added: number; removed: number; changed: number } } = {};
  if (before === null || after === null) return rows;
  for (const { port } of changes) {
    if (port === undefined || port === 'tally') continue;
    const found = await compareRows(store, { node, port }, after, before);
    if (found !== null) rows[port] = { ...found };
  }
  return rows;
}

// ---- the two sides ----------------------------------------------------------------------------------------------

async function readSide(session: Session, name: string, flags: ManifestFlags, io: Io): Promise<Side> {
  const { store, workspace, prepared } = session;
  if (name.startsWith('profile:')) {
    const path = lockPath(workspace);
    return lockSide(path, name.slice('profile:'.length));
  }
  const path = resolve(io.cwd, name);
  if (existsSync(path) && statSync(path).isFile()) return lockSide(path, prepared.plan?.profile ?? 'default');
  const id = /^last(~\d+)?$/.test(name) ? await relativeRun(session, name, flags) : await findRun(store.runs, name);
  const record = await readRunRecord(store.runs, id);
  if (record === undefined)
    throw new CommandError('run-unfinished', `run ${id} was cut off before it could write down its rows`, {
      exitCode: 1,
    });
  return { title: `run ${id}`, section: toSection(record), record };
}

/** `last` among the finished runs of this pipeline and profile, not of the whole store. */
async function relativeRun(session: Session, name: string, flags: ManifestFlags): Promise<string> {
  const { records } = await loadHistory(session, flags);
  const back = Number(/~(\d+)$/.exec(name)?.[1] ?? 0);
  const record = records[back];
  if (record === undefined)
    throw new CommandError(
      'unknown-run',
      `there are ${plural(records.length, 'run')} of this pipeline and profile, so no ${name}`,
      {
        hint: '`sluice status` lists all runs',
      },
    );
  return record.run;
}

function lockSide(path: string, profile: string): Side {
  const lock = readLock(path);
  if (lock === null) throw new CommandError('lock-missing', `there is no ${path}`, { hint: 'sluice run writes it' });
  const names = Object.keys(lock.profiles);
  const chosen = lock.profiles[profile] !== undefined ? profile : names.length === 1 ? names[0] : undefined;
  const section = chosen === undefined ? undefined : lock.profiles[chosen];
  if (section === undefined)
    throw new CommandError('unknown-profile', `${path} has no section for profile ${profile}`, {
      hint: `profiles: ${names.join(', ')}`,
    });
  return { title: `${path} [${chosen}]`, section, record: null };
}

function toSection(record: RunRecord): LockSection {
  const nodes: { [id: string]: LockSection['nodes'][string] } = {};
  for (const { id, key, ports } of record.nodes) {
    if (key === null) continue;
    const filled = Object.entries(ports).filter(([, { count }]) => count > 0);
    nodes[id] = {
      key,
      ports: Object.fromEntries(filled.map(([port, { count, digest }]) => [port, { rows: count, digest }])),
    };
  }
  return { resolved: {}, nodes };
}
