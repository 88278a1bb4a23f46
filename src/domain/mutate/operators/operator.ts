/** One way of changing a program, and the sort of mistake that it stands for. */

import type { Splice } from '#contract/code.ts';
import type { Source } from '../source.ts';

/** Classes whose candidates are made by operators. */
export const MUTANT_CLASSES = [
  'wrong_branch',
  'wrong_symbol',
  'deterministic_mutant',
  'missing_logic',
  'wrong_order',
] as const;
export type MutantClass = (typeof MUTANT_CLASSES)[number];

export interface Operator {
  /** Stable: it is hashed into the rank of its mutants and written beside them. */
  readonly name: string;
  readonly class: MutantClass;
  /** Every place where it applies. One splice each, so that a mutant differs from its reference in one span. */
  edits(source: Source): Iterable<Splice>;
}
