/** The sections of the page, each from its facts. */

import { barChart } from '#html/bar-chart.ts';
import { type Html, html } from '#html/escape.ts';
import { type HistogramOptions, histogram } from '#html/histogram.ts';
import { sankeyChart } from '#html/sankey.ts';
import { table } from '#html/table.ts';
import { cutText, formatCount, formatNumber, formatShare } from '#html/text.ts';
import { toAnswers } from './answers.ts';
import type { DuelFacts, ReportFacts, RowsFacts, VerdictFacts } from './facts.ts';
import { toFlow } from './flow.ts';
import { nameJudge } from './name-judge.ts';
import { toChoiceCells, toEvidenceCells, toNumberCells } from './verdict-cells.ts';

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

export function verdictSection(verdict: VerdictFacts): Section {
  const { conditions, notes } = verdict;
  const choices = toChoiceCells(verdict);
  const body = html`<div class="panel banner ${verdict.accepted ? 'is-good' : 'is-bad'}">
<strong class="${verdict.accepted ? 'good' : 'bad'}">${verdict.accepted ? 'Accepted' : 'Not accepted'}</strong>
${conditions.map(({ name, holds, detail }) => html`<div class="condition"><span class="badge ${holds ? 'is-good' : 'is-bad'}">${holds ? 'holds' : 'fails'}</span> ${name} <span class="muted">${detail}</span></div>`)}
</div>
${table({
  rows: toNumberCells(verdict),
  columns: [
    { label: 'measure', cell: ([name]) => name },
    { label: 'value', cell: ([, value]) => value },
  ],
})}
${
  choices.length === 0
    ? null
    : html`<h3>With other judges</h3>${table({
        rows: choices,
        columns: ['left out', 'margin', 'interval', 'parsed', 'outcome'].map((label, at) => ({
          label,
          number: label === 'margin' || label === 'parsed',
          cell: (row: string[]) => row[at],
        })),
      })}`
}
<h3>Beside the numbers</h3>
<ul class="muted small">${notes.map((note) => html`<li>${note}</li>`)}</ul>`;
  return { id: 'verdict', title: 'Verdict', body };
}

/** Null where nothing that a reader would ask is known. */
export function answerSection(facts: ReportFacts): Section | null {
  const answers = toAnswers(facts);
  if (answers.length === 0) return null;
  const body = html`<dl class="panel answers">${answers.map(
    ({ question, answer, isAlarm }) =>
      html`<dt>${question}</dt><dd class="${isAlarm ? 'warn' : ''}">${cutText(answer, 2000)}</dd>`,
  )}</dl>`;
  return { id: 'answers', title: 'In short', body };
}

export function evidenceSection({ evidence }: ReportFacts): Section {
  const body = table({
    rows: evidence.map(toEvidenceCells),
    columns: ['name', 'value', 'n', 'interval', 'formula'].map((label, at) => ({
      label,
      number: label === 'n',
      cell: (row: string[]) => row[at],
    })),
  });
  return { id: 'evidence', title: 'Evidence', body };
}

export async function flowSection({ stages, duels, buckets }: ReportFacts): Promise<Section | null> {
  const ends =
    duels === null || buckets.length > 0
      ? buckets
      : [
          { name: 'scored', count: duels.scored },
          { name: 'unjudged', count: duels.count - duels.scored },
        ];
  const flow = toFlow(stages, duels?.count ?? null, ends);
  if (flow.links.length === 0) return null;
  const height = Math.min(640, 200 + 16 * flow.nodes.length);
  const chart = await sankeyChart({ ...flow, title: 'Rows through the pipeline', height });
  const body = html`<figure class="panel">${chart}<figcaption>Rows that went on, and what became of the others.</figcaption></figure>`;
  return { id: 'flow', title: 'Where the rows went', body };
}

export async function scoreSection(duels: DuelFacts, { buckets }: ReportFacts): Promise<Section> {
  const scores = await histogram({
    values: duels.scores,
    domain: [0, 100],
    bins: 20,
    xLabel: 'score of the challenger',
    yLabel: 'turns',
    title: 'Scores of the duels',
    width: 520,
  });
  const counts =
    buckets.length === 0
      ? null
      : await barChart({
          bars: buckets.map(({ name, count }) => ({ label: name, value: count })),
          xLabel: 'turns',
          title: 'Turns by bucket',
          width: 420,
        });
  const body = html`<div class="charts"><figure class="panel">${scores}<figcaption>100: every judge prefers the challenger in every dimension; 50: no difference.</figcaption></figure>
${counts === null ? null : html`<figure class="panel">${counts}<figcaption>Turns by bucket.</figcaption></figure>`}</div>
${
  duels.metrics.length === 0
    ? null
    : html`<h3>By dimension</h3>${table({
        rows: duels.metrics,
        columns: [
          { label: 'dimension', cell: ({ dimension }) => dimension },
          { label: 'turns', number: true, cell: ({ n }) => formatCount(n) },
          { label: 'mean', number: true, cell: ({ mean }) => formatNumber(mean, 1) },
          { label: 'challenger ahead', number: true, cell: ({ ahead, n }) => `${ahead} (${formatShare(ahead, n)})` },
          { label: 'even', number: true, cell: ({ even, n }) => `${even} (${formatShare(even, n)})` },
          {
            label: `${duels.other} ahead`,
            number: true,
            cell: ({ behind, n }) => `${behind} (${formatShare(behind, n)})`,
          },
        ],
      })}`
}`;
  return { id: 'scores', title: 'Scores', body };
}

