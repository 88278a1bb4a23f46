/** Numbers of a verdict and of evidence as cells, the same in Markdown and on the page. */

import type { Json, JsonObject } from '#contract/json.ts';
import type { Evidence } from '#contract/row.ts';
import { cutText, formatCount, formatNumber } from '#html/text.ts';
import { isObject } from '#util/json-object.ts';
import { listOf } from './answers.ts';
import type { VerdictFacts } from './facts.ts';

const LABELS: { readonly [name: string]: string } = {
  margin: 'margin: mean over parsed duels of challenger - king',
  interval: 'its interval',
  king_mean: 'mean of the king',
  challenger_mean: 'mean of the challenger',
  worst_case: 'margin with every unparsed duel lost',
  p_value: 'p-value, one-sided permutation test over clusters',
  parsed_fraction: 'parsed duels / duels',
  turns: 'duels',
  clusters: 'clusters',
};

/** Told in a part of their own: the conditions, the answers, the notes. */
const ELSEWHERE = [
  'accepted',
  'judges',
  'leave_one_out',
  'all_judges',
  'excluded',
  'decide',
  'lost',
  'survivorship',
  'power',
];

export function toNumberCells({ numbers }: VerdictFacts): [string, string][] {
  const known = Object.keys(LABELS).filter((name) => Object.hasOwn(numbers, name));
  const others = Object.keys(numbers).filter((name) => !ELSEWHERE.includes(name) && !Object.hasOwn(LABELS, name));
  return [...known, ...others.sort()].map((name) => [
    LABELS[name] ?? name.replaceAll('_', ' '),
    toText(numbers[name] ?? null),
  ]);
}

/** One line a choice of judges: who is left out, margin, interval, outcome and what fails. */
export function toChoiceCells({ numbers }: VerdictFacts): string[][] {
  const line = (name: string, { margin, interval, parsed, accepted, failed }: JsonObject): string[] => [
    name,
    toText(margin ?? null),
    toText(interval ?? null),
    toText(parsed ?? null),
    accepted === true ? 'accepted' : `not accepted: ${listOfTexts(failed).join(', ')}`,
  ];
  const all = numbers['all_judges'];
  return [
    ...(isObject(all) ? [line('nobody: those that the panel excludes count too', all)] : []),
    ...listOf(numbers['leave_one_out']).map((each) => line(String(each['without'] ?? ''), each)),
  ];
}

function listOfTexts(value: Json | undefined): string[] {
  return Array.isArray(value) ? (value as readonly Json[]).map(String) : [];
}

/** name, value, n, interval, formula */
export function toEvidenceCells(evidence: Evidence): string[] {
  const { name, value, n, interval, status, slice, formula } = evidence;
  return [
    slice === undefined ? name : `${name} (${slice})`,
    status === 'ok' ? toText(value) : status.replace('_', ' '),
    n === undefined ? '' : formatCount(n),
    interval === undefined ? '' : toText(interval),
    formula ?? '',
  ];
}

function toText(value: Json): string {
  if (value === null) return '–';
  if (typeof value === 'number') return formatNumber(value, Math.abs(value) < 1 ? 4 : 2);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return cutText(value, 300);
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    return items.length === 2 && items.every((item) => typeof item === 'number')
      ? `${toText(items[0] ?? null)} to ${toText(items[1] ?? null)}`
      : items.map(toText).join('; ');
  }
  const members = value as JsonObject;
  return Object.keys(members)
    .sort()
    .map((name) => `${name.replaceAll('_', ' ')} ${toText(members[name] ?? null)}`)
    .join(', ');
}
