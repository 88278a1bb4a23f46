/** Something that should be there is not. */

import { isStatement, parts, textOf } from '../source.ts';
import { removal, wholeLines } from '../statements.ts';
import type { Operator } from './operator.ts';
import { calleeOf } from './symbols.ts';

export const removeStatement: Operator = {
  name: 'remove-statement',
  class: 'missing_logic',
  *edits(source) {
    const { removable, conditionals, loops } = source.table;
    for (const node of source.nodes) {
      if (!removable.includes(node.type) || !isStatement(node, source.table)) continue;
      // In Rust a branch is an expression, and has operators of its own.
      if (node.children.some(({ type }) => conditionals.includes(type) || loops.includes(type))) continue;
      yield removal(node, source);
    }
  },
};

export const removeLoop: Operator = {
  name: 'remove-loop',
  class: 'missing_logic',
  *edits(source) {
    for (const node of source.nodes) {
      if (!source.table.loops.includes(node.type)) continue;
      const outer = node.parent?.type === 'expression_statement' ? node.parent : node;
      if (isStatement(outer, source.table)) yield removal(outer, source);
    }
  },
};

/** `f(x)` becomes `x`, and `x.f()` too. */
export const removeWrapper: Operator = {
  name: 'remove-wrapper',
  class: 'missing_logic',
  *edits(source) {
    const { table } = source;
    for (const node of source.nodes) {
      const callee = calleeOf(node, source);
      if (callee === null || isStatement(node, table) || node.parent?.type === 'expression_statement') continue;
      const list = node.children.find(({ type }) => table.argumentLists.includes(type));
      const args = list === undefined ? [] : parts(list, table);
      const [only, ...more] = args;
      const receiver = receiverOf(node, callee, source.table);
      if (receiver !== null && args.length === 0)
        yield { start: node.start, end: node.end, text: textOf(source, receiver) };
      if (receiver === null && only !== undefined && more.length === 0 && !table.keywordArguments.includes(only.type))
        yield { start: node.start, end: node.end, text: textOf(source, only) };
    }
  },
};

function receiverOf(
  node: Parameters<typeof calleeOf>[0],
  callee: Parameters<typeof calleeOf>[0],
  table: Parameters<typeof parts>[1],
) {
  const holder = callee.parent;
  const member = table.member.find(({ type }) => type === holder?.type);
  if (holder !== null && holder !== node && member !== undefined)
    return holder.children.find(({ field, named }) => named && field === member.object) ?? null;
  const receiver = table.call.find(({ type }) => type === node.type)?.receiver;
  return node.children.find(({ field, named }) => named && field === receiver && receiver !== undefined) ?? null;
}

export const removeDecorator: Operator = {
  name: 'remove-decorator',
  class: 'missing_logic',
  *edits(source) {
    for (const node of source.nodes) {
      if (!source.table.decorators.includes(node.type)) continue;
      yield { ...wholeLines(source.text, node.start, node.end), text: '' };
    }
  },
};

/** `return x` returns nothing. */
export const returnNothing: Operator = {
  name: 'return-nothing',
  class: 'deterministic_mutant',
  *edits(source) {
    const { returns, text } = source.table;
    if (text.nothing === null) return;
    for (const node of source.nodes) {
      if (!returns.includes(node.type)) continue;
      const [value, ...more] = parts(node, source.table);
      if (value === undefined || more.length > 0 || textOf(source, value) === text.nothing) continue;
      yield { start: value.start, end: value.end, text: text.nothing };
    }
  },
};
