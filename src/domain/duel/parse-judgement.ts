/** A judge's answer, read tolerantly: what models with and without schemas really write. */

import type { Json, JsonObject } from '#contract/json.ts';
import { findLastObject } from '../last-json.ts';
import type { Choice, Dimension } from './dimensions.ts';
import { MARK } from './neutralise.ts';

/**
 * `required`: a choice without a quote is void. `checked`: a quote that is given must be real, and an answer in the bare form
 * (`{"correctness": 1}`) needs none. `off`: quotes are kept, not checked.
 */
export type QuoteRule = 'required' | 'checked' | 'off';

export interface Judgement {
  readonly choices: { readonly [dimension: string]: Choice | 'void' };
  readonly quotes: { readonly [dimension: string]: string };
  /** One line a dimension that has a reason, in the order of `dimensions`. */
  readonly reason: string;
}

export type ParsedJudgement =
  | { readonly status: 'parsed'; readonly judgement: Judgement }
  | { readonly status: 'unparsed'; readonly code: 'no-verdict' | 'truncated' | 'all-void' };

/** @param shown everything that the judge could quote from */
export function parseJudgement(
  text: string,
  options: { dimensions: readonly Dimension[]; shown: string; quotes: QuoteRule; finishReason: string | null },
): ParsedJudgement {
  const { dimensions, quotes: rule } = options;
  const isEcho = makeEchoTest(options.shown);
  const found = findLastObject(
    text,
    (value, raw) => dimensions.every((name) => readChoice(memberOf(value, name)) !== null) && !isEcho(raw),
  );
  if (found === null)
    return { status: 'unparsed', code: options.finishReason === 'length' ? 'truncated' : 'no-verdict' };
  let collapsed: string | null = null;
  const isShown = (quote: string): boolean => {
    if (options.shown.includes(quote)) return true;
    collapsed ??= collapse(options.shown);
    return collapsed.includes(collapse(quote));
  };
  const choices: { [dimension: string]: Choice | 'void' } = {};
  const quotes: { [dimension: string]: string } = {};
  const reasons: string[] = [];
  for (const name of dimensions) {
    const member = memberOf(found, name);
    const choice = readChoice(member) ?? 'draw';
    const quote = readText(member, ['quote', 'evidence', 'quotes']);
    if (quote !== null && quote.trim() !== '') quotes[name] = quote.toWellFormed();
    choices[name] = isSupported(choice, quote, isObject(member), isShown, rule) ? choice : 'void';
    const reason = readText(member, ['reason', 'explanation', 'rationale', 'why']);
    if (reason !== null && reason.trim() !== '') reasons.push(`${name}: ${reason.trim()}`);
  }
  const overall = readText(found, ['reason', 'explanation', 'rationale', 'summary']);
  if (overall !== null && overall.trim() !== '') reasons.push(overall.trim());
  if (Object.values(choices).every((choice) => choice === 'void')) return { status: 'unparsed', code: 'all-void' };
  return { status: 'parsed', judgement: { choices, quotes, reason: reasons.join('\n').toWellFormed() } };
}

/** Verdicts looked for in what was shown; nobody quotes more of them in good faith. */
const MOST_ECHOES = 32;

/** A verdict that stands word for word in what the judge was shown is that text's, not the judge's. */
function makeEchoTest(shown: string): (raw: string) => boolean {
  let collapsed: string | null = null;
  let echoes = 0;
  return (raw) => {
    if (echoes >= MOST_ECHOES) return true;
    collapsed ??= collapse(shown.replaceAll(MARK, ''));
    const isEcho = shown.includes(raw) || collapsed.includes(collapse(raw));
    if (isEcho) echoes++;
    return isEcho;
  };
}

function isSupported(
  choice: Choice,
  quote: string | null,
  isLong: boolean,
  isShown: (quote: string) => boolean,
  rule: QuoteRule,
): boolean {
  if (rule === 'off') return true;
  if (quote !== null && quote.trim() !== '') return isShown(quote);
  return choice === 'draw' || (rule === 'checked' && !isLong);
}

/** Models re-wrap what they copy, and drop trailing blanks; nothing else is forgiven. */
function collapse(text: string): string {
  return text.split(/\s+/).filter(Boolean).join(' ');
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member by name, whatever its case. */
function memberOf(value: JsonObject, name: string): Json | undefined {
  if (Object.hasOwn(value, name)) return value[name];
  const other = Object.keys(value).find((key) => key.trim().toLowerCase() === name);
  return other === undefined ? undefined : value[other];
}

function readText(value: Json | undefined, names: readonly string[]): string | null {
  if (!isObject(value)) return null;
  for (const name of names) {
    const text = memberOf(value, name);
    if (typeof text === 'string') return text;
    if (Array.isArray(text) && typeof text[0] === 'string') return text[0];
  }
  return null;
}

const CHOICE_NAMES = ['choice', 'winner', 'verdict', 'preference', 'better', 'answer'];

/** A choice in an object in an object is as deep as models nest it. */
const DEEPEST = 3;

function readChoice(value: Json | undefined, depth = 0): Choice | null {
  if (isObject(value)) {
    if (depth === DEEPEST) return null;
    for (const name of CHOICE_NAMES) {
      const choice = readChoice(memberOf(value, name), depth + 1);
      if (choice !== null) return choice;
    }
    return null;
  }
  if (typeof value === 'number') return value === 1 ? 'first' : value === 2 ? 'second' : value === 0 ? 'draw' : null;
  return typeof value === 'string' ? (WORDS.get(toWord(value)) ?? null) : null;
}

function toWord(text: string): string {
  const word = text
    .slice(0, 60)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
  return word
    .replace(/^(?:the )?(?:(?:model|answer|response|candidate|option|assistant|turn) )?/, '')
    .replace(/ (?:answer|model|response|one)$/, '');
}

const WORDS = new Map<string, Choice>([
  ...['first', '1', 'a', 'one', '1st', 'model1', 'answer1'].map((word) => [word, 'first'] as const),
  ...['second', '2', 'b', 'two', '2nd', 'model2', 'answer2'].map((word) => [word, 'second'] as const),
  ...['draw', 'tie', '0', 'equal', 'both', 'neither', 'none', 'same', 'even', 'tied'].map(
    (word) => [word, 'draw'] as const,
  ),
]);
