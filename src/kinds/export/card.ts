/** README.md: a dataset card with the header that the Hugging Face hub reads. */

import { stringify } from 'yaml';
import { toVisible } from '#html/escape.ts';
import { formatCount } from '#html/text.ts';
import { type About, descriptionOf, licensesOf, splitPattern, titleOf } from './about.ts';
import { toFeature } from './features.ts';
import { sortLicenses, toLicenseTag } from './license-tag.ts';
import type { FormatSurvey } from './survey.ts';

export function toCard(about: About): string {
  // YAML 1.1 is what the hub's reader speaks: words such as `no`, and dates, must come out quoted.
  const header = stringify(toHeader(about), { version: '1.1', lineWidth: 0 });
  return `---\n${header}---\n\n${toBody(about)}`;
}

function toHeader(about: About): { readonly [key: string]: unknown } {
  const { surveys } = about;
  const rows = Math.max(0, ...surveys.map(rowsOf));
  const licenses = sortLicenses(licensesOf(about)).filter(([spdx]) => spdx !== '');
  const tags = [...new Set(licenses.map(([spdx]) => toLicenseTag(spdx)))];
  const isWhole = licensesOf(about).get('') === undefined && tags.length > 0;
  return {
    pretty_name: titleOf(about),
    // A row without a licence leaves the whole unlicensed, whatever the others say.
    license: isWhole ? (tags.length === 1 ? tags[0] : tags) : 'unknown',
    size_categories: [sizeCategory(rows)],
    task_categories: ['text-generation'],
    tags: ['code', 'agent', ...surveys.map(({ format }) => format)],
    configs: surveys.filter((each) => rowsOf(each) > 0).map((each, at) => toConfig(about, each, at === 0)),
    dataset_info: surveys.map((each) => toInfo(about, each)),
  };
}

function toConfig(about: About, { format, splits }: FormatSurvey, isFirst: boolean) {
  const filled = [...splits].filter(([, { rows }]) => rows > 0);
  return {
    config_name: format,
    ...(isFirst ? { default: true } : {}),
    data_files: filled.map(([split]) => ({ split, path: splitPattern(about, format, split) })),
  };
}

function toInfo(about: About, { format, splits, columns }: FormatSurvey) {
  const features = columns.map(toFeature);
  const bytesOf = (split: string) =>
    about.files
      .filter((file) => file.format === format && file.split === split)
      .reduce((sum, { bytes }) => sum + bytes, 0);
  const sizes = [...splits].map(([name, { rows }]) => ({ name, num_bytes: bytesOf(name), num_examples: rows }));
  const total = sizes.reduce((sum, { num_bytes }) => sum + num_bytes, 0);
  return {
    config_name: format,
    // A wrong schema is worse than none: with one column of mixed values a reader finds out by itself.
    ...(features.includes(null) ? {} : { features }),
    splits: sizes,
    download_size: total,
    dataset_size: total,
  };
}

function rowsOf({ splits }: FormatSurvey): number {
  return [...splits.values()].reduce((sum, { rows }) => sum + rows, 0);
}

function sizeCategory(rows: number): string {
  const steps = ['1K', '10K', '100K', '1M', '10M', '100M', '1B', '10B', '100B', '1T'];
  const at = steps.findIndex((_, place) => rows < 10 ** (place + 3));
  return at < 0 ? 'n>1T' : at === 0 ? 'n<1K' : `${steps[at - 1]}<n<${steps[at]}`;
}

// ---- body -------------------------------------------------------------------------------------------------------

function toBody(about: About): string {
  const { config, surveys } = about;
  const parts = [
    `# ${inline(titleOf(about))}`,
    block(descriptionOf(about)),
    '## Files',
    table(
      ['config', 'split', 'rows', 'files'],
      surveys.flatMap((survey) =>
        [...survey.splits].map(([split, { rows }]) => [
          survey.format,
          split,
          formatCount(rows),
          code(splitPattern(about, survey.format, split)),
        ]),
      ),
    ),
    'Digests of all files are in `manifest.json`; `croissant.json` describes them for machines.',
    ...surveys.flatMap(({ format, columns }) => [
      `### ${format}`,
      table(
        ['field', 'type'],
        columns.map(({ name, column }) => [
          code(name),
          column.type === 'records' ? `list of {${column.members.map(inline).join(', ')}}` : column.type,
        ]),
      ),
    ]),
    '## Licences',
    table(
      ['licence', 'rows'],
      sortLicenses(licensesOf(about)).map(([spdx, rows]) => [
        spdx === '' ? 'not named' : inline(spdx),
        formatCount(rows),
      ]),
    ),
    ...leftOut(surveys),
    ...(config.split === undefined
      ? []
      : [`Rows that are equal in ${code(config.split.by)} are in one split only (seed ${config.split.seed ?? 0}).`]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function leftOut(surveys: readonly FormatSurvey[]): string[] {
  const rows = surveys.flatMap(({ format, dropped }) =>
    [...dropped]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([reason, count]) => [format, code(reason), formatCount(count)]),
  );
  return rows.length === 0 ? [] : ['## Left out', table(['config', 'reason', 'rows'], rows)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `| ${head.map(() => '---').join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** One line of plain text: nothing in it is Markdown or markup. */
function inline(text: string): string {
  return toVisible(text)
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]()<>#|!~&]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Paragraphs of plain text. */
function block(text: string): string {
  return text
    .split(/\n{2,}/)
    .map(inline)
    .join('\n\n');
}

/** A code span that nothing in it can close, in a cell that nothing in it can end. */
function code(text: string): string {
  return /^[\w.,*/ {}:@-]+$/.test(text) ? `\`${text}\`` : inline(text);
}
