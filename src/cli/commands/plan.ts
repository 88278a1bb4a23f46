/** `sluice plan`: what a run would do, node by node, and what it would cost at most. Does nothing of it. */

import { existsSync } from 'node:fs';
import type { Plan } from '#contract/plan.ts';
import type { Store } from '#contract/store.ts';
import { type Assessment, assessPlan, totalUsd } from '#plan/assess.ts';
import { toLine } from '#report/text.ts';
import { makeMemoryStore } from '#store/memory/memory-store.ts';
import { toColumns, wrap } from '../columns.ts';
import { openStore, prepare, requirePlan } from '../compose.ts';
import { makeCountFresh } from '../count-fresh.ts';
import type { Io } from '../io.ts';
import { readLock } from '../lock-file.ts';
import { type ManifestFlags, makePrinter } from '../session.ts';
import { findWorkspace, lockPath } from '../workspace.ts';

export async function plan(
  target: string | undefined,
  flags: ManifestFlags & { readonly json?: boolean },
  io: Io,
): Promise<number> {
  const workspace = findWorkspace(target, flags.cache, io);
  // A plan makes no store where there is none.
  const store: Store = existsSync(workspace.cache) ? await openStore(workspace.cache) : makeMemoryStore();
  try {
    const prepared = await prepare(workspace, flags, store, io);
    const made = requirePlan(prepared, io);
    const previous = readLock(lockPath(workspace))?.profiles[made.profile];
    const nodes = await assessPlan(made, store, { previous, countFresh: makeCountFresh(store) });
    const { usd: spent, openUsd } = await store.calls.ledger(made.pipeline);
    const { print } = makePrinter(prepared, io);
    print(flags.json === true ? `${toJson(made, nodes, spent + openUsd)}\n` : toText(made, nodes, spent + openUsd));
    return 0;
  } finally {
    await store.close();
  }
}

function toText(made: Plan, nodes: readonly Assessment[], spent: number): string {
  const rows = nodes.map((node) => [
    node.node,
    node.kind,
    node.state,
    // A source has no rows in.
    number(node.rows.in === 0 ? node.rows.out : node.rows.in),
    node.state === 'reuse' ? '0' : atMost(node),
    node.calls === 0 ? '' : `${isGuess(node) ? '<=' : ''}${node.calls}`,
    node.calls === 0 ? '' : `${thousands(node.tokens.input)}+${thousands(node.tokens.output)}`,
    node.usd === null || node.calls === 0 ? '' : `${usd(node.usd.low)}-${usd(node.usd.high)}`,
  ]);
  const left = ['node', 'kind', 'does'].map((title) => ({ title }));
  const right = ['rows', 'new', 'calls', 'tokens', 'USD'].map((title) => ({ title, right: true }));
  const lines = [toColumns([...left, ...right], rows)];
  for (const node of nodes) {
    const told = [
      ...(node.state === 'reuse' || node.reason.code === 'new' ? [] : [node.reason.message]),
      ...node.notes,
      ...(node.unpriced.length > 0 ? [`no price for ${node.unpriced.join(', ')}: what it costs is not counted`] : []),
      ...(node.isBounded ? [] : ['its paid calls are known once what feeds it has run']),
    ];
    for (const note of told) lines.push(`${wrap(`${node.node}: ${toLine(note)}`, '  ').join('\n')}\n`);
  }
  lines.push(totals(made, nodes, spent));
  return lines.join('');
}

function totals(made: Plan, nodes: readonly Assessment[], spent: number): string {
  const { low, high } = totalUsd(nodes);
  const count = (state: Assessment['state']) => nodes.filter((node) => node.state === state).length;
  const states = (['reuse', 'run', 'unknown', 'unwanted', 'blocked'] as const)
    .filter((state) => count(state) > 0)
    .map((state) => `${count(state)} ${state}`);
  const calls = nodes.reduce((sum, node) => sum + node.calls, 0);
  // Where a node's rows are not known yet its calls are in no sum.
  const cost = nodes.every(({ isBounded }) => isBounded)
    ? `at most ${calls} calls, $${usd(low)} to $${usd(high)}`
    : `${calls} calls, $${usd(low)} and more: how much is not known yet`;
  const lines = [`\n${nodes.length} nodes: ${states.join(', ')}; ${cost}`];
  const { usd: budget, confirmAbove } = made.budget;
  if (budget !== null) lines.push(`budget $${budget}, of which $${usd(spent)} is spent`);
  if (budget !== null && spent + high > budget)
    lines.push('warning: this may end before it is done (exit 5); a rerun with more goes on');
  if (confirmAbove !== null && high > confirmAbove)
    lines.push(`a run asks before it starts (confirm_above $${confirmAbove}); --yes does not`);
  return `${lines.join('\n')}\n`;
}

function toJson(made: Plan, nodes: readonly Assessment[], spent: number): string {
  const { low, high } = totalUsd(nodes);
  return JSON.stringify({
    pipeline: made.pipeline,
    profile: made.profile,
    nodes,
    totals: {
      calls: nodes.reduce((sum, node) => sum + node.calls, 0),
      usd: { low, high: Number.isFinite(high) ? high : null },
      spentUsd: spent,
      budgetUsd: made.budget.usd,
    },
  });
}

/** Upper bounds are marked: rows may be dropped on the way, and equal ones are done once. */
function atMost({ fresh, rows }: Assessment): string {
  if (fresh.rows === null || (rows.in === 0 && rows.out === null)) return '?';
  return fresh.isExact || fresh.rows === 0 ? String(fresh.rows) : `<=${fresh.rows}`;
}

const isGuess = ({ fresh }: Assessment) => !fresh.isExact;
const number = (value: number | null) => (value === null ? '?' : String(value));
const thousands = (tokens: number) => (tokens < 10_000 ? String(Math.round(tokens)) : `${Math.round(tokens / 1000)}k`);

function usd(amount: number): string {
  return amount >= 100 ? amount.toFixed(0) : amount >= 0.1 ? amount.toFixed(2) : amount.toFixed(4);
}
