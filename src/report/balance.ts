/** The balance of rows as an aligned table: at each node, in = emitted + consumed + rejected + failed + untried. */

import type { NodeCounts } from '#contract/event.ts';
import { NO_COUNTS, type NodeView, nodesOf, type Summary } from './summary.ts';
import { formatCodes, padEnd, padStart, toLine } from './text.ts';

const NUMBERS = ['in', 'emitted', 'consumed', 'rejected', 'failed', 'untried', 'out', 'reused'] as const;
type BalanceNumbers = { readonly [name in (typeof NUMBERS)[number]]: number };

interface Line {
  readonly name: string;
  readonly counts: BalanceNumbers;
  readonly note: string;
}

/** @param columns in a narrower terminal what is 0 at every node is left out */
export function toBalance(summary: Summary, nodeLimit: number, columns: number): string[] {
  const nodes = [...nodesOf(summary)].filter(hasWorked);
  if (nodes.length === 0) return [];
  const shown = nodes.length <= nodeLimit ? nodes : pickTelling(nodes, nodeLimit);
  const isShown = new Set(shown);
  const rest = nodes.filter((node) => !isShown.has(node));
  const lines = shown.map(toLineOf);
  if (rest.length > 0) lines.push({ name: `${rest.length} more nodes`, counts: sum(rest), note: 'without trouble' });
  return layOut(lines, columns);
}

/** Nodes with trouble first, then as many others as fit; in the order of the plan. */
function pickTelling(nodes: readonly NodeView[], limit: number): NodeView[] {
  const isTelling = ({ state, counts }: NodeView) =>
    state === 'failed' ||
    state === 'blocked' ||
    state === 'stopped' ||
    counts.rejected + counts.failed + counts.untried > 0;
  const telling = nodes.filter(isTelling).slice(0, limit);
  const others = nodes.filter((node) => !isTelling(node)).slice(0, limit - telling.length);
  const picked = new Set([...telling, ...others]);
  return nodes.filter((node) => picked.has(node));
}

function hasWorked({ state, counts }: NodeView): boolean {
  return counts !== NO_COUNTS && (state !== 'unwanted' || counts.in + counts.out > 0);
}

function toLineOf(node: NodeView): Line {
  const { counts, header, state, isReused } = node;
  const codes = formatCodes({ ...counts.codes, ...counts.failures });
  const note = [
    ...(state === 'done' ? [] : [state]),
    ...(counts.considered > 0 && counts.dropped > 0
      ? [`considered ${counts.considered}, dropped ${counts.dropped}`]
      : []),
    ...(codes === '' ? [] : [codes]),
  ];
  const reused = isReused ? Math.max(counts.reused, header.scope === 'source' ? counts.out : counts.in) : counts.reused;
  return { name: toLine(header.id, 60), counts: { ...counts, reused }, note: note.join('; ') };
}

function sum(nodes: readonly NodeView[]): BalanceNumbers {
  const add = (pick: (counts: NodeCounts) => number) => nodes.reduce((total, { counts }) => total + pick(counts), 0);
  return {
    in: add((counts) => counts.in),
    emitted: add((counts) => counts.emitted),
    consumed: add((counts) => counts.consumed),
    rejected: add((counts) => counts.rejected),
    failed: add((counts) => counts.failed),
    untried: add((counts) => counts.untried),
    out: add((counts) => counts.out),
    reused: add((counts) => counts.reused),
  };
}

function layOut(lines: readonly Line[], columns: number): string[] {
  const nameWidth = Math.max(4, ...lines.map((line) => line.name.length));
  const widthOf = (name: (typeof NUMBERS)[number]) =>
    Math.max(name.length, ...lines.map((line) => String(line.counts[name]).length));
  const isTold = (name: (typeof NUMBERS)[number]) =>
    name === 'in' || name === 'out' || lines.some(({ counts }) => counts[name] !== 0);
  const isWide = NUMBERS.reduce((sum, name) => sum + 2 + widthOf(name), nameWidth) > columns;
  const told = isWide ? NUMBERS.filter(isTold) : NUMBERS;
  const row = (name: string, cellOf: (name: (typeof NUMBERS)[number]) => string, note: string) =>
    [padEnd(name, nameWidth), ...told.map((number) => padStart(cellOf(number), widthOf(number))), note]
      .join('  ')
      .trimEnd();
  return [
    row('node', (name) => name, 'codes'),
    ...lines.map(({ name, counts, note }) => row(name, (number) => String(counts[number]), note)),
  ];
}
