/** Branches: swapped, dropped, always taken, never taken; and jumps that go the other way. */

import type { SyntaxNode } from '#contract/code.ts';
import { child, functionOf, isStatement, parts, type Source, textOf } from '../source.ts';
import { removal, unwrapped } from '../statements.ts';
import type { Operator } from './operator.ts';

interface Span {
  readonly start: number;
  readonly end: number;
}

/** What is done when a condition holds. */
const consequenceOf = (node: SyntaxNode): SyntaxNode | undefined => child(node, 'consequence') ?? child(node, 'body');

/** `else` and `elif` parts of a conditional, each with what stands before it. */
function alternatives(node: SyntaxNode, source: Source): { readonly from: number; readonly clause: SyntaxNode }[] {
  const found: { from: number; clause: SyntaxNode }[] = [];
  for (const [at, clause] of node.children.entries()) {
    if (!clause.named || (clause.field !== 'alternative' && !source.table.clauses.includes(clause.type))) continue;
    const before = node.children.slice(0, at).filter((one) => one.named);
    const last = before.at(-1);
    if (last !== undefined) found.push({ from: last.end, clause });
  }
  return found;
}

/** A block with its braces, or its statements where it has none. */
function armSpan(node: SyntaxNode, source: Source): Span | null {
  if (node.children[0]?.type === '{' || !source.table.blocks.includes(node.type)) return node;
  const statements = parts(node, source.table);
  const [first] = statements;
  const last = statements.at(-1);
  return first === undefined || last === undefined ? null : { start: first.start, end: last.end };
}

/** Both arms of a conditional with a plain `else`, or of a conditional expression. */
function armsOf(node: SyntaxNode, source: Source): readonly [Span, Span] | null {
  const { table } = source;
  if (table.ternary.includes(node.type)) {
    const [a, b, c] = parts(node, table);
    if (a === undefined || b === undefined || c === undefined) return null;
    return child(node, 'alternative') === undefined ? [a, c] : [b, c];
  }
  if (!table.conditionals.includes(node.type)) return null;
  const [only, ...more] = alternatives(node, source);
  const consequence = consequenceOf(node);
  if (only === undefined || more.length > 0 || consequence === undefined) return null;
  const { clause } = only;
  const isClause = table.clauses.includes(clause.type);
  const otherwise = isClause && !table.blocks.includes(clause.type) ? parts(clause, table).at(-1) : clause;
  if (otherwise === undefined || table.conditionals.includes(otherwise.type) || child(clause, 'condition')) return null;
  const first = armSpan(consequence, source);
  const second = armSpan(otherwise, source);
  return first === null || second === null ? null : [first, second];
}

export const swapArms: Operator = {
  name: 'swap-arms',
  class: 'wrong_branch',
  *edits(source) {
    for (const node of source.nodes) {
      const arms = armsOf(node, source);
      if (arms === null) continue;
      const [a, b] = arms;
      const between = source.text.slice(a.end, b.start);
      yield { start: a.start, end: b.end, text: textOf(source, b) + between + textOf(source, a) };
    }
  },
};

export const dropArm: Operator = {
  name: 'drop-arm',
  class: 'wrong_branch',
  *edits(source) {
    const { conditionals, clauses } = source.table;
    for (const node of source.nodes) {
      if (!conditionals.includes(node.type) && !clauses.includes(node.type)) continue;
      for (const { from, clause } of alternatives(node, source)) yield { start: from, end: clause.end, text: '' };
    }
  },
};

/** The branch is never taken. */
export const removeBranch: Operator = {
  name: 'remove-branch',
  class: 'missing_logic',
  *edits(source) {
    for (const node of source.nodes) {
      const outer = node.parent?.type === 'expression_statement' ? node.parent : node;
      if (!source.table.conditionals.includes(node.type) || !isStatement(outer, source.table)) continue;
      if (alternatives(node, source).length === 0) yield removal(outer, source);
    }
  },
};

/** The branch is always taken. */
export const removeCondition: Operator = {
  name: 'remove-condition',
  class: 'missing_logic',
  *edits(source) {
    for (const node of source.nodes) {
      if (!source.table.conditionals.includes(node.type) || alternatives(node, source).length > 0) continue;
      const body = consequenceOf(node);
      const text = body === undefined ? null : unwrapped(body, node, source);
      if (text !== null) yield { start: node.start, end: node.end, text };
    }
  },
};

export const swapJump: Operator = {
  name: 'swap-jump',
  class: 'wrong_branch',
  *edits(source) {
    const { jumps, text } = source.table;
    const words = [
      { types: jumps.break, from: text.breakWord, to: text.continueWord },
      { types: jumps.continue, from: text.continueWord, to: text.breakWord },
    ];
    for (const node of source.nodes) {
      const word = words.find(({ types, from }) => types.includes(node.type) && textOf(source, node).startsWith(from));
      if (word === undefined || !inLoop(node, source)) continue;
      yield { start: node.start, end: node.start + word.from.length, text: word.to };
    }
  },
};

/** A `break` of a switch cannot become a `continue`. */
function inLoop(node: SyntaxNode, { table }: Source): boolean {
  const home = functionOf(node, table);
  for (let at = node.parent; at !== null && at !== home; at = at.parent) {
    if (table.switches.includes(at.type)) return false;
    if (table.loops.includes(at.type)) return true;
  }
  return home !== null && table.loops.includes(home.type);
}
