/** A run as one self-contained page: outcome, balance of rows, trouble by code, calls by model and cost. Summary in, text out. */

import { type Html, html } from '#html/escape.ts';
import { page } from '#html/page.ts';
import { type Column, table } from '#html/table.ts';
import { cutText, formatCount, formatNumber, formatShare } from '#html/text.ts';
import {
  hasEnded,
  isBalanced,
  type ModelView,
  NO_COUNTS,
  type NodeView,
  type Notice,
  nodesOf,
  type Summary,
} from './summary.ts';
import { formatBytes, formatDuration, formatUsd } from './text.ts';
import { type CountedTrouble, troublesOf } from './troubles.ts';

/** Rows of a table: the page of a run of 10,000 nodes must still open at once. */
const LIMIT = 1000;

const OUTCOMES = {
  done: ['good', 'Done'],
  failed: ['bad', 'Failed'],
  gated: ['warn', 'A required gate is not open'],
  frozen: ['warn', 'Frozen and out of date'],
  spent: ['warn', 'The budget is spent'],
  stopped: ['warn', 'Stopped'],
} as const;

export function toRunHtml(summary: Summary): string {
  const { pipeline, profile, run, file, argv, startedAt } = summary;
  const nodes = [...nodesOf(summary)].filter(({ state }) => state !== 'unwanted');
  const title = `${pipeline}: run ${run}`;
  const body = html`<main>
<header><h1>${title}</h1>
<p class="muted">${file}, profile ${profile}, ${toTime(startedAt)}</p>
<p class="mono small">sluice ${argv.join(' ')}</p></header>
${banner(summary)}
${facts(summary)}
${published(nodes)}
<h2>Balance of rows</h2>
<p class="muted small">At every node: in = emitted + consumed + rejected + failed + untried.</p>
${table({ columns: BALANCE, rows: nodes, limit: LIMIT, empty: 'No node has run.' })}
<h2>Trouble</h2>
${table({ columns: TROUBLE, rows: nodes.flatMap(withNode), limit: LIMIT, empty: 'No row was rejected, dropped, failed or left untried.' })}
<h2>Calls</h2>
${table({ columns: CALLS, rows: [...summary.models.values()], empty: 'No call was made or reused.' })}
<h2>Notices</h2>
${table({ columns: NOTICES, rows: summary.notices, limit: LIMIT, empty: 'None.' })}
</main>`;
  return page({ title, body });
}

function banner({ finished, startedAt, at }: Summary): Html {
  const [tone, words] = finished === null ? (['warn', 'Unfinished'] as const) : OUTCOMES[finished.outcome];
  const exit = finished === null ? '' : `, exit code ${finished.exitCode}`;
  return html`<div class="panel banner is-${tone}"><strong>${words}</strong> after ${formatDuration(at - startedAt)}${exit}${finished?.lock === undefined ? null : html`<br><span class="mono small">${finished.lock}</span>`}</div>`;
}

function facts({ totals, budgetUsd, spentUsd, fetched }: Summary): Html {
  const bytes = [...fetched.values()].reduce((sum, one) => sum + one.bytes, 0);
  const budget =
    budgetUsd === null ? 'USD in this run' : `USD in this run; ${formatUsd(spentUsd)} before, budget ${budgetUsd}`;
  const all: [string, string][] = [
    [formatCount(totals.rowsRun), 'rows run'],
    [formatCount(totals.rowsReused), 'rows reused'],
    [formatCount(totals.calls), 'calls made'],
    [formatCount(totals.reusedCalls), 'calls reused'],
    [formatUsd(totals.usd), budget],
    ...(fetched.size === 0 ? [] : [[formatBytes(bytes), 'fetched of remote datasets'] as [string, string]]),
  ];
  return html`<div class="facts">${all.map(([value, label]) => html`<div class="fact"><div class="value">${value}</div><div class="label">${label}</div></div>`)}</div>`;
}

function published(nodes: readonly NodeView[]): Html | null {
  const rows = nodes.flatMap(({ header, published }) => (published === null ? [] : [{ id: header.id, ...published }]));
  if (rows.length === 0) return null;
  return html`<h2>Published</h2>${table({
    rows,
    columns: [
      { label: 'node', cell: (row) => row.id, mono: true },
      { label: 'folder', cell: (row) => row.to, mono: true },
      { label: 'files', cell: (row) => row.files, number: true },
      { label: 'written', cell: (row) => row.written, number: true },
      { label: 'removed', cell: (row) => row.removed, number: true },
    ],
  })}`;
}

