/** `sluice why`: what became of a node or a row, and which part of its key changed since which run. */

import type { Plan } from '#contract/plan.ts';
import { nodeOf } from '#report/summary.ts';
import { formatCodes, formatUsd, plural, toLine } from '#report/text.ts';
import { explainNode, findCutOffs, hasSameKey, type NodeChange, type RowsDifference } from '../compare-runs.ts';
import { describeCall } from '../describe-call.ts';
import { describeChanges } from '../describe-change.ts';
import { explainFate, explainRowChange } from '../explain-row.ts';
import { type History, loadHistory, readSummary, requireNode, tellNote } from '../history.ts';
import { CommandError, type Io } from '../io.ts';
import { formatTime, timeOfRun } from '../run-list.ts';
import type { NodeRecord, RunRecord } from '../run-record.ts';
import { inSession, type ManifestFlags, type Session } from '../session.ts';

export function why(
  target: string,
  id: string,
  row: string | undefined,
  flags: ManifestFlags,
  io: Io,
): Promise<number> {
  return inSession(target, flags, io, async (session) => {
    const history = await loadHistory(session, flags);
    tellNote(history, io);
    const [last] = history.records;
    if (last === undefined) return 1;
    const node = requireNode(last, id);
    const lines = [
      ...(row === undefined
        ? await explainNodeFate(session, history, last, node)
        : await explainRow(session, history, last, node, row)),
      ...pending(history.plan, last, node),
    ];
    session.print(`${lines.map((line) => toIndented(line)).join('\n')}\n`);
    return 0;
  });
}

/** Made harmless, with its indentation kept. */
function toIndented(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  return indent + toLine(line, 1000);
}

const stamp = (run: string) => `${run} (${formatTime(timeOfRun(run))} UTC)`;

// ---- a node -----------------------------------------------------------------------------------------------------

async function explainNodeFate(
  session: Session,
  { records }: History,
  last: RunRecord,
  node: NodeRecord,
): Promise<string[]> {
  const view = nodeOf(await readSummary(session, last.run), node.id);
  const lines = [
    `${node.id} (${node.kind}): ${node.state}${node.isReused ? ', reused as a whole' : ''} in run ${stamp(last.run)}`,
  ];
  if (view?.reason) lines.push(`  because: ${view.reason.code}: ${view.reason.message}`);
  if (view !== undefined) {
    const { counts } = view;
    const parts = (['emitted', 'consumed', 'rejected', 'failed', 'untried'] as const)
      .filter((name) => counts[name] > 0)
      .map((name) => `${counts[name]} ${name}`);
    if (counts.in > 0)
      lines.push(
        `  ${plural(counts.in, 'row')} in: ${parts.join(', ')}; ${counts.reused} reused, ${counts.in - counts.reused} run`,
      );
    else if (node.state === 'done')
      lines.push(`  ${plural(counts.out, 'row')} out${counts.dropped > 0 ? `, ${counts.dropped} dropped` : ''}`);
    if (Object.keys(counts.codes).length > 0) lines.push(`  codes: ${formatCodes(counts.codes)}`);
    if (Object.keys(counts.failures).length > 0) lines.push(`  failures: ${formatCodes(counts.failures)}`);
    if (counts.calls + counts.reusedCalls > 0)
      lines.push(`  ${plural(counts.calls, 'call')} made ($${formatUsd(counts.usd)}), ${counts.reusedCalls} reused`);
  }
  lines.push(...(await explainChange(session, records, last, node)));
  return lines;
}

async function explainChange(
  { store }: Session,
  records: readonly RunRecord[],
  last: RunRecord,
  node: NodeRecord,
): Promise<string[]> {
  const earlier = records.slice(1).flatMap((record) => {
    const found = record.nodes.find(({ id }) => id === node.id);
    return found === undefined ? [] : [{ record, found }];
  });
  const [previous] = earlier;
  if (previous === undefined) return ['no earlier run of this node here: everything was new'];
  const lines: string[] = [];
  // Compared with the run before as well as with the last one that differs, so that a second rerun hides nothing.
  if (hasSameKey(node, last, previous.found, previous.record)) {
    lines.push(`its key is the same as in the run before, ${stamp(previous.record.run)}: nothing here was new`);
    for (const { node: id, parts } of findCutOffs(node.id, last, previous.record)) {
      lines.push(`  ${id} changed, but its rows came out equal, so nothing after it was done again:`);
      for (const part of parts) lines.push(`    ${part}`);
    }
    if (previous.found.state !== 'done')
      lines.push(`  it was ${previous.found.state} then: what was missing was made up for`);
  }
  const different = earlier.findIndex(({ record, found }) => !hasSameKey(node, last, found, record));
  const since = different <= 0 ? last : earlier[different - 1]?.record;
  const before = earlier[different]?.record;
  if (before === undefined || since === undefined) {
    lines.push(`it has been the same in all earlier runs here (${earlier.length})`);
    return lines;
  }
  const when = since === last ? 'its key changed' : `its key last changed in run ${stamp(since.run)}`;
  lines.push(`${when}, against run ${stamp(before.run)}:`);
  lines.push(...toLines(await explainNode(store, node.id, since, before), node.id));
  return lines;
}

