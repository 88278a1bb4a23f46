/** Pieces of Markdown around text from strangers: nothing in a cell is markup. */

import { toVisible } from './escape.ts';
import { cutText } from './text.ts';

const LONGEST_CELL = 300;
const LONGEST_TEXT = 400;

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => markdownText(cell, LONGEST_CELL)).join(' | ')} |`;
  return [line(head), `| ${head.map(() => '---').join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** One line of plain text: nothing in it is Markdown or markup. */
export function markdownText(text: string, limit = LONGEST_TEXT): string {
  return cutText(toVisible(text).replace(/\s+/g, ' ').trim(), limit)
    .replace(/\n/g, ' ')
    .replace(/[\\`*_{}[\]()#+!|<>~&]/g, (character) =>
      character === '<' ? '&lt;' : character === '>' ? '&gt;' : character === '&' ? '&amp;' : `\\${character}`,
    );
}
