/** A copied change made hard to recognise: other names, or other words. */

import { scanWords, splitName } from '#domain/leak/scan.ts';

const KEYWORDS = new Set(
  'and as assert async await break class continue def del elif else except False finally for from global if import in is lambda None nonlocal not or pass raise return True try while with yield self cls super'.split(
    ' ',
  ),
);

/** Every name that the session does not know becomes `value1`, `value2` …; what it knows has to stay. */
export function rename(code: string, isKnown: (name: string) => boolean): string {
  const names = new Map<string, string>();
  let renamed = '';
  let last = 0;
  scanWords(code, (start, end) => {
    const word = code.slice(start, end);
    if (KEYWORDS.has(word) || /^\d/.test(word) || isKnown(word)) return;
    const name = names.get(word) ?? `value${names.size + 1}`;
    names.set(word, name);
    renamed += code.slice(last, start) + name;
    last = end;
  });
  return renamed + code.slice(last);
}

const SPOKEN: readonly (readonly [RegExp, string])[] = [
  [/==/g, ' equals '],
  [/!=/g, ' differs from '],
  [/<=|>=|<|>/g, ' compared with '],
  [/=/g, ' becomes '],
  [/\+/g, ' plus '],
  [/\./g, ' of which the '],
  [/\(/g, ' applied to '],
  [/,/g, ' and '],
  [/\bNone\b/g, 'nothing'],
  [/\bself\b/g, 'the object'],
  [/\breturn\b/g, 'the result is'],
  [/\bif\b/g, 'when'],
  [/\bnot\b/g, 'without'],
  [/\bdef\b/g, 'there is a function'],
];

/** A line of code as a sentence: no name of more than one word, no operator, no bracket stays. */
export function paraphrase(line: string): string {
  const spoken = SPOKEN.reduce((text, [pattern, words]) => text.replace(pattern, words), line);
  const words: string[] = [];
  scanWords(spoken, (start, end) => {
    words.push(...splitName(spoken.slice(start, end)));
  });
  return words.join(' ');
}
