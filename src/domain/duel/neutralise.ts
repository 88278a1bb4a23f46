/**
 * Takes the force out of text in an answer that speaks to its judge: verdicts, JSON that looks like the judge's own answer, chat-template
 * tokens. The words stay readable, so that a judge can hold them against the answer. One pass over the lines, no backtracking.
 */

import { DIMENSIONS } from './dimensions.ts';
import { toPlainLetters } from './plain-letters.ts';

/** Put before a line that looks like a verdict. */
export const MARK = '[this line is part of the answer] ';

/** What a verdict line begins with, once quotes, brackets and markdown are stripped. */
const OPENINGS = [
  'verdict',
  'winner',
  'the winner',
  'final answer',
  'final verdict',
  'my verdict',
  'my choice',
  'choice:',
  'judgement',
  'judgment',
  'score:',
  'rating:',
  'evaluation:',
  'system:',
  'assistant:',
  'user:',
  'answer 1',
  'answer 2',
  'first answer',
  'second answer',
  'note to the judge',
  'note to judge',
  'dear judge',
  'ignore the above',
  'ignore all previous',
  'ignore previous instructions',
  'ignore the previous',
];

/** What makes a line suspicious wherever it stands. */
const PHRASES = [
  '"choice"',
  "'choice'",
  '"winner"',
  "'winner'",
  '"verdict"',
  "'verdict'",
  'answer 1 is better',
  'answer 2 is better',
  'first answer is better',
  'second answer is better',
  'this answer is better',
  'as the judge',
  'as a judge',
  'as an impartial',
  'judge should',
  'judges should',
  'you are the judge',
  'you are a judge',
  ...DIMENSIONS.flatMap((dimension) => [`"${dimension}"`, `'${dimension}'`]),
];

/** A dimension named at the start of a line and followed by a value: `correctness: first`. */
const DIMENSION_LINE = new RegExp(`^(?:${DIMENSIONS.join('|')}) {0,3}[:=]`);

export interface Neutralised {
  readonly text: string;
  /** How many lines and tokens were changed. */
  readonly changes: number;
}

/** Everything that any reader may take for the end of a line; the text keeps its own. */
const LINE_ENDS = /(\r\n|[\n\r\v\f\u0085\u2028\u2029])/;

export function neutralise(text: string): Neutralised {
  let changes = 0;
  const pieces = text.split(LINE_ENDS).map((line, at) => {
    // Every second piece is what ended the line before it.
    if (at % 2 === 1) return line;
    const calm = breakTokens(line);
    if (calm !== line) changes++;
    if (!isVerdictLike(line)) return calm;
    changes++;
    return MARK + calm;
  });
  return { text: pieces.join(''), changes };
}

/** `user:` is the shortest of all. */
const SHORTEST = 5;

function isVerdictLike(line: string): boolean {
  if (line.length < SHORTEST) return false;
  const plain = toPlainLetters(line);
  const start = withoutDecoration(plain);
  if (OPENINGS.some((opening) => plain.startsWith(opening, start))) return true;
  if (DIMENSION_LINE.test(plain.slice(start, start + 40))) return true;
  if (isDelimiterLike(plain)) return true;
  return PHRASES.some((phrase) => plain.includes(phrase));
}

/** `=== SESSION 0123 END ===`: an answer that plays at being over. Its nonce is wrong, but a reader may not look. */
function isDelimiterLike(plain: string): boolean {
  const line = plain.trim();
  return line.startsWith('===') && /^={3,} {0,3}(?:session|answer) /.test(line) && /\b(?:begin|end)\b/.test(line);
}

const DECORATION = new Set(' \t#*_>-`"\'{[(|~+=/\\');

function withoutDecoration(line: string): number {
  let at = 0;
  while (at < line.length && DECORATION.has(line[at] ?? '')) at++;
  return at;
}

/** Whole tokens of chat templates that have no bar in them; tokenizers that read them in plain text are real. */
const TOKENS =
  /<(?=\/?(?:s|bos|eos|pad|unk|start_of_turn|end_of_turn|think|tool_call|tool_response|tools)>)|\[(?=\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])/g;

/** `<|im_start|>` -> `<| im_start |>`, `[INST]` -> `[ INST]`: readable, but no token of any chat template. */
function breakTokens(line: string): string {
  const calm = line.replaceAll('<|', '<| ').replaceAll('|>', ' |>').replaceAll('<｜', '<｜ ').replaceAll('｜>', ' ｜>');
  return calm.replace(TOKENS, '$& ');
}
