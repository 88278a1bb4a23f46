/**
 * The only thing that passes from a writer who has seen the pull request to one who has not: an action of a fixed list and pointers to
 * what the session itself shows. No word of the first writer's own gets through; docs/design/0013-leak-audit.md says what still could.
 */

import type { JsonObject } from '#contract/json.ts';
import { isObject } from '#util/json-object.ts';
import { findLastOutermost } from '../last-json.ts';
import type { HistoryMessage } from './chat-messages.ts';

/** What a turn can be for, with the words in which the second writer is told. */
export const INTENT_ACTIONS = {
  list: 'look at which files there are',
  search: 'search the code',
  read: 'read code',
  reproduce: 'reproduce the problem',
  edit: 'change code',
  'write-test': 'write a test',
  'run-tests': 'run tests or a script',
  review: 'look at what was changed so far',
  'clean-up': 'remove what was made along the way',
  submit: 'finish the work as the session demands',
} as const;
export type IntentAction = keyof typeof INTENT_ACTIONS;

export interface IntentPointer {
  /** Zero-based place in the history. */
  readonly message: number;
  /** UTF-16 offsets into that message. */
  readonly start: number;
  readonly end: number;
  /** The session's own text there. */
  readonly text: string;
}

export interface Intent {
  readonly action: IntentAction;
  readonly pointers: readonly IntentPointer[];
}

export const MOST_POINTERS = 3;
/** In characters. Below, quotes could be strung together to a message; above, they point to nothing. */
const SHORTEST_QUOTE = 6;
const LONGEST_QUOTE = 300;

export const INTENT_SCHEMA: JsonObject = {
  type: 'object',
  additionalProperties: false,
  required: ['action', 'quotes'],
  properties: {
    action: { type: 'string', enum: Object.keys(INTENT_ACTIONS) },
    quotes: { type: 'array', maxItems: MOST_POINTERS, items: { type: 'string' } },
  },
};

export type ReadIntent = { readonly intent: Intent } | { readonly code: string; readonly reason: string };

/** What stands around the object is dropped; what stands in it besides an action and quotes of the session is refused. */
export function readIntent(text: string, history: readonly HistoryMessage[]): ReadIntent {
  const value = findLastOutermost(text);
  if (!isObject(value)) return { code: 'intent-not-json', reason: 'the answer holds no JSON object' };
  const more = Object.keys(value).filter((name) => name !== 'action' && name !== 'quotes');
  if (more.length > 0)
    return { code: 'intent-free-text', reason: `${more.length} more members than action and quotes` };
  const { action, quotes = [] } = value;
  if (typeof action !== 'string' || !isAction(action))
    return { code: 'intent-unknown-action', reason: 'its action is not of the list' };
  if (!Array.isArray(quotes) || quotes.length > MOST_POINTERS)
    return { code: 'intent-free-text', reason: `its quotes are no list of at most ${MOST_POINTERS}` };
  const pointers: IntentPointer[] = [];
  for (const [nth, quote] of quotes.entries()) {
    const pointer = typeof quote === 'string' ? resolveQuote(quote, history) : null;
    if (pointer === null)
      return { code: 'intent-unresolved', reason: `quote ${nth + 1} is not in the session, or cut from within a word` };
    pointers.push(pointer);
  }
  return { intent: { action, pointers } };
}

const isAction = (action: string): action is IntentAction => Object.hasOwn(INTENT_ACTIONS, action);

/** The newest place that holds the quote as whole words; white space at its ends does not count. */
function resolveQuote(quote: string, history: readonly HistoryMessage[]): IntentPointer | null {
  const text = quote.trim();
  if (text.length < SHORTEST_QUOTE || text.length > LONGEST_QUOTE) return null;
  for (let message = history.length - 1; message >= 0; message--) {
    const content = (history[message]?.content ?? '').toWellFormed();
    // A few places are tried; the quote that stands within words in all of them points nowhere.
    for (let start = content.lastIndexOf(text), tried = 0; start !== -1 && tried < 20; tried++) {
      const end = start + text.length;
      if (!isWithinWord(content, start) && !isWithinWord(content, end)) return { message, start, end, text };
      start = start === 0 ? -1 : content.lastIndexOf(text, start - 1);
    }
  }
  return null;
}

function isWithinWord(text: string, at: number): boolean {
  return /\w/.test(text[at - 1] ?? ' ') && /\w/.test(text[at] ?? ' ');
}
