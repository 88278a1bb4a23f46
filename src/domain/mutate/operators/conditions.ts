/** Conditions turned round. */

import type { SyntaxNode } from '#contract/code.ts';
import { child, inside, type Source, textOf, unaryOf } from '../source.ts';
import { isComparison } from './comparisons.ts';
import type { Operator } from './operator.ts';

const NOT = new Set(['!', 'not']);

const isNegation = (node: SyntaxNode, source: Source): boolean => {
  const unary = unaryOf(node, source.table);
  return unary !== null && NOT.has(unary.operator.type);
};

/** Binds tighter than a negation wherever it stands. */
function isTight(node: SyntaxNode, { table }: Source): boolean {
  const { identifiers, call, member, index, parentheses } = table;
  const types = [...identifiers, ...call.map(({ type }) => type), ...member.map(({ type }) => type), ...index];
  return [...types, ...parentheses, 'test_command', 'command', 'true', 'false'].includes(node.type);
}

export const negateCondition: Operator = {
  name: 'negate-condition',
  class: 'wrong_branch',
  *edits(source) {
    const { conditionals, clauses, loops, ternary } = source.table;
    const holders = [...conditionals, ...clauses, ...loops, ...ternary];
    for (const node of source.nodes) {
      if (!holders.includes(node.type)) continue;
      const condition = child(node, 'condition');
      if (condition === undefined || !condition.named) continue;
      const inner = inside(condition, source.table);
      // Those have operators of their own.
      if (isNegation(inner, source) || isComparison(inner, source)) continue;
      const text = textOf(source, inner);
      yield {
        start: inner.start,
        end: inner.end,
        text: source.table.text.not(isTight(inner, source) ? text : `(${text})`),
      };
    }
  },
};

export const dropNegation: Operator = {
  name: 'drop-negation',
  class: 'wrong_branch',
  *edits(source) {
    for (const node of source.nodes) {
      if (!isNegation(node, source)) continue;
      const operand = unaryOf(node, source.table)?.operand;
      if (operand !== undefined) yield { start: node.start, end: node.end, text: textOf(source, operand) };
    }
  },
};
