/** The wrong name in the right place. */

import type { SyntaxNode } from '#contract/code.ts';
import { binaryOf, child, isVariableUse, parts, type Source, textOf, variablesAt } from '../source.ts';
import type { Operator } from './operator.ts';
import { siblingsOf } from './siblings.ts';

export const swapVariable: Operator = {
  name: 'swap-variable',
  class: 'wrong_symbol',
  *edits(source) {
    for (const node of source.nodes) {
      if (!isVariableUse(node, source)) continue;
      const name = textOf(source, node);
      const names = variablesAt(node, source);
      if (!names.has(name)) continue;
      for (const other of names) if (other !== name) yield { start: node.start, end: node.end, text: other };
    }
  },
};

/** The name that is called: a function's, or the last part of a method's. */
export function calleeOf(node: SyntaxNode, source: Source): SyntaxNode | null {
  const shape = source.table.call.find(({ type }) => type === node.type);
  const callee = shape === undefined ? undefined : child(node, shape.callee);
  if (callee === undefined) return null;
  const member = source.table.member.find(({ type }) => type === callee.type);
  return (member === undefined ? callee : child(callee, member.property)) ?? null;
}

export const swapCallee: Operator = {
  name: 'swap-callee',
  class: 'wrong_symbol',
  *edits(source) {
    for (const node of source.nodes) {
      const callee = calleeOf(node, source);
      if (callee === null) continue;
      for (const text of siblingsOf(textOf(source, callee))) yield { start: callee.start, end: callee.end, text };
    }
  },
};

export const swapAttribute: Operator = {
  name: 'swap-attribute',
  class: 'wrong_symbol',
  *edits(source) {
    const byObject = new Map<string, { readonly node: SyntaxNode; readonly name: string }[]>();
    for (const node of source.nodes) {
      const shape = source.table.member.find(({ type }) => type === node.type);
      if (shape === undefined || isCallee(node, source)) continue;
      const object = child(node, shape.object);
      const property = child(node, shape.property);
      if (object === undefined || property === undefined) continue;
      const key = textOf(source, object);
      const uses = byObject.get(key) ?? [];
      uses.push({ node: property, name: textOf(source, property) });
      byObject.set(key, uses);
    }
    for (const uses of byObject.values()) {
      const names = new Set(uses.map(({ name }) => name));
      for (const { node, name } of uses)
        for (const other of names) if (other !== name) yield { start: node.start, end: node.end, text: other };
    }
  },
};

function isCallee(node: SyntaxNode, { table }: Source): boolean {
  return table.call.some(({ type, callee }) => node.parent?.type === type && node.field === callee);
}

export const swapArguments: Operator = {
  name: 'swap-arguments',
  class: 'wrong_symbol',
  *edits(source) {
    const { table } = source;
    for (const node of source.nodes) {
      if (!table.argumentLists.includes(node.type)) continue;
      if (!table.call.some(({ type }) => type === node.parent?.type)) continue;
      const list = parts(node, table);
      for (const [at, a] of list.entries()) {
        const b = list[at + 1];
        if (b === undefined || table.keywordArguments.includes(a.type) || table.keywordArguments.includes(b.type))
          continue;
        const between = source.text.slice(a.end, b.start);
        yield { start: a.start, end: b.end, text: textOf(source, b) + between + textOf(source, a) };
      }
    }
  },
};

const ORDERED = new Set(['-', '/', '//', '%', '**', '<<', '>>', '<', '<=', '>', '>=', '-lt', '-le', '-gt', '-ge']);

/** Operands of an operator that minds their order; `+` does where it joins texts. */
export const swapOperands: Operator = {
  name: 'swap-operands',
  class: 'wrong_symbol',
  *edits(source) {
    for (const node of source.nodes) {
      const binary = binaryOf(node, source.table);
      if (binary === null) continue;
      const { left, operator, right } = binary;
      const word = textOf(source, operator);
      const joins = word === '+' && [left, right].some(({ type }) => source.table.strings.includes(type));
      if (!ORDERED.has(word) && !joins) continue;
      // `a - b - c` is `(a - b) - c`: swapped bare, it would read as `c - a - b`.
      const swapped = [right, left].map((side) => {
        const text = textOf(source, side);
        return binaryOf(side, source.table) === null ? text : `(${text})`;
      });
      yield { start: node.start, end: node.end, text: swapped.join(source.text.slice(left.end, right.start)) };
    }
  },
};
