/** The report as Markdown: the same facts without pictures, for a pull request or a terminal. */

import { markdownTable, markdownText } from '#html/markdown.ts';
import { formatCount, formatNumber, formatShare } from '#html/text.ts';
import { toAnswers } from './answers.ts';
import type { DuelFacts, ReportFacts, RowsFacts, VerdictFacts } from './facts.ts';
import { nameJudge } from './name-judge.ts';
import { toChoiceCells, toEvidenceCells, toNumberCells } from './verdict-cells.ts';

const ROW_LIMIT = 500;

export function toMarkdown(facts: ReportFacts): string {
  return [
    `# ${markdownText(facts.title)}`,
    ...(facts.partial ? ['> Partial: some rows of the input failed or were not tried.'] : []),
    ...answerPart(facts),
    ...(facts.verdict === null ? [] : verdictPart(facts.verdict)),
    ...evidencePart(facts),
    ...flowPart(facts),
    ...(facts.duels === null ? [] : duelParts(facts.duels, facts)),
    ...lossPart(facts),
    ...(facts.duels === null ? [] : turnPart(facts.duels)),
    ...(facts.rows === null ? [] : rowParts(facts.rows)),
  ]
    .join('\n\n')
    .concat('\n');
}

function verdictPart(verdict: VerdictFacts): string[] {
  const choices = toChoiceCells(verdict);
  return [
    '## Verdict',
    `**${verdict.accepted ? 'Accepted' : 'Not accepted'}**`,
    ...(verdict.conditions.length === 0
      ? []
      : [
          verdict.conditions
            .map(
              ({ holds, detail, name }) =>
                `- ${holds ? 'holds' : '**fails**'}: ${markdownText(name)} (${markdownText(detail)})`,
            )
            .join('\n'),
        ]),
    markdownTable(['measure', 'value'], toNumberCells(verdict)),
    ...(choices.length === 0
      ? []
      : ['### With other judges', markdownTable(['left out', 'margin', 'interval', 'parsed', 'outcome'], choices)]),
    ...(verdict.notes.length === 0 ? [] : [verdict.notes.map((note) => `- ${markdownText(note)}`).join('\n')]),
  ];
}

function answerPart(facts: ReportFacts): string[] {
  const answers = toAnswers(facts);
  if (answers.length === 0) return [];
  return [
    '## In short',
    answers.map(({ question, answer }) => `- **${markdownText(question)}** ${markdownText(answer, 2000)}`).join('\n'),
  ];
}

function evidencePart({ evidence }: ReportFacts): string[] {
  if (evidence.length === 0) return [];
  return ['## Evidence', markdownTable(['name', 'value', 'n', 'interval', 'formula'], evidence.map(toEvidenceCells))];
}

function flowPart({ stages, duels, buckets }: ReportFacts): string[] {
  const rows = [
    ...stages.map(({ node, emitted, lost }) => [
      node,
      formatCount(emitted),
      lost.map(({ label, count }) => `${label} ${formatCount(count)}`).join(', '),
    ]),
    ...(duels === null
      ? []
      : [['duels', formatCount(duels.count), `unjudged ${formatCount(duels.count - duels.scored)}`]]),
    ...buckets.map(({ name, count }) => [`bucket ${name}`, formatCount(count), '']),
  ];
  return rows.length === 0 ? [] : ['## Rows', markdownTable(['stage', 'rows', 'not passed on'], rows)];
}

function duelParts(duels: DuelFacts, { buckets }: ReportFacts): string[] {
  const mean = duels.scored === 0 ? null : duels.scores.reduce((sum, score) => sum + score, 0) / duels.scored;
  return [
    '## Scores',
    `${formatCount(duels.scored)} of ${formatCount(duels.count)} duels have a score; mean ${formatNumber(mean)}.` +
      (buckets.length === 0
        ? ''
        : ` Buckets: ${buckets.map(({ name, count }) => `${markdownText(name)} ${formatCount(count)}`).join(', ')}.`),
    ...(duels.metrics.length === 0
      ? []
      : [
          markdownTable(
            ['dimension', 'n', 'mean', 'ahead', 'even', 'behind'],
            duels.metrics.map((each) => [
              each.dimension,
              String(each.n),
              formatNumber(each.mean),
              String(each.ahead),
              String(each.even),
              String(each.behind),
            ]),
          ),
        ]),
    ...(duels.judges.length === 0
      ? []
      : [
          '## Judges',
          markdownTable(
            ['judge', 'answers', 'parsed', 'mean', 'flips with the order', 'agrees with the others', 'panel'],
            duels.judges.map((each) => [
              nameJudge(each),
              String(each.asked),
              formatShare(each.parsed, each.asked),
              formatNumber(each.mean),
              formatShare(each.flips, each.compared),
              formatShare(each.agreed, each.shared),
              each.worth ?? '',
            ]),
          ),
        ]),
  ];
}

function lossPart({ losses }: ReportFacts): string[] {
  if (losses.length === 0) return [];
  const rows = losses.flatMap(({ node, code, count, examples }) => [
    [node, code, formatCount(count), examples.map(({ key, reason }) => `${key}: ${reason}`).join('; ')],
  ]);
  return ['## Rejections', markdownTable(['node', 'code', 'rows', 'examples'], rows)];
}

function turnPart({ turns, count, dimensions, other }: DuelFacts): string[] {
  if (turns.length === 0) return [];
  const rows = turns
    .slice(0, ROW_LIMIT)
    .map((turn) => [
      turn.instance,
      turn.turn === null ? '' : String(turn.turn),
      formatNumber(turn.score),
      turn.bucket ?? '',
      turn.kingStyle,
      turn.challengerStyle,
      ...dimensions.map((name) => formatNumber(turn.metrics[name])),
    ]);
  return [
    '## Turns',
    markdownTable(['instance', 'turn', 'score', 'bucket', other, 'challenger', ...dimensions], rows),
    ...moreRows(count),
  ];
}

function rowParts({ fields, columns, rows, count }: RowsFacts): string[] {
  return [
    '## Fields',
    markdownTable(
      ['field', 'type', 'rows', 'low', 'mean', 'high', 'most often'],
      fields.map((field) => [
        field.name,
        field.types.join(', '),
        formatCount(field.n),
        formatNumber(field.low),
        formatNumber(field.mean),
        formatNumber(field.high),
        field.common
          .slice(0, 3)
          .map(({ value, count: times }) => `${value} (${times})`)
          .join(', '),
      ]),
    ),
    '## Rows',
    markdownTable(
      columns.map(({ name }) => name),
      rows.slice(0, ROW_LIMIT).map((row) => row.map((cell) => (cell === null ? '' : String(cell)))),
    ),
    ...moreRows(count),
  ];
}

function moreRows(count: number): string[] {
  return count > ROW_LIMIT
    ? [`${formatCount(count - ROW_LIMIT)} more rows are in report.html or the data itself.`]
    : [];
}
