/** Statements as spans of text: how one is taken out, or out of what surrounds it, without touching another line. */

import type { Splice, SyntaxNode } from '#contract/code.ts';
import { parts, type Source, textOf } from './source.ts';

/** From the start of its line to the start of the next, where it has its lines for itself. */
export function wholeLines(text: string, start: number, end: number): { readonly start: number; readonly end: number } {
  let from = start;
  while (from > 0 && (text[from - 1] === ' ' || text[from - 1] === '\t')) from -= 1;
  let to = end;
  while (to < text.length && (text[to] === ' ' || text[to] === '\t' || text[to] === ';')) to += 1;
  const alone =
    (from === 0 || text[from - 1] === '\n') && (to === text.length || text[to] === '\n' || text[to] === '\r');
  if (!alone) return { start, end };
  if (text[to] === '\r') to += 1;
  return { start: from, end: Math.min(to + 1, text.length) };
}

/** Takes a statement out; where its block would be empty, what fills an empty block stands in. */
export function removal(node: SyntaxNode, source: Source): Splice {
  const { noop } = source.table.text;
  const siblings = node.parent === null ? [] : parts(node.parent, source.table);
  if (siblings.length <= 1 && noop !== '') return { start: node.start, end: node.end, text: noop };
  return { ...wholeLines(source.text, node.start, node.end), text: '' };
}

/** White space before the first character of the line that holds `at`. */
export function indentAt(text: string, at: number): string {
  const line = text.lastIndexOf('\n', at - 1) + 1;
  return /^[ \t]*/.exec(text.slice(line, at))?.[0] ?? '';
}

/**
 * The statements inside a block, moved out to the indentation of `outer`; null where that would change a text that spans lines.
 */
export function unwrapped(block: SyntaxNode, outer: SyntaxNode, source: Source): string | null {
  const statements = parts(block, source.table);
  const [first] = statements;
  const last = statements.at(-1);
  if (first === undefined || last === undefined || spansLines(block, source)) return null;
  const inner = indentAt(source.text, first.start);
  const wanted = indentAt(source.text, outer.start);
  if (!inner.startsWith(wanted)) return null;
  const extra = inner.slice(wanted.length);
  const end = source.text[last.end] === ';' ? last.end + 1 : last.end;
  return source.text.slice(first.start, end).replaceAll(`\n${wanted}${extra}`, `\n${wanted}`);
}

/** Whether a string in it goes over more than one line. */
function spansLines(node: SyntaxNode, source: Source): boolean {
  const stack = [node];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (source.table.strings.includes(at.type) && textOf(source, at).includes('\n')) return true;
    stack.push(...at.children);
  }
  return false;
}
