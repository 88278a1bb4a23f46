/** Counts over labelled candidates; no row is kept. */

import type { ClosedInput } from '#contract/kind.ts';
import type { Row } from '#contract/row.ts';
import { valueAtPath } from '#domain/at-path.ts';
import type { Label } from '#domain/labels/label.ts';
import type { Sidecar } from '#domain/mutate/candidate-row.ts';
import type { Yields } from '#domain/mutate/make-candidates.ts';
import { MUTANT_CLASSES, type MutantClass } from '#domain/mutate/operators/operator.ts';

export interface Counts {
  readonly n: number;
  readonly pass: number;
  readonly fail: number;
  readonly unknown: number;
}

export interface LabelTally {
  readonly all: Counts;
  /** Rows that mutate did not make are under `(none)`. */
  readonly byClass: ReadonlyMap<string, Counts>;
  readonly byOperator: ReadonlyMap<string, Counts>;
  readonly byStatus: ReadonlyMap<string, number>;
  /** `zygote, cpython 3.11.7, split` and so on. */
  readonly bySource: ReadonlyMap<string, Counts>;
  readonly byPolicy: ReadonlyMap<string, number>;
  readonly forgeable: ReadonlyMap<string, number>;
  readonly weak: number;
  readonly tests: number;
}

const NONE = '(none)';

/** Neutral edits have operators too, and are to pass: they are counted by class only. */
const isMutant = (sidecar: Sidecar): boolean => MUTANT_CLASSES.includes(sidecar.class as MutantClass);

export async function tallyLabels(input: ClosedInput | undefined, path: string): Promise<LabelTally> {
  const byClass = new Map<string, Counts>();
  const byOperator = new Map<string, Counts>();
  const bySource = new Map<string, Counts>();
  const byStatus = new Map<string, number>();
  const byPolicy = new Map<string, number>();
  const forgeable = new Map<string, number>();
  const tests = new Set<string>();
  let all: Counts = { n: 0, pass: 0, fail: 0, unknown: 0 };
  let weak = 0;
  for await (const row of input?.rows() ?? []) {
    const label = labelOf(row, path);
    const sidecar = row.fields['sidecar'] as unknown as Sidecar | undefined;
    all = counted(all, label);
    bump(byClass, sidecar?.class ?? NONE, label);
    if (sidecar?.operator != null && isMutant(sidecar)) bump(byOperator, sidecar.operator, label);
    bump(bySource, `${label.backend}, ${label.interpreter}, ${label.mode}`, label);
    add(byStatus, label.status);
    add(byPolicy, `version ${label.policy.version}, ${label.policy.digest.slice(0, 12)}`);
    if (label.forgeable) add(forgeable, label.forgeable_because ?? 'no reason given');
    if (label.strength === 'weak') weak += 1;
    tests.add(label.tests);
  }
  return { all, byClass, byOperator, byStatus, bySource, byPolicy, forgeable, weak, tests: tests.size };
}

export interface OperatorCounts {
  made: number;
  kept: number;
  dropped: { [code: string]: number };
}

export async function tallyYields(input: ClosedInput | undefined): Promise<ReadonlyMap<string, OperatorCounts>> {
  const operators = new Map<string, OperatorCounts>();
  for await (const { fields } of input?.rows() ?? []) {
    for (const [name, one] of Object.entries(fields['operators'] as unknown as Yields)) {
      const all = operators.get(name) ?? { made: 0, kept: 0, dropped: {} };
      all.made += one.made;
      all.kept += one.kept;
      for (const [code, count] of Object.entries(one.dropped)) all.dropped[code] = (all.dropped[code] ?? 0) + count;
      operators.set(name, all);
    }
  }
  return operators;
}

const labelOf = ({ fields }: Row, path: string): Label => valueAtPath(fields, path) as unknown as Label;

function bump(map: Map<string, Counts>, name: string, label: Label): void {
  map.set(name, counted(map.get(name) ?? { n: 0, pass: 0, fail: 0, unknown: 0 }, label));
}

const counted = (counts: Counts, { label }: Label): Counts => ({
  ...counts,
  n: counts.n + 1,
  [label]: counts[label] + 1,
});

const add = (map: Map<string, number>, name: string): void => void map.set(name, (map.get(name) ?? 0) + 1);
