/** The report as one self-contained page. */

import { type Html, html } from '#html/escape.ts';
import { page } from '#html/page.ts';
import { formatCount, formatNumber } from '#html/text.ts';
import type { Cell, Detail, DuelFacts, ReportFacts } from './facts.ts';
import {
  answerSection,
  evidenceSection,
  fieldSection,
  flowSection,
  judgeSection,
  lossSection,
  type Section,
  scoreSection,
  styleSection,
  tableSection,
  verdictSection,
} from './page-parts.ts';
import { BLOCK, VIEWER_SCRIPT, VIEWER_STYLES } from './viewer.ts';

interface RowTable {
  readonly columns: readonly { readonly label: string; readonly number?: boolean; readonly filter?: boolean }[];
  readonly rows: readonly (readonly Cell[])[];
  readonly details: readonly (Detail | null)[];
}

export async function toPage(facts: ReportFacts): Promise<string> {
  const { duels, rows } = facts;
  const rowTable =
    duels !== null ? duelTable(duels) : rows !== null ? { ...rows, columns: rows.columns.map(toColumn) } : null;
  const hasTexts = !(rowTable?.details.includes(null) ?? false);
  const sections: (Section | null)[] = [
    answerSection(facts),
    facts.verdict === null ? null : verdictSection(facts.verdict),
    await flowSection(facts),
    duels === null ? null : await scoreSection(duels, facts),
    duels === null || duels.judges.length === 0 ? null : judgeSection(duels),
    duels === null ? null : styleSection(duels),
    facts.losses.length === 0 ? null : lossSection(facts),
    facts.evidence.length === 0 ? null : evidenceSection(facts),
    rows === null ? null : await fieldSection(rows),
    duels === null ? null : tableSection(duels.turns.length, duels.count, hasTexts, 'Turns'),
    rows === null ? null : tableSection(rows.rows.length, rows.count, hasTexts, 'Rows'),
  ];
  const present = sections.filter((section) => section !== null);
  const body = html`<main>
<header><h1>${facts.title}</h1>${facts.partial ? html`<p class="warn">Partial: some rows of the input failed or were not tried.</p>` : null}
${present.length === 0 ? html`<p class="muted">There are no rows to report on.</p>` : html`<nav>${present.map(({ id, title }) => html`<a href="#${id}">${title}</a>`)}</nav>`}
${keyFigures(facts)}</header>
${present.map(({ id, title, body: inner }) => html`<section id="${id}"><h2>${title}</h2>${inner}</section>\n`)}
</main>`;
  return page({
    title: facts.title,
    body,
    styles: VIEWER_STYLES,
    ...(rowTable === null ? {} : { script: VIEWER_SCRIPT, data: toBlocks(rowTable) }),
  });
}

function keyFigures({ duels, verdict, losses, rows }: ReportFacts): Html | null {
  const facts: [string, string][] = [];
  if (duels !== null) {
    const mean = duels.scored === 0 ? null : duels.scores.reduce((sum, score) => sum + score, 0) / duels.scored;
    facts.push(
      ['duels', formatCount(duels.count)],
      ['with a score', formatCount(duels.scored)],
      ['mean score', formatNumber(mean, 1)],
    );
  }
  const margin = verdict?.numbers['margin'];
  if (typeof margin === 'number') facts.push(['margin', formatNumber(margin, 2)]);
  if (losses.length > 0) facts.push(['rejected', formatCount(losses.reduce((sum, { count }) => sum + count, 0))]);
  if (rows !== null) facts.push(['rows', formatCount(rows.count)], ['fields', formatCount(rows.fields.length)]);
  if (facts.length === 0) return null;
  return html`<div class="facts">${facts.map(([label, value]) => html`<div class="fact"><div class="value">${value}</div><div class="label">${label}</div></div>`)}</div>`;
}

function duelTable({ turns, dimensions, details, other }: DuelFacts): RowTable {
  return {
    columns: [
      { label: 'instance' },
      { label: 'turn', number: true },
      { label: 'score', number: true },
      { label: 'bucket', filter: true },
      { label: other, filter: true },
      { label: 'challenger', filter: true },
      { label: 'flips', number: true },
      ...dimensions.map((label) => ({ label, number: true })),
    ],
    rows: turns.map((turn) => [
      turn.instance,
      turn.turn,
      turn.score,
      turn.bucket,
      turn.kingStyle,
      turn.challengerStyle,
      turn.flips,
      ...dimensions.map((name) => turn.metrics[name] ?? null),
    ]),
    details,
  };
}

function toColumn({
  name,
  isNumber,
}: {
  readonly name: string;
  readonly isNumber: boolean;
}): RowTable['columns'][number] {
  return { label: name, number: isNumber, filter: !isNumber };
}

/** Details apart from the table, a hundred to a block, so that a page of many rows opens at once. */
function toBlocks({ columns, rows, details }: RowTable): { [id: string]: unknown } {
  const blocks: { [id: string]: unknown } = { 'data-rows': { columns, rows, block: BLOCK } };
  for (let from = 0; from < details.length; from += BLOCK) {
    const block = details.slice(from, from + BLOCK);
    if (block.some((detail) => detail !== null)) blocks[`data-${from / BLOCK}`] = block;
  }
  return blocks;
}