/** The word as a badge; the reasons may be long, and wrap. */
function describeWorth(worth: string | null): Html | string {
  if (worth === null) return '';
  const colon = worth.indexOf(': ');
  const [word, reasons] = colon === -1 ? [worth, ''] : [worth.slice(0, colon), worth.slice(colon + 2)];
  return html`<span class="${worth.startsWith('keep') ? 'badge' : 'badge is-warn'}">${cutText(word, 100)}</span> ${cutText(reasons, 300)}`;
}

export function judgeSection({ judges }: DuelFacts): Section {
  const body = html`${table({
    rows: judges,
    columns: [
      { label: 'judge', cell: nameJudge },
      { label: 'answers', number: true, cell: ({ asked }) => formatCount(asked) },
      { label: 'parsed', number: true, cell: ({ parsed, asked }) => formatShare(parsed, asked) },
      { label: 'turns judged', number: true, cell: ({ turns }) => formatCount(turns) },
      { label: 'mean', number: true, cell: ({ mean }) => formatNumber(mean, 1) },
      { label: 'flips', number: true, cell: ({ flips, compared }) => formatShare(flips, compared) },
      { label: 'agreement', number: true, cell: ({ agreed, shared }) => formatShare(agreed, shared) },
      {
        label: 'not parsed',
        cell: ({ unparsed }) =>
          Object.entries(unparsed).map(([code, count]) => html`<span class="badge is-warn">${code} ${count}</span> `),
      },
      { label: 'panel', cell: ({ worth }) => describeWorth(worth) },
    ],
  })}
<p class="muted small">Flips: dimensions where the choice turned with the order in which the answers were shown, of those with a choice in both orders. Agreement: turns on which this judge and another favour the same side, or neither, of all turns that both judged.</p>`;
  return { id: 'judges', title: 'Judges', body };
}

export function styleSection({ styles, other }: DuelFacts): Section {
  const body = table({
    rows: styles,
    columns: [
      { label: 'action', cell: ({ style }) => style },
      { label: other, number: true, cell: ({ king }) => formatCount(king) },
      { label: 'challenger', number: true, cell: ({ challenger }) => formatCount(challenger) },
      { label: 'mean score of the challenger', number: true, cell: ({ mean }) => formatNumber(mean, 1) },
    ],
  });
  return { id: 'actions', title: 'Actions', body };
}

export function lossSection({ losses }: ReportFacts): Section {
  const body = table({
    rows: losses,
    columns: [
      { label: 'node', cell: ({ node }) => node },
      { label: 'code', cell: ({ code }) => html`<span class="badge is-warn">${cutText(code, 80)}</span>` },
      { label: 'rows', number: true, cell: ({ count }) => formatCount(count) },
      {
        label: 'examples',
        cell: ({ examples }) =>
          examples.map(
            ({ key, reason }) =>
              html`<div class="small"><span class="mono">${cutText(key, 160)}</span> <span class="muted">${cutText(reason, 300)}</span></div>`,
          ),
      },
    ],
  });
  return { id: 'rejections', title: 'Rejections', body };
}

export async function fieldSection({ fields }: RowsFacts): Promise<Section> {
  const charts: Html[] = [];
  for (const { name, values, low, high, common } of fields) {
    if (charts.length >= 8) break;
    const title = cutText(name, 60);
    if (low !== null && high !== null && high > low)
      charts.push(
        html`<figure class="panel">${await histogram({ values, ...binsFor(low, high, values), xLabel: title, yLabel: 'rows', title, width: 460 })}</figure>`,
      );
    else if (common.length > 1)
      charts.push(
        html`<figure class="panel">${await barChart({ bars: common.slice(0, 10).map(({ value, count }) => ({ label: value, value: count })), xLabel: 'rows', title, width: 460 })}<figcaption>${title}</figcaption></figure>`,
      );
  }
  const body = html`${table({
    rows: fields,
    columns: [
      { label: 'field', cell: ({ name }) => cutText(name, 100) },
      { label: 'type', cell: ({ types }) => types.join(', ') },
      { label: 'rows', number: true, cell: ({ n }) => formatCount(n) },
      { label: 'low', number: true, cell: ({ low }) => formatNumber(low) },
      { label: 'mean', number: true, cell: ({ mean }) => formatNumber(mean) },
      { label: 'high', number: true, cell: ({ high }) => formatNumber(high) },
    ],
  })}${charts.length === 0 ? null : html`<div class="charts">${charts}</div>`}`;
  return { id: 'fields', title: 'Fields', body };
}

export function tableSection(shown: number, count: number, hasTexts: boolean, title: string): Section {
  const body = html`${shown < count ? html`<p class="muted">The first ${formatCount(shown)} of ${formatCount(count)} rows.</p>` : null}
${hasTexts ? null : html`<p class="muted">Texts of the later rows did not fit into the page; raise <code>max_bytes</code> to hold more.</p>`}
<div id="row-table"><noscript><p>The table needs the page's script; report.md holds it as text.</p></noscript></div>
<section id="viewer" class="panel" hidden></section>`;
  return { id: 'table', title, body };
}

/** A bin a number where numbers are few and whole, so that gaps are real. */
function binsFor(low: number, high: number, values: readonly number[]): Pick<HistogramOptions, 'domain' | 'bins'> {
  const isFew = high - low < 40 && values.every(Number.isInteger);
  return isFew ? { domain: [low, high + 1], bins: high - low + 1 } : { domain: [low, high], bins: 20 };
}
