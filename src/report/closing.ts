/** What stands at the end of a run: the balance of rows, the trouble by code with an example, what was published, totals. */

import type { RunOutcome } from '#contract/event.ts';
import { toBalance } from './balance.ts';
import { NO_STYLE, type Style, type Tone } from './style.ts';
import { hasEnded, isBalanced, type NodeView, nodesOf, type Summary } from './summary.ts';
import { formatBytes, formatDuration, formatUsd, padEnd, plural, toLine } from './text.ts';
import { type CountedTrouble, troublesOf } from './troubles.ts';

const SHOWN_TROUBLES = 60;

export interface ClosingOptions {
  readonly style?: Style;
  /** Nodes in the balance; the others are summed up in one line, so that the balance stays whole. */
  readonly nodeLimit?: number;
  readonly columns?: number;
}

export function toClosing(
  summary: Summary,
  { style = NO_STYLE, nodeLimit = 200, columns = Number.POSITIVE_INFINITY }: ClosingOptions = {},
): string[] {
  return [
    ...section('balance of rows', toBalance(summary, nodeLimit, columns - 2), style),
    ...unbalanced(summary, style),
    ...section('trouble', troubleLines(summary, style), style),
    ...section('measured', evidenceLines(summary), style),
    ...section('fetched', fetchedLines(summary), style),
    ...section('published', publishedLines(summary), style),
    '',
    outcomeLine(summary, style),
    totalsLine(summary),
  ];
}

function section(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : ['', style('strong', title), ...lines.map((line) => `  ${line}`)];
}

/** The engine counts every row once; if it ever did not, nobody should trust the run. */
function unbalanced(summary: Summary, style: Style): string[] {
  return [...nodesOf(summary)]
    .filter((node) => hasEnded(node) && !isBalanced(node))
    .map(({ header, counts }) => {
      const { emitted, consumed, rejected, failed, untried } = counts;
      const sum = `${emitted} + ${consumed} + ${rejected} + ${failed} + ${untried}`;
      return style('bad', `  ✘ ${header.id}: ${counts.in} rows came in, but ${sum} are accounted for`);
    });
}

// ---- trouble ----------------------------------------------------------------------------------------------------

function troubleLines(summary: Summary, style: Style): string[] {
  const lines: string[] = [];
  const hinted = new Set<string>();
  let left = 0;
  for (const node of nodesOf(summary)) {
    const own = [
      ...reasonLines(node, style),
      ...troublesOf(node).flatMap((trouble) => [
        troubleLine(node, trouble, style),
        ...hintLines(trouble, hinted, style),
      ]),
    ];
    for (const line of own) {
      if (lines.length < SHOWN_TROUBLES) lines.push(line);
      else left++;
    }
  }
  return left === 0 ? lines : [...lines, style('dim', `… ${left} more`)];
}

function reasonLines(node: NodeView, style: Style): string[] {
  const { state, reason, header } = node;
  if (reason === null || !(state === 'failed' || state === 'blocked' || state === 'stopped')) return [];
  const tone: Tone = state === 'failed' ? 'bad' : 'warn';
  return [`${header.id}: ${style(tone, `${state} ${toLine(reason.code, 60)}`)}: ${toLine(reason.message)}`];
}

const TONES: { readonly [disposition: string]: Tone } = { failed: 'bad', untried: 'warn' };

function troubleLine(node: NodeView, trouble: CountedTrouble, style: Style): string {
  const { disposition, code, count, row, message } = trouble;
  const head = `${node.header.id}: ${style(TONES[disposition] ?? 'strong', `${disposition} ${toLine(code, 60)}`)}, ${plural(count, 'row')}`;
  return row === '' ? head : `${head}, e.g. ${toLine(row, 120)}${message === '' ? '' : `: ${toLine(message, 240)}`}`;
}

/** Once a code, under the first that has it: what to do about it is the same everywhere. */
function hintLines({ code, hint }: CountedTrouble, hinted: Set<string>, style: Style): string[] {
  if (hint === null || hinted.has(code)) return [];
  hinted.add(code);
  return [style('dim', `  hint: ${toLine(hint, 300)}`)];
}

// ---- published, outcome, totals ---------------------------------------------------------------------------------

/** A line a node: what gates could ask for. */
function evidenceLines(summary: Summary): string[] {
  return [...nodesOf(summary)].flatMap(({ header, evidence }) => {
    if (evidence === null) return [];
    const values = Object.entries(evidence).map(
      ([name, value]) => `${name} ${typeof value === 'number' ? roundTo4(value) : value}`,
    );
    return values.length === 0 ? [] : [`${toLine(header.id)}: ${toLine(values.join(', '))}`];
  });
}

function roundTo4(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

/** What remote datasets cost, node by node. */
function fetchedLines({ fetched }: Summary): string[] {
  return [...fetched].map(([node, { requests, bytes, retries, cachedBytes }]) => {
    const more = [
      ...(retries > 0 ? [plural(retries, 'retry', 'retries')] : []),
      ...(cachedBytes > 0 ? [`${formatBytes(cachedBytes)} from the store`] : []),
    ];
    return [`${toLine(node ?? 'names')}: ${plural(requests, 'request')}`, formatBytes(bytes), ...more].join(', ');
  });
}

function publishedLines(summary: Summary): string[] {
  const nodes = [...nodesOf(summary)].filter((node) => node.published !== null);
  const width = Math.max(0, ...nodes.map((node) => node.header.id.length));
  return nodes.map(({ header, published }) => {
    if (published === null) return '';
    const { to, files, written, removed } = published;
    const changes = [
      ...(written > 0 ? [`${written} written`] : []),
      ...(removed > 0 ? [`${removed} removed`] : []),
      ...(written + removed === 0 ? ['unchanged'] : []),
    ];
    return `${padEnd(header.id, width)}  ${toLine(to)}  ${plural(files, 'file')}, ${changes.join(', ')}`;
  });
}

const OUTCOMES: { readonly [outcome in RunOutcome]: readonly [Tone, string] } = {
  done: ['good', 'done'],
  failed: ['bad', 'failed'],
  gated: ['warn', 'a required gate is not open'],
  frozen: ['warn', 'frozen and out of date'],
  spent: [
    'warn',
    'stopped: the budget is spent; what is done is kept, and a run with a larger --budget goes on from here',
  ],
  stopped: ['warn', 'stopped; what is done is kept, and a later run goes on from here'],
};

function outcomeLine(summary: Summary, style: Style): string {
  const { finished, startedAt, at } = summary;
  const [tone, words] = finished === null ? (['warn', 'unfinished'] as const) : OUTCOMES[finished.outcome];
  const lock = finished?.lock === undefined ? '' : `, lock ${toLine(finished.lock)}`;
  return `${style(tone, words)} after ${formatDuration(at - startedAt)}${lock}`;
}

/** Read by scripts: its form is documented in the README and does not change. */
export function totalsLine({ totals }: Summary): string {
  const { rowsRun, rowsReused, calls, reusedCalls, usd } = totals;
  return `rows run ${rowsRun}, rows reused ${rowsReused}, calls made ${calls}, calls reused ${reusedCalls}, USD ${formatUsd(usd)}`;
}
