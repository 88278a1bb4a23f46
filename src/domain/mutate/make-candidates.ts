/** Wrong, right and untouched candidates of one task, chosen by hash: nothing here depends on order, time or machine. */

import type { ParsedText, Splice } from '#contract/code.ts';
import { hashTexts } from '#util/sha256.ts';
import type { LanguageTable } from './language-table.ts';
import { type NeutralEdit, neutralEdits } from './neutral.ts';
import { MUTANT_CLASSES, type MutantClass, type Operator } from './operators/operator.ts';
import { OPERATORS } from './operators.ts';
import { makeSource } from './source.ts';

export const CANDIDATE_CLASSES = [
  'passing_reference',
  'no_action_bait',
  'near_no_action_bait',
  'neutral_reference',
  ...MUTANT_CLASSES,
] as const;
export type CandidateClass = (typeof CANDIDATE_CLASSES)[number];

export interface Candidate {
  readonly text: string;
  readonly class: CandidateClass;
  /** Null where nothing was edited. */
  readonly operator: string | null;
  /** Where, in the text that was edited (the reference, or the state before). */
  readonly span: readonly [start: number, end: number] | null;
  readonly before: string;
  readonly after: string;
  /** Smallest first within a class. Adding an operator changes the rank of no other's mutants. */
  readonly rank: string;
}

export const DROP_CODES = [
  'same-text',
  'same-tokens',
  'commutative',
  'unparsable',
  'same-bytecode',
  'duplicate-text',
  'over-limit',
] as const;
export type DropCode = (typeof DROP_CODES)[number];

/** What became of an operator's edits: `made` = kept + the sum of `dropped`. */
export interface OperatorYield {
  made: number;
  kept: number;
  dropped: { [code in DropCode]?: number };
}
export type Yields = { [operator: string]: OperatorYield };

export interface Task {
  readonly id: string;
  readonly seed: string;
  readonly reference: ParsedText;
  /** The state that the task starts from, where there is one. */
  readonly before: { readonly text: string; readonly parsed: ParsedText | null } | null;
  readonly table: LanguageTable;
  readonly classes: ReadonlySet<CandidateClass>;
  readonly without: ReadonlySet<string>;
}

export interface Made {
  readonly candidates: readonly Candidate[];
  readonly yields: Yields;
}

/** All candidates of a task that differ in their text, each class in its order of rank. */
export function makeCandidates(task: Task): Made {
  const yields: Yields = {};
  const seen = new Set<string>();
  const candidates: Candidate[] = [];
  const add = (candidate: Candidate): boolean => {
    if (seen.has(candidate.text)) return false;
    seen.add(candidate.text);
    if (task.classes.has(candidate.class)) candidates.push(candidate);
    return true;
  };
  const { reference, before } = task;
  add(untouched('passing_reference', reference.text));
  if (before !== null) {
    add(untouched('no_action_bait', before.text));
    // A state that does not parse is a state all the same; only the edit needs its syntax.
    if (before.parsed !== null) addOneNeutral('near_no_action_bait', before.parsed, task, add);
  }
  addOneNeutral('neutral_reference', reference, task, add);
  for (const candidate of mutants(task, yields)) {
    const counts = yields[candidate.operator ?? ''];
    if (!add(candidate) && counts !== undefined) {
      counts.kept -= 1;
      counts.dropped['duplicate-text'] = (counts.dropped['duplicate-text'] ?? 0) + 1;
    }
  }
  return { candidates, yields };
}

/** Of one operator and task. Ten times what a solution of a thousand lines gives; a stranger's text may give millions. */
const MAX_EDITS = 5_000;

/** Mutants of every class in order of rank. */
function mutants(task: Task, yields: Yields): Candidate[] {
  const source = makeSource(task.reference.text, task.reference.root, task.table);
  const kept: Candidate[] = [];
  for (const operator of OPERATORS) {
    if (task.without.has(operator.name)) continue;
    const counts: OperatorYield = { made: 0, kept: 0, dropped: {} };
    const edits: Splice[] = [];
    for (const edit of operator.edits(source)) {
      counts.made += 1;
      const code = pointless(edit, source.text, operator);
      if (code === null && edits.length < MAX_EDITS) edits.push(edit);
      else counts.dropped[code ?? 'over-limit'] = (counts.dropped[code ?? 'over-limit'] ?? 0) + 1;
    }
    for (const [at, parses] of task.reference.accepts(edits).entries()) {
      const edit = edits[at] as Splice;
      if (!parses) counts.dropped.unparsable = (counts.dropped.unparsable ?? 0) + 1;
      else {
        counts.kept += 1;
        kept.push(edited(operator.class, operator.name, edit, source.text, task));
      }
    }
    if (counts.made > 0) yields[operator.name] = counts;
  }
  return kept.sort((a, b) => (a.rank < b.rank ? -1 : 1));
}

const COMMUTATIVE = /(?:^|[.:>\s])(?:min|max|Min|Max|gcd|lcm|hypot|isclose|abs_diff)\s*$/;

function pointless(edit: Splice, text: string, operator: Operator): DropCode | null {
  const old = text.slice(edit.start, edit.end);
  if (old === edit.text) return 'same-text';
  const quoted = /["'`]/.test(old + edit.text);
  if (!quoted && withoutSpace(old) === withoutSpace(edit.text)) return 'same-tokens';
  if (operator.name !== 'swap-arguments') return null;
  // The bracket of the call stands before its first argument.
  const bracket = text.lastIndexOf('(', edit.start);
  return COMMUTATIVE.test(text.slice(Math.max(0, bracket - 40), bracket)) ? 'commutative' : null;
}

/** White space decides about tokens only between words. */
const withoutSpace = (text: string): string =>
  text
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/ ?([^\w\s]) ?/g, '$1');

function addOneNeutral(
  name: 'near_no_action_bait' | 'neutral_reference',
  parsed: ParsedText,
  task: Task,
  add: (candidate: Candidate) => boolean,
): void {
  const ranked = [...neutralEdits(makeSource(parsed.text, parsed.root, task.table))]
    .map((edit) => ({ edit, candidate: edited(name, edit.operator, edit, parsed.text, task) }))
    .sort((a, b) => (a.candidate.rank < b.candidate.rank ? -1 : 1));
  // By sort first: one function may have ten names to change and one comparison to mirror.
  const sorts = [...new Set(ranked.map(({ edit }) => edit.operator))].sort((a, b) =>
    hashTexts(task.seed, task.id, name, a) < hashTexts(task.seed, task.id, name, b) ? -1 : 1,
  );
  // One is wanted of perhaps a hundred: only those in front of it are parsed.
  for (const sort of sorts)
    for (const { edit, candidate } of ranked)
      if (edit.operator === sort && parsed.accepts([edit])[0] === true && add(candidate)) return;
}

function untouched(name: CandidateClass, text: string): Candidate {
  return { text, class: name, operator: null, span: null, before: '', after: '', rank: '' };
}

function edited(
  name: CandidateClass | MutantClass,
  operator: string,
  { start, end, text: after }: Splice | NeutralEdit,
  text: string,
  task: Task,
): Candidate {
  return {
    text: text.slice(0, start) + after + text.slice(end),
    class: name,
    operator,
    span: [start, end],
    before: text.slice(start, end),
    after,
    rank: hashTexts(task.seed, task.id, operator, `${start}:${end}`, after),
  };
}
