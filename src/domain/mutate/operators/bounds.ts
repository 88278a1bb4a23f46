/** One too far, one too short: indices, slices, ranges and lengths. */

import type { Splice, SyntaxNode } from '#contract/code.ts';
import { binaryOf, child, parts, type Source, textOf } from '../source.ts';
import type { Operator } from './operator.ts';
import { calleeOf } from './symbols.ts';

/** `e + 1` and `e - 1`, bracketed where an operator around it would bind first. */
function* shifted(node: SyntaxNode, source: Source, by: readonly (1 | -1)[] = [1, -1]): Iterable<Splice> {
  const { table } = source;
  if (table.integers.includes(node.type) || table.strings.includes(node.type) || table.slice.includes(node.type))
    return;
  const inner = textOf(source, node);
  const tight = binaryOf(node, table) === null && !table.ternary.includes(node.type);
  const operand = tight ? inner : `(${inner})`;
  const within = node.parent !== null && binaryOf(node.parent, table) !== null;
  for (const step of by) {
    const text = `${operand} ${step === 1 ? '+' : '-'} 1`;
    yield { start: node.start, end: node.end, text: within ? `(${text})` : text };
  }
}

/** Below the brackets and what the grammar wraps an index in. */
function indexOf(node: SyntaxNode, source: Source): SyntaxNode | null {
  const [, ...rest] = parts(node, source.table);
  let at = rest.at(-1) ?? null;
  while (at !== null && /argument/.test(at.type)) at = parts(at, source.table).at(-1) ?? null;
  return rest.length === 1 ? at : null;
}

export const shiftIndex: Operator = {
  name: 'shift-index',
  class: 'deterministic_mutant',
  *edits(source) {
    for (const node of source.nodes) {
      if (!source.table.index.includes(node.type)) continue;
      const index = indexOf(node, source);
      if (index !== null) yield* shifted(index, source);
    }
  },
};

/** Bounds of `a[b:c]`: left out, or moved by one. */
export const changeSlice: Operator = {
  name: 'change-slice',
  class: 'deterministic_mutant',
  *edits(source) {
    for (const node of source.nodes) {
      if (!source.table.slice.includes(node.type)) continue;
      const colon = node.children.find(({ type }) => type === ':');
      if (colon === undefined) continue;
      const bounds = parts(node, source.table).filter(({ field }) => field !== 'operand');
      const start = bounds.find(({ end }) => end <= colon.start);
      const stop = bounds.find((bound) => bound.start >= colon.end);
      for (const bound of [start, stop]) {
        if (bound === undefined) continue;
        yield { start: bound.start, end: bound.end, text: '' };
        yield* shifted(bound, source, [bound === start ? 1 : -1]);
      }
      if (start === undefined) yield { start: colon.start, end: colon.start, text: '1' };
    }
  },
};

export const changeRange: Operator = {
  name: 'change-range',
  class: 'deterministic_mutant',
  *edits(source) {
    const { table } = source;
    for (const node of source.nodes) {
      if (table.range.includes(node.type)) yield* otherEnd(node);
      const callee = calleeOf(node, source);
      if (callee === null || textOf(source, callee) !== 'range') continue;
      const list = node.children.find(({ type }) => table.argumentLists.includes(type));
      const bounds = list === undefined ? [] : parts(list, table);
      const [first, second] = bounds;
      if (first === undefined || bounds.length > 3) continue;
      yield* shifted(second ?? first, source);
      if (second === undefined) yield { start: first.start, end: first.start, text: '1, ' };
      else yield* shifted(first, source, [1]);
    }
  },
};

/** Whether the last one belongs to it: `..` and `..=` in Rust, `..` and `...` in Ruby. */
function* otherEnd(node: SyntaxNode): Iterable<Splice> {
  const OTHER: { readonly [token: string]: string } =
    node.type === 'range_expression' ? { '..': '..=', '..=': '..' } : { '..': '...', '...': '..' };
  for (const { type, start, end } of node.children) {
    const text = Object.hasOwn(OTHER, type) ? OTHER[type] : undefined;
    if (text !== undefined) yield { start, end, text };
  }
}

const LENGTHS = new Set(['len', 'length', 'size', 'count', 'Length', 'Count', 'strlen']);

export const shiftLength: Operator = {
  name: 'shift-length',
  class: 'deterministic_mutant',
  *edits(source) {
    const { table } = source;
    for (const node of source.nodes) {
      const callee = calleeOf(node, source);
      const member = table.member.find(({ type }) => type === node.type);
      const property = member === undefined ? undefined : child(node, member.property);
      const name = callee ?? property;
      if (name === undefined || !LENGTHS.has(textOf(source, name))) continue;
      const called = table.call.some(({ type, callee: field }) => node.parent?.type === type && node.field === field);
      if (!called) yield* shifted(node, source, [-1]);
    }
  },
};
