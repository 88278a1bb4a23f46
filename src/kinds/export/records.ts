/** One row to one record of a format, or the reason why it is left out. */

import type { Json, JsonObject } from '#contract/json.ts';
import type { Row } from '#contract/row.ts';
import { valueAtPath } from '#domain/at-path.ts';
import { isObject, setMember } from '#util/json-object.ts';
import type { ExportConfig, FormatName } from './config.ts';
import { HIDDEN, leakOf, withoutHidden } from './leaks.ts';
import { toPair } from './pairs.ts';

export type Outcome = { readonly record: JsonObject } | { readonly drop: string };

/**
 * The record that `format` makes of a row. Drops: `leaked`, `canaried`, `text-missing`, `prompt-missing`, `pair-identical`, and those
 * of the labels and scores that a format goes by.
 */
export function toRecord(format: FormatName, config: ExportConfig, row: Row): Outcome {
  switch (format) {
    case 'rows':
      return { record: config.keep === undefined ? visibleFields(row.fields) : kept(config, row) };
    case 'sft':
      return toConversation(config, row);
    case 'kto':
      return toLabelled(config, row);
    default:
      return toPreference(format, config, row);
  }
}

function toConversation(config: ExportConfig, row: Row): Outcome {
  const { completion, prompt = 'messages', style = 'messages' } = config.formats.sft ?? { completion: '' };
  const text = exampleAt(row.fields, completion);
  if (typeof text !== 'string') return text;
  const start = promptAt(row.fields, prompt);
  if (start === null) return { drop: 'prompt-missing' };
  if (style === 'prompt-completion')
    return { record: { prompt: start, completion: asAnswer(start, text), ...kept(config, row) } };
  const history = typeof start === 'string' ? [{ role: 'user', content: start }] : start;
  return { record: { messages: [...history, { role: 'assistant', content: text }], ...kept(config, row) } };
}

/** KTO: an answer and whether it is one to follow. As one to shun, an answer that leaked may stand. */
function toLabelled(config: ExportConfig, row: Row): Outcome {
  const { kto } = config.formats;
  if (kto === undefined) return { drop: 'text-missing' };
  const { completion, prompt = 'messages', label: path = 'bucket' } = kto;
  const value = valueAtPath(row.fields, path);
  const isNamed = (names: readonly string[]) => typeof value === 'string' && names.includes(value);
  const label =
    typeof value === 'boolean'
      ? value
      : isNamed(kto.desirable ?? ['final'])
        ? true
        : isNamed(kto.undesirable ?? ['defeat'])
          ? false
          : null;
  if (label === null) return { drop: 'label-missing' };
  const text = label ? exampleAt(row.fields, completion) : (textAt(row.fields, completion) ?? { drop: 'text-missing' });
  if (typeof text !== 'string') return text;
  const start = promptAt(row.fields, prompt);
  if (start === null) return { drop: 'prompt-missing' };
  return { record: { prompt: start, completion: asAnswer(start, text), label, ...kept(config, row) } };
}

function toPreference(format: 'dpo' | 'reward', config: ExportConfig, row: Row): Outcome {
  const { prompt = 'messages' } = config.formats[format] ?? {};
  const pair = toPair(format, config, row);
  if ('drop' in pair) return pair;
  const better = exampleAt(row.fields, pair.chosen);
  if (typeof better !== 'string') return better;
  const worse = textAt(row.fields, pair.rejected);
  if (worse === null) return { drop: 'text-missing' };
  if (better === worse) return { drop: 'pair-identical' };
  const start = promptAt(row.fields, prompt);
  if (start === null) return { drop: 'prompt-missing' };
  const sides = { chosen: asAnswer(start, better), rejected: asAnswer(start, worse) };
  return { record: { prompt: start, ...sides, ...pair.more, ...kept(config, row) } };
}

/** A text that may be learned, or why there is none. */
function exampleAt(fields: JsonObject, path: string): string | { readonly drop: string } {
  const text = textAt(fields, path);
  // Asked first: a leak is the reason that matters, also where the text is gone.
  const leak = leakOf(fields, path, text ?? '');
  if (leak !== null) return { drop: leak };
  return text ?? { drop: 'text-missing' };
}

/** Beside messages an answer is a message, beside a text a text. */
function asAnswer(start: string | readonly JsonObject[], text: string): Json {
  return typeof start === 'string' ? text : [{ role: 'assistant', content: text }];
}

function textAt(fields: JsonObject, path: string): string | null {
  const value = valueAtPath(fields, path);
  return typeof value === 'string' && value !== '' ? value : null;
}

function promptAt(fields: JsonObject, path: string): string | readonly JsonObject[] | null {
  const value = valueAtPath(fields, path);
  if (typeof value === 'string') return value;
  if (!Array.isArray(value) || value.length === 0) return null;
  const messages: JsonObject[] = [];
  for (const message of value as readonly Json[]) {
    if (!isObject(message) || typeof message['role'] !== 'string') return null;
    const { role, content = null, ...rest } = message;
    messages.push({ role, content, ...rest });
  }
  return messages;
}

function kept(config: ExportConfig, row: Row): JsonObject {
  const record: { [field: string]: Json } = {};
  for (const path of config.keep ?? []) {
    const value = path === '$key' ? row.key : valueAtPath(row.fields, path);
    if (value !== undefined) place(record, path === '$key' ? ['key'] : path.split('.'), withoutHidden(value));
  }
  return record;
}

function place(record: { [field: string]: Json }, path: readonly string[], value: Json): void {
  let at = record;
  for (const segment of path.slice(0, -1)) {
    const next = Object.hasOwn(at, segment) ? at[segment] : undefined;
    const inner: { [field: string]: Json } = isObject(next) ? { ...next } : {};
    setMember(at, segment, inner);
    at = inner;
  }
  setMember(at, path.at(-1) ?? '', value);
}

/** Every field but what a challenger was shown in secret. */
function visibleFields(fields: JsonObject): JsonObject {
  const record: { [field: string]: Json } = {};
  for (const name of Object.keys(fields).sort())
    if (name !== HIDDEN) setMember(record, name, withoutHidden(fields[name] ?? null));
  return record;
}
