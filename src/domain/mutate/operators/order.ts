/** Two statements of which one needs the other, the wrong way round. */

import type { SyntaxNode } from '#contract/code.ts';
import { identifiersIn, isDefinition, parts, type Source, textOf } from '../source.ts';
import type { Operator } from './operator.ts';

export const swapStatements: Operator = {
  name: 'swap-statements',
  class: 'wrong_order',
  *edits(source) {
    const { blocks } = source.table;
    for (const block of source.nodes) {
      if (!blocks.includes(block.type)) continue;
      const statements = parts(block, source.table);
      for (const [at, first] of statements.entries()) {
        const second = statements[at + 1];
        if (second === undefined || !moves(first, source) || !moves(second, source)) continue;
        if (!depend(first, second, source)) continue;
        const between = source.text.slice(first.end, second.start);
        yield { start: first.start, end: second.end, text: textOf(source, second) + between + textOf(source, first) };
      }
    }
  },
};

/** Not a definition of a function or type, nor what ends the block. */
function moves(node: SyntaxNode, { table }: Source): boolean {
  const fixed = [...table.functions, ...table.returns, ...table.jumps.break, ...table.jumps.continue, ...table.opaque];
  return !fixed.includes(node.type) && !/class|struct|enum|interface|decorated|import|throw|raise/.test(node.type);
}

function depend(first: SyntaxNode, second: SyntaxNode, source: Source): boolean {
  const shared = (a: Set<string>, b: Set<string>): boolean => [...a].some((name) => b.has(name));
  return (
    shared(written(first, source), identifiersIn(second, source)) ||
    shared(written(second, source), identifiersIn(first, source))
  );
}

/** Variables that a statement writes to, or calls a method of. */
function written(node: SyntaxNode, source: Source): Set<string> {
  const { table } = source;
  const names = new Set<string>();
  const stack = [node];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (table.identifiers.includes(at.type)) {
      const holder = at.parent;
      const member = table.member.find(({ type, object }) => holder?.type === type && at?.field === object);
      const called = table.call.some(({ type }) => holder?.parent?.type === type);
      if (isDefinition(at, table) || (member !== undefined && called)) names.add(textOf(source, at));
    }
    stack.push(...at.children);
  }
  return names;
}
