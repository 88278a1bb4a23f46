/** Quoted strings of one line of code, found in one pass. */

export interface Literal {
  readonly text: string;
  /** Offsets of the text between the quotes. */
  readonly start: number;
  readonly end: number;
}

const SHORTEST = 5;
const LONGEST = 300;

/** Strings that close on their line, of a length that can tell one from another; white space at the ends does not count. */
export function findLiterals(text: string, from = 0, to = text.length): Literal[] {
  const found: Literal[] = [];
  let open = -1;
  let quote = 0;
  for (let at = from; at < to; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 10) open = -1;
    else if (open >= 0 && unit === 92) at++;
    else if (open >= 0 && unit === quote) {
      const inner = text.slice(open + 1, at).trim();
      if (inner.length >= SHORTEST && inner.length <= LONGEST) found.push({ text: inner, start: open + 1, end: at });
      open = -1;
    } else if (open < 0 && (unit === 34 || unit === 39 || unit === 96)) {
      open = at;
      quote = unit;
    }
  }
  return found;
}
