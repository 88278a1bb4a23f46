/** The report as tables of text, once for both of its forms. */

import { CANDIDATE_CLASSES } from '#domain/mutate/make-candidates.ts';
import { OPERATORS } from '#domain/mutate/operators.ts';
import { formatCount, formatShare } from '#html/text.ts';
import type { Counts, LabelTally, OperatorCounts } from './tally.ts';

export interface LabelSection {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function toSections(
  labels: LabelTally,
  yields: ReadonlyMap<string, OperatorCounts>,
  pool: LabelTally | null,
): LabelSection[] {
  const sections = [classSection(labels, pool), operatorSection(labels, yields, pool), sourceSection(labels)];
  const statuses = counts('statuses', 'Statuses', 'What the runs came to.', 'status', labels.byStatus);
  const policies = counts('policies', 'Policies', 'The rules that the runs were held to.', 'policy', labels.byPolicy);
  const forgeable = counts(
    'forgeable',
    'Forgeable',
    'Labels that hostile code could have forged, and why.',
    'because',
    labels.forgeable,
  );
  return [...sections, statuses, policies, forgeable].filter(({ rows }) => rows.length > 0);
}

function classSection(labels: LabelTally, pool: LabelTally | null): LabelSection {
  const names = inOrder(labels.byClass.keys(), CANDIDATE_CLASSES);
  return {
    id: 'classes',
    title: 'Classes',
    note: 'Unknown labels are unverified: nothing is assumed of them.',
    head: ['class', 'candidates', 'pass', 'fail', 'unknown', ...(pool === null ? [] : ['in pools'])],
    rows: names.map((name) => [
      name,
      ...cells(labels.byClass.get(name)),
      ...(pool === null ? [] : [formatCount(pool.byClass.get(name)?.n ?? 0)]),
    ]),
  };
}

function operatorSection(
  labels: LabelTally,
  yields: ReadonlyMap<string, OperatorCounts>,
  pool: LabelTally | null,
): LabelSection {
  const names = inOrder(
    new Set([...yields.keys(), ...labels.byOperator.keys()]),
    OPERATORS.map(({ name }) => name),
  );
  const hasYields = yields.size > 0;
  return {
    id: 'operators',
    title: 'Operators',
    note: 'Survival: the share of a mutation operator’s labelled mutants that passed every test. Those are no negatives, and suspected to be equivalent.',
    head: [
      'operator',
      ...(hasYields ? ['made', 'dropped'] : []),
      'labelled',
      'fail',
      'survived',
      'unknown',
      ...(pool === null ? [] : ['in pools']),
    ],
    rows: names.map((name) => {
      const one = labels.byOperator.get(name) ?? { n: 0, pass: 0, fail: 0, unknown: 0 };
      const made = yields.get(name);
      return [
        name,
        ...(hasYields ? [formatCount(made?.made ?? 0), dropped(made)] : []),
        formatCount(one.n),
        formatCount(one.fail),
        `${formatCount(one.pass)}${one.n === 0 ? '' : ` (${formatShare(one.pass, one.n)})`}`,
        formatCount(one.unknown),
        ...(pool === null ? [] : [formatCount(pool.byOperator.get(name)?.n ?? 0)]),
      ];
    }),
  };
}

const dropped = (one: OperatorCounts | undefined): string =>
  Object.entries(one?.dropped ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, count]) => `${code} ${formatCount(count)}`)
    .join(', ');

function sourceSection(labels: LabelTally): LabelSection {
  return {
    id: 'sources',
    title: 'Sources',
    note: 'Every label comes from a run: what ran it, and whether the tests were kept apart from the candidate (split) or beside it (script).',
    head: ['source', 'labels', 'pass', 'fail', 'unknown'],
    rows: [...labels.bySource].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => [name, ...cells(one)]),
  };
}

function counts(id: string, title: string, note: string, what: string, map: ReadonlyMap<string, number>): LabelSection {
  const rows = [...map].sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1));
  return { id, title, note, head: [what, 'labels'], rows: rows.map(([name, count]) => [name, formatCount(count)]) };
}

const cells = (one: Counts = { n: 0, pass: 0, fail: 0, unknown: 0 }): string[] =>
  [one.n, one.pass, one.fail, one.unknown].map(formatCount);

/** As listed; names that the list does not know come last. */
function inOrder(names: Iterable<string>, known: readonly string[]): string[] {
  const place = (name: string): number => (known.includes(name) ? known.indexOf(name) : known.length);
  return [...names].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}
