/** Reads the labels once, writes Markdown, a page, and what was measured. */

import type { JsonObject } from '#contract/json.ts';
import type { WholeContext, WholeItem } from '#contract/kind.ts';
import type { Evidence } from '#contract/row.ts';
import { MUTANT_CLASSES } from '#domain/mutate/operators/operator.ts';
import { barChart } from '#html/bar-chart.ts';
import { type Html, html } from '#html/escape.ts';
import { markdownTable, markdownText } from '#html/markdown.ts';
import { page } from '#html/page.ts';
import { table } from '#html/table.ts';
import { formatCount, formatShare } from '#html/text.ts';
import { wilson } from '#stats/intervals.ts';
import type { LabelReportConfig } from './config.ts';
import { type LabelSection, toSections } from './sections.ts';
import { type Counts, type LabelTally, tallyLabels, tallyYields } from './tally.ts';

export async function* runLabelReport(ctx: WholeContext<LabelReportConfig>): AsyncGenerator<WholeItem> {
  const { config, inputs } = ctx;
  const labels = await tallyLabels(inputs['from'], config.label);
  const yields = await tallyYields(inputs['yields']);
  const pool = inputs['pool'] === undefined ? null : await tallyLabels(inputs['pool'], config.label);
  const evidence = toEvidence(labels);
  const sections = toSections(labels, yields, pool);
  yield { type: 'file', path: 'labels.md', content: toMarkdown(config.title, labels, sections, ctx.partial) };
  yield { type: 'file', path: 'labels.html', content: await toPage(config.title, labels, sections, ctx.partial) };
  yield { type: 'file', path: 'labels.json', content: `${JSON.stringify({ evidence, sections }, null, 2)}\n` };
  for (const one of evidence) {
    const key = one.slice === undefined ? one.name : `${one.name}/${one.slice}`;
    yield { type: 'row', port: 'evidence', key, fields: one as unknown as JsonObject };
  }
}

function toEvidence(labels: LabelTally): Evidence[] {
  const { all } = labels;
  const share = (name: string, k: number, n: number, formula: string, slice?: string): Evidence => ({
    name,
    n,
    ...(n === 0
      ? { value: null, status: 'not_evaluable' as const }
      : { value: k / n, interval: wilson(k, n), status: 'ok' as const }),
    ...(slice === undefined ? {} : { slice }),
    formula,
  });
  const forgeable = [...labels.forgeable.values()].reduce((sum, count) => sum + count, 0);
  const mutants = MUTANT_CLASSES.flatMap((name) => labels.byClass.get(name) ?? []).reduce(plus, ZERO);
  const reference = labels.byClass.get('passing_reference') ?? ZERO;
  return [
    { name: 'labels', value: all.n, n: all.n, status: 'ok', formula: 'candidates with a label' },
    ...(['pass', 'fail', 'unknown'] as const).map((label) =>
      share('label_share', all[label], all.n, `labels ${label} / labels`, label),
    ),
    { name: 'unverified', value: all.unknown, n: all.n, status: 'ok', formula: 'labels unknown' },
    share('forgeable', forgeable, all.n, 'labels that hostile code could have forged / labels'),
    share('weak', labels.weak, all.n, 'labels by a backend that is no boundary / labels'),
    share('survival', mutants.pass, mutants.n, 'mutants that passed every test / mutants'),
    share('reference_pass', reference.pass, reference.n, 'references that passed / references'),
    ...[...labels.byOperator]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) =>
        share('survival', one.pass, one.n, 'its mutants that passed every test / its mutants', name),
      ),
  ];
}

const ZERO: Counts = { n: 0, pass: 0, fail: 0, unknown: 0 };
const plus = (a: Counts, b: Counts): Counts => ({
  n: a.n + b.n,
  pass: a.pass + b.pass,
  fail: a.fail + b.fail,
  unknown: a.unknown + b.unknown,
});

const PARTIAL = 'Partial: some rows of the input failed or were not tried.';

function lead({ all, tests, weak }: LabelTally): string {
  const parts = [
    `${formatCount(all.n)} candidates over ${formatCount(tests)} sets of tests`,
    `${formatCount(all.pass)} pass`,
    `${formatCount(all.fail)} fail`,
    `${formatCount(all.unknown)} unverified (${formatShare(all.unknown, all.n)})`,
    ...(weak > 0 ? [`${formatCount(weak)} by a backend that is no boundary`] : []),
  ];
  return `${parts.join(', ')}.`;
}

function toMarkdown(title: string, labels: LabelTally, sections: readonly LabelSection[], partial: boolean): string {
  return [
    `# ${markdownText(title)}`,
    ...(partial ? [`> ${PARTIAL}`] : []),
    lead(labels),
    ...sections.flatMap((one) => [`## ${one.title}`, one.note, markdownTable(one.head, one.rows)]),
  ]
    .join('\n\n')
    .concat('\n');
}

async function toPage(
  title: string,
  labels: LabelTally,
  sections: readonly LabelSection[],
  partial: boolean,
): Promise<string> {
  const chart = await survivalChart(labels);
  const body = html`<main>
<header><h1>${title}</h1>${partial ? html`<p class="warn">${PARTIAL}</p>` : null}
<p>${lead(labels)}</p>
<nav>${sections.map((one) => html`<a href="#${one.id}">${one.title}</a>`)}</nav></header>
${sections.map(
  (one) => html`<section id="${one.id}"><h2>${one.title}</h2><p class="muted">${one.note}</p>
${one.id === 'operators' ? chart : null}
${table({
  rows: one.rows,
  columns: one.head.map((label, at) => ({
    label,
    number: at > 0 && label !== 'dropped',
    cell: (row: readonly string[]) => row[at],
  })),
})}</section>\n`,
)}
</main>`;
  return page({ title, body });
}

async function survivalChart({ byOperator }: LabelTally): Promise<Html | null> {
  const bars = [...byOperator]
    .map(([label, { pass, n }]) => ({ label, value: n === 0 ? 0 : (100 * pass) / n }))
    .sort((a, b) => b.value - a.value || (a.label < b.label ? -1 : 1));
  if (bars.length === 0) return null;
  const chart = await barChart({ bars, xLabel: 'mutants that passed every test, %', title: 'Survival by operator' });
  return html`<figure class="panel">${chart}<figcaption>Survival by operator.</figcaption></figure>`;
}
