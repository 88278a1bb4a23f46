/** Constants that are not quite right. */

import type { SyntaxNode } from '#contract/code.ts';
import { isAt, type Source, textOf } from '../source.ts';
import type { Operator } from './operator.ts';

export const changeNumber: Operator = {
  name: 'change-number',
  class: 'deterministic_mutant',
  *edits(source) {
    const { integers, floats } = source.table;
    for (const node of source.nodes) {
      if (!integers.includes(node.type) && !floats.includes(node.type)) continue;
      for (const text of neighbours(textOf(source, node))) yield { start: node.start, end: node.end, text };
    }
  },
};

/** One more and one less, written as the number is; none for hexadecimal, exponents and what has a suffix. */
function neighbours(number: string): readonly string[] {
  const [, whole, point = ''] = /^(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?$/.exec(number) ?? [];
  if (whole === undefined) return [];
  const value = Number(whole);
  const near = value === 0 ? [1] : [value + 1, value - 1];
  return near.map((n) => `${n}${point}`);
}

export const flipBoolean: Operator = {
  name: 'flip-boolean',
  class: 'deterministic_mutant',
  *edits(source) {
    const { true: yes, false: no } = source.table.text;
    for (const node of source.nodes) {
      if (!node.named || !/^(true|false|boolean|boolean_literal)$/.test(node.type)) continue;
      const text = textOf(source, node);
      if (text.toLowerCase() === 'true') yield { start: node.start, end: node.end, text: no };
      else if (text.toLowerCase() === 'false') yield { start: node.start, end: node.end, text: yes };
    }
  },
};

const QUOTED = /^([rbuRBU]{0,2})("""|'''|"|'|`)([\s\S]*)\2$/;

/** Emptied; an empty one gets a character. */
export const changeText: Operator = {
  name: 'change-text',
  class: 'deterministic_mutant',
  *edits(source) {
    for (const node of source.nodes) {
      if (!source.table.strings.includes(node.type) || isKeyOrPath(node, source)) continue;
      if (node.children.some(({ type }) => source.table.interpolations.includes(type))) continue;
      const [, prefix, quote, content] = QUOTED.exec(textOf(source, node)) ?? [];
      if (quote === undefined) continue;
      yield { start: node.start, end: node.end, text: `${prefix}${quote}${content === '' ? 'x' : ''}${quote}` };
    }
  },
};

/** Part of a longer text, or a key that others spell the same way. */
const isKeyOrPath = (node: SyntaxNode, source: Source): boolean =>
  isAt(node, [
    ['pair', 'key'],
    ['concatenated_string', null],
  ]) || source.table.strings.includes(node.parent?.type ?? '');
