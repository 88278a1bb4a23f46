/** Arithmetic that goes the wrong way. */

import type { Splice } from '#contract/code.ts';
import { binaryOf, textOf, unaryOf } from '../source.ts';
import type { Operator } from './operator.ts';

const OTHERS: { readonly [operator: string]: readonly string[] } = {
  '+': ['-'],
  '-': ['+'],
  '*': ['+', '/'],
  '/': ['*'],
  '//': ['*', '%'],
  '%': ['*', '/'],
  '**': ['*'],
  '<<': ['>>'],
  '>>': ['<<'],
  '&': ['|'],
  '|': ['&'],
  '^': ['&', '|'],
};

export const swapArithmetic: Operator = {
  name: 'swap-arithmetic',
  class: 'deterministic_mutant',
  *edits(source) {
    for (const node of source.nodes) {
      const binary = binaryOf(node, source.table);
      if (binary === null) continue;
      const { left, operator, right } = binary;
      // Texts know no other operator: that would only be an exception.
      if ([left, right].some(({ type }) => source.table.strings.includes(type))) continue;
      for (const text of OTHERS[textOf(source, operator)] ?? [])
        yield { start: operator.start, end: operator.end, text };
    }
  },
};

const ASSIGNED: { readonly [operator: string]: readonly string[] } = {
  '+=': ['-=', '='],
  '-=': ['+=', '='],
  '*=': ['+=', '='],
  '/=': ['*=', '='],
  '//=': ['*=', '='],
  '%=': ['*='],
  '**=': ['*='],
  '<<=': ['>>='],
  '>>=': ['<<='],
  '&=': ['|='],
  '|=': ['&='],
  '^=': ['|='],
  '++': ['--'],
  '--': ['++'],
};

/** `+=` and its kin, and `++`. */
export const swapAssignment: Operator = {
  name: 'swap-assignment',
  class: 'deterministic_mutant',
  *edits(source) {
    for (const node of source.nodes) {
      for (const token of node.children) {
        if (token.named || !Object.hasOwn(ASSIGNED, token.type)) continue;
        for (const text of ASSIGNED[token.type] ?? []) yield { start: token.start, end: token.end, text };
      }
    }
  },
};

export const dropMinus: Operator = {
  name: 'drop-minus',
  class: 'deterministic_mutant',
  *edits(source): Iterable<Splice> {
    for (const node of source.nodes) {
      const unary = unaryOf(node, source.table);
      if (unary?.operator.type !== '-') continue;
      yield { start: node.start, end: node.end, text: textOf(source, unary.operand) };
    }
  },
};
