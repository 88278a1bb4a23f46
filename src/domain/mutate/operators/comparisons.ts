/** Comparisons and the words between conditions. */

import type { Splice, SyntaxNode } from '#contract/code.ts';
import { binaryOf, type Source, textOf } from '../source.ts';
import type { Operator } from './operator.ts';

const OPPOSITE: { readonly [operator: string]: string } = {
  '==': '!=',
  '!=': '==',
  '===': '!==',
  '!==': '===',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
  is: 'is not',
  'is not': 'is',
  in: 'not in',
  'not in': 'in',
  '-eq': '-ne',
  '-ne': '-eq',
  '-lt': '-ge',
  '-ge': '-lt',
  '-gt': '-le',
  '-le': '-gt',
  '=~': '!=',
};

const BOUNDARY: { readonly [operator: string]: string } = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '-lt': '-le',
  '-le': '-lt',
  '-gt': '-ge',
  '-ge': '-gt',
};

const CONNECTIVE: { readonly [operator: string]: string } = { and: 'or', or: 'and', '&&': '||', '||': '&&' };

/** `not in` may be written with any white space between its words. */
const operatorText = (source: Source, node: SyntaxNode): string => textOf(source, node).replace(/\s+/g, ' ');

/** Whether a node compares two things in a way that has an opposite. */
export function isComparison(node: SyntaxNode, source: Source): boolean {
  const binary = binaryOf(node, source.table);
  return binary !== null && Object.hasOwn(OPPOSITE, operatorText(source, binary.operator));
}

function* replaceOperators(source: Source, table: { readonly [operator: string]: string }): Iterable<Splice> {
  for (const node of source.nodes) {
    const binary = binaryOf(node, source.table);
    if (binary === null) continue;
    const operator = operatorText(source, binary.operator);
    // JavaScript's `in` asks for a property: it has no `not in`.
    if (operator === 'in' && source.table.text.not('x') !== 'not x') continue;
    const text = Object.hasOwn(table, operator) ? table[operator] : undefined;
    if (text !== undefined) yield { start: binary.operator.start, end: binary.operator.end, text };
  }
}

export const flipComparison: Operator = {
  name: 'flip-comparison',
  class: 'wrong_branch',
  edits: (source) => replaceOperators(source, OPPOSITE),
};

export const moveBoundary: Operator = {
  name: 'move-boundary',
  class: 'wrong_branch',
  edits: (source) => replaceOperators(source, BOUNDARY),
};

export const swapConnective: Operator = {
  name: 'swap-connective',
  class: 'wrong_branch',
  edits: (source) => replaceOperators(source, CONNECTIVE),
};

/** `a and b` loses one of its conditions. */
export const dropCondition: Operator = {
  name: 'drop-condition',
  class: 'missing_logic',
  *edits(source) {
    for (const node of source.nodes) {
      const binary = binaryOf(node, source.table);
      if (binary === null || !Object.hasOwn(CONNECTIVE, textOf(source, binary.operator))) continue;
      yield { start: node.start, end: node.end, text: textOf(source, binary.left) };
      yield { start: node.start, end: node.end, text: textOf(source, binary.right) };
    }
  },
};
