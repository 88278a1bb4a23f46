/** Past runs of one pipeline and profile, and what the last of them left. */

import type { Plan } from '#contract/plan.ts';
import { readEvents } from '#report/read-events.ts';
import { summarize } from '#report/summarize.ts';
import { EMPTY_SUMMARY, type Summary } from '#report/summary.ts';
import { nameHint } from '#util/did-you-mean.ts';
import { CommandError, type Io } from './io.ts';
import { findRun } from './run-list.ts';
import { type NodeRecord, type RunRecord, readRunRecord, recentRecords } from './run-record.ts';
import type { Session } from './session.ts';

/** Enough to find what changed last; older runs are compared by name with `diff`. */
const DEPTH = 50;

export interface History {
  readonly pipeline: string;
  readonly profile: string;
  /** Newest first; never empty. Trials only where there is no full run, or one was asked for. */
  readonly records: readonly RunRecord[];
  /** The manifest as it is now; null while it has mistakes. */
  readonly plan: Plan | null;
  /** Which run the answer is about, where that may surprise. */
  readonly note: string | null;
}

/** @throws CommandError `no-runs` */
export async function loadHistory(
  { store, prepared }: Session,
  flags: { readonly profile?: readonly string[]; readonly run?: string },
): Promise<History> {
  const { loaded, plan } = prepared;
  const manifest = loaded.manifest ?? loaded.salvaged?.manifest ?? null;
  const profile = plan?.profile ?? manifest?.profile ?? flags.profile?.join(',') ?? 'default';
  if (flags.run !== undefined) {
    const id = await findRun(store.runs, flags.run);
    const record = await readRunRecord(store.runs, id);
    if (record === undefined)
      throw new CommandError('run-unfinished', `run ${id} was cut off before it could write down its rows`, {
        exitCode: 1,
        hint: '`sluice run` goes on from there',
      });
    return { pipeline: record.pipeline, profile: record.profile, records: [record], plan, note: null };
  }
  const pipeline = plan?.pipeline ?? manifest?.name ?? '';
  const records = await recentRecords(store.runs, { pipeline, profile }, DEPTH);
  if (records.length === 0) {
    const other = await recentRecords(store.runs, { pipeline }, 1);
    const hint =
      other[0] === undefined
        ? 'sluice run'
        : `the last run was of profile ${other[0].profile}: --profile ${other[0].profile}`;
    throw new CommandError('no-runs', `${pipeline} [${profile}] has not been run in this store`, { hint, exitCode: 1 });
  }
  const full = records.filter(({ limit }) => limit === undefined);
  const [last] = records;
  const note =
    last?.limit === undefined
      ? null
      : full.length === 0
        ? `there was no full run yet: this is about the trial ${last.run} (--limit ${last.limit})`
        : `this is about the last full run; the trial after it (--limit ${last.limit}) is \`sluice show … --run ${last.run}\``;
  return { pipeline, profile, records: full.length > 0 ? full : records, plan, note };
}

/** On stderr, so that what is asked for stays what it is. */
export function tellNote({ note }: History, io: Io): void {
  if (note !== null) io.stderr.write(`note: ${note}\n`);
}

/** @throws CommandError `unknown-node` */
export function requireNode(record: RunRecord, id: string): NodeRecord {
  const node = record.nodes.find((candidate) => candidate.id === id);
  if (node !== undefined) return node;
  const ids = record.nodes.map((each) => each.id);
  const hint = nameHint(id, ids, 'nodes');
  throw new CommandError(
    'unknown-node',
    `the last run has no node ${JSON.stringify(id)}`,
    hint === undefined ? {} : { hint },
  );
}

/** `node`, `node.port`; ids may hold dots, so the longest id wins. */
export function splitAddress(
  record: RunRecord,
  text: string,
): { readonly node: NodeRecord; readonly port: string | null } {
  const whole = record.nodes.find(({ id }) => id === text);
  if (whole !== undefined) return { node: whole, port: null };
  const dot = text.lastIndexOf('.');
  if (dot <= 0) return { node: requireNode(record, text), port: null };
  const node = requireNode(record, text.slice(0, dot));
  const port = text.slice(dot + 1);
  if (node.ports[port] !== undefined) return { node, port };
  const hint = nameHint(port, Object.keys(node.ports), 'ports');
  throw new CommandError(
    'unknown-port',
    `${node.id} has no port ${JSON.stringify(port)}`,
    hint === undefined ? {} : { hint },
  );
}

/** A run's events, folded as the live view folds them. */
export async function readSummary({ store }: Session, run: string): Promise<Summary> {
  const folder = await store.runs.open(run);
  const text = (await folder?.read('events.ndjson')) ?? '';
  return readEvents(text).reduce(summarize, EMPTY_SUMMARY);
}

/** Failed and untried rows are on no port: only the log names them. */
export async function findTrouble({ store }: Session, run: string, node: string, key: string) {
  const folder = await store.runs.open(run);
  for (const event of readEvents((await folder?.read('events.ndjson')) ?? '')) {
    if (event.type !== 'row-trouble' || event.node !== node || event.disposition === 'rejected') continue;
    if (event.row === key || event.row.endsWith(key)) return event;
  }
  return null;
}