function toLines(changes: readonly NodeChange[], id: string): string[] {
  const lines: string[] = [];
  for (const change of changes) {
    const indent = change.node === id ? '  ' : '    ';
    if (change.node !== id) lines.push(`  since ${change.node} changed:`);
    for (const part of change.parts) lines.push(`${indent}${part}`);
    for (const { input, port, rows } of change.inputs) {
      const counts = describeRows(rows);
      lines.push(`${indent}${input}: ${port.node}.${port.port}: ${counts}`);
    }
  }
  return lines.length > 0
    ? lines
    : ['  by nothing that these runs wrote down (a node was added or a port was partial)'];
}

function describeRows(rows: RowsDifference | null): string {
  if (rows === null) return 'other rows (those of the earlier run are no longer stored)';
  if (rows.added + rows.removed + rows.changed === 0)
    return 'the same rows, but partial in one of the runs or in another order';
  return `${plural(rows.added, 'row')} added, ${rows.removed} removed, ${rows.changed} changed`;
}

/** What was edited since the last run and so is not in it yet. */
function pending(plan: Plan | null, last: RunRecord, node: NodeRecord): string[] {
  if (plan === null) return ['(the manifest has mistakes now; see sluice check)'];
  const lines: string[] = [];
  const seen = new Set<string>();
  const queue = [node.id];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    const now = plan.nodes.find((candidate) => candidate.id === id);
    if (now === undefined || seen.has(id)) continue;
    seen.add(id);
    const old = last.nodes.find((candidate) => candidate.id === id);
    const changes = old === undefined ? ['a new node'] : describeChanges(old.parts, now.parts);
    if (changes.length > 0) lines.push(...changes.map((change) => `  ${id}: ${change}`));
    queue.push(
      ...[...Object.values(now.inputs).flat(), ...Object.values(now.lookups).flatMap(({ from }) => from)].map(
        (address) => address.node,
      ),
    );
  }
  return lines.length === 0 ? [] : ['changed since that run, so due in the next one:', ...lines];
}

// ---- a row ------------------------------------------------------------------------------------------------------

async function explainRow(
  session: Session,
  { records }: History,
  last: RunRecord,
  node: NodeRecord,
  text: string,
): Promise<string[]> {
  const fate = await explainFate(session, last, node, text);
  if (fate === null) {
    throw new CommandError(
      'unknown-row',
      `neither ${node.id} nor any node before it has a row ${JSON.stringify(text)}`,
      {
        hint: `\`sluice show . ${node.id}\` lists rows by key; \`show . ${node.id}.tally\` what became of all`,
      },
    );
  }
  const lines = [`${fate.key} at ${node.id}, run ${stamp(last.run)}:`, ...fate.lines.map((line) => `  ${line}`)];
  lines.push(...fate.calls.map((call) => `  call ${describeCall(call)}`));
  const [found] = fate.found;
  if (found === undefined) return lines;
  const change = await explainRowChange(session, records, found);
  if (change === null) lines.push('no earlier run here has this row: it was new');
  else if (change.isSameAction)
    lines.push(`nothing that it reads changed since run ${stamp(change.run)}: its result was reused`);
  else {
    const when = change.since === last.run ? 'made anew' : `reused; made in run ${stamp(change.since)}, anew`;
    lines.push(`${when} against run ${stamp(change.run)}:`);
    lines.push(
      ...(change.lines.length === 0 ? ['  by nothing that it reads itself'] : change.lines.map((line) => `  ${line}`)),
    );
  }
  return lines;
}
