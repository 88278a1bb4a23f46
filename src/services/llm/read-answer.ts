/** A 200 body to an answer. Only an object with choices and a finish reason counts; proxies answer 200 with anything. */

import type { Json, JsonObject } from '#contract/json.ts';
import type { Usage } from '#contract/services.ts';
import { isCount } from '#util/answer-bound.ts';
import { setMember } from '#util/json-object.ts';

/** What the journal keeps of an answer; see CallRecord.answer. */
export interface StoredAnswer extends JsonObject {
  readonly text: string;
  readonly reasoning: string | null;
  readonly finishReason: string;
  readonly servedModel: string | null;
  readonly providerId: string | null;
  /** The body as served, without the strings that `text` and `reasoning` already hold. */
  readonly raw: Json;
}

export type ReadAnswer =
  | { readonly ok: true; readonly answer: StoredAnswer; readonly usage: Usage | null }
  /** `usage` where the body at least says what was billed. */
  | { readonly ok: false; readonly problem: string; readonly usage: Usage | null };

/** @param redact takes known secrets out of a string: endpoints have been seen to echo headers */
export function readAnswer(body: string, redact: (text: string) => string): ReadAnswer {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { ok: false, problem: describeText(body), usage: null };
  }
  if (!isObject(parsed)) return { ok: false, problem: 'the body is JSON but not an object', usage: null };
  const usage = readUsage(parsed['usage']);
  if (isObject(parsed['error'])) {
    const message = parsed['error']['message'];
    const said = typeof message === 'string' ? `: ${redact(message).slice(0, 200)}` : '';
    return { ok: false, problem: `the body is an error with status 200${said}`, usage };
  }
  const choices = parsed['choices'];
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  if (!isObject(choice)) return { ok: false, problem: 'the body has no choices', usage };
  const { message, finish_reason: finishReason } = choice;
  if (!isObject(message)) return { ok: false, problem: 'the choice has no message', usage };
  if (typeof finishReason !== 'string') return { ok: false, problem: 'the choice has no finish_reason', usage };
  const clean = (text: string) => redact(text).toWellFormed();
  const reasoning = [message['reasoning_content'], message['reasoning']].find((value) => typeof value === 'string');
  return {
    ok: true,
    usage,
    answer: {
      text: clean(readContent(message['content'])),
      reasoning: typeof reasoning === 'string' ? clean(reasoning) : null,
      finishReason: clean(finishReason),
      servedModel: typeof parsed['model'] === 'string' ? clean(parsed['model']) : null,
      providerId: typeof parsed['id'] === 'string' ? clean(parsed['id']) : null,
      raw: toRaw(parsed, message, clean),
    },
  };
}

function readContent(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (isObject(part) && typeof part['text'] === 'string' ? part['text'] : '')).join('');
}

function readUsage(usage: unknown): Usage | null {
  if (!isObject(usage)) return null;
  const { prompt_tokens: input, completion_tokens: output } = usage;
  return isCount(input) && isCount(output) ? { input, output } : null;
}

/** Of a body that is not JSON: what it seems to be, never the body. */
function describeText(body: string): string {
  if (body.trim() === '') return 'the body is empty';
  if (/^\s*<(!doctype|html|\?xml)/i.test(body)) return 'the body is HTML, probably from a proxy';
  return `the body is not JSON (${body.length} characters, perhaps cut off)`;
}

const HELD_ELSEWHERE = new Set(['content', 'reasoning', 'reasoning_content']);
const DEEPEST = 64;

/** A copy that any store can hold: redacted, well-formed, safe integers, bounded depth. */
function toRaw(body: { readonly [name: string]: unknown }, message: object, clean: (text: string) => string): Json {
  const copy = (value: unknown, depth: number): Json => {
    if (typeof value === 'string') return clean(value);
    if (typeof value === 'number')
      return Number.isInteger(value) && !Number.isSafeInteger(value) ? String(value) : value;
    if (typeof value !== 'object' || value === null) return value === true || value === false ? value : null;
    if (depth > DEEPEST) return null;
    if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1));
    const members: { [name: string]: Json } = {};
    for (const [name, member] of Object.entries(value)) {
      if (value === message && typeof member === 'string' && HELD_ELSEWHERE.has(name)) continue;
      setMember(members, clean(name), copy(member, depth + 1));
    }
    return members;
  };
  return copy(body, 0);
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
