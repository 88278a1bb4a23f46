/** Pieces of Markdown around text from strangers: nothing in a cell is markup. */

import { toVisible } from './escape.ts';
import { cutText } from './text.ts';

const LONGEST_CELL = 300;

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(markdownText).join(' | ')} |`;
  return [line(head), `| ${head.map(() => '---').join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** One line of plain text. */
export function markdownText(text: string): string {
  return cutText(toVisible(text).replace(/\s+/g, ' ').trim(), LONGEST_CELL)
    .replace(/\n/g, ' ')
    .replace(/[\\`*_{}[\]()#+!|<>~&]/g, (character) =>
      character === '<' ? '&lt;' : character === '>' ? '&gt;' : character === '&' ? '&amp;' : `\\${character}`,
    );
}