// ---- tables -----------------------------------------------------------------------------------------------------

const STATE_TONES: { readonly [state: string]: string } = {
  done: 'is-good',
  failed: 'is-bad',
  blocked: 'is-warn',
  stopped: 'is-warn',
};

const count = (label: string, pick: (node: NodeView) => number): Column<NodeView> => ({
  label,
  cell: (node) => (node.counts === NO_COUNTS ? '–' : formatCount(pick(node))),
  number: true,
});

const BALANCE: readonly Column<NodeView>[] = [
  { label: 'node', cell: ({ header }) => html`${header.id} <span class="muted">${header.kind}</span>`, mono: true },
  { label: 'state', cell: stateCell },
  count('in', ({ counts }) => counts.in),
  count('emitted', ({ counts }) => counts.emitted),
  count('consumed', ({ counts }) => counts.consumed),
  count('rejected', ({ counts }) => counts.rejected),
  count('failed', ({ counts }) => counts.failed),
  count('untried', ({ counts }) => counts.untried),
  count('out', ({ counts }) => counts.out),
  count('dropped', ({ counts }) => counts.dropped),
  count('reused', ({ counts, isReused, header }) =>
    isReused ? Math.max(counts.reused, header.scope === 'source' ? counts.out : counts.in) : counts.reused,
  ),
  count('calls', ({ counts }) => counts.calls),
  { label: 'USD', cell: ({ counts }) => formatUsd(counts.usd), number: true },
];

function stateCell(node: NodeView): Html {
  const { state, isReused, reason } = node;
  const why =
    reason === null || state === 'done'
      ? null
      : html`<br><span class="small">${reason.code}: ${cutText(reason.message, 500)}</span>`;
  const open = hasEnded(node) && !isBalanced(node) ? html`<br><span class="bad">does not balance</span>` : null;
  return html`<span class="badge ${STATE_TONES[state]}">${isReused ? 'reused' : state}</span>${why}${open}`;
}

type NodeTrouble = CountedTrouble & { readonly node: NodeView };

function withNode(node: NodeView): NodeTrouble[] {
  return troublesOf(node).map((trouble) => ({ ...trouble, node }));
}

const TROUBLE: readonly Column<NodeTrouble>[] = [
  { label: 'node', cell: ({ node }) => node.header.id, mono: true },
  { label: 'what', cell: ({ disposition }) => disposition },
  { label: 'code', cell: ({ code }) => code, mono: true },
  { label: 'rows', cell: (trouble) => formatCount(trouble.count), number: true },
  {
    label: 'share',
    cell: ({ node, count: rows }) => formatShare(rows, node.counts.in || node.counts.considered),
    number: true,
  },
  { label: 'example', cell: ({ row }) => row, mono: true },
  {
    label: 'message',
    cell: ({ message, hint }) =>
      html`${cutText(message, 500)}${hint === null ? null : html`<br><span class="muted">${hint}</span>`}`,
  },
];

const CALLS: readonly Column<ModelView>[] = [
  { label: 'endpoint', cell: ({ endpoint }) => endpoint, mono: true },
  { label: 'model', cell: ({ model }) => model, mono: true },
  { label: 'made', cell: ({ answered }) => formatCount(answered), number: true },
  { label: 'reused', cell: ({ reused }) => formatCount(reused), number: true },
  { label: 'failed', cell: ({ failed }) => formatCount(failed), number: true },
  { label: 'retries', cell: ({ retries }) => formatCount(retries), number: true },
  { label: 'tokens in', cell: ({ usage }) => formatCount(usage.input), number: true },
  { label: 'tokens out', cell: ({ usage }) => formatCount(usage.output), number: true },
  {
    label: 'mean latency',
    cell: ({ answered, latencyMs }) => (answered === 0 ? '–' : `${formatNumber(latencyMs / answered / 1000, 2)} s`),
    number: true,
  },
  { label: 'USD', cell: ({ usd }) => formatUsd(usd), number: true },
];

const NOTICES: readonly Column<Notice>[] = [
  { label: 'level', cell: ({ level }) => level },
  { label: 'code', cell: ({ code }) => code, mono: true },
  { label: 'node', cell: ({ node }) => node, mono: true },
  {
    label: 'message',
    cell: ({ message, hint }) =>
      html`${cutText(message, 2000)}${hint === undefined ? null : html`<br><span class="muted">${hint}</span>`}`,
  },
];

function toTime(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? 'at an unknown time' : date.toISOString();
}
