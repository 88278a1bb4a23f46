/** What the viewer shows of one duel, held to a budget of characters: the answers first, then the judges, then the latest history. */

import type { Json, JsonObject } from '#contract/json.ts';
import type { JudgeEntry } from '#domain/duel/score.ts';
import { toVisible } from '#html/escape.ts';
import { cutText } from '#html/text.ts';
import { isObject, stableJson } from '#util/json-object.ts';
import { byDimension } from './by-dimension.ts';
import type { Detail, DetailPart } from './facts.ts';

/** Below it nothing useful can be shown. */
export const LEAST_BUDGET = 2_000;
const MOST_BUDGET = 64_000;

/** Characters a row may take, so that `count` rows fit into `bytes`. */
export function budgetFor(count: number, bytes: number): number {
  return Math.min(MOST_BUDGET, Math.max(LEAST_BUDGET, Math.floor(bytes / Math.max(1, count))));
}

export function toDuelDetail(
  title: string,
  fields: JsonObject,
  entries: readonly JudgeEntry[],
  budget: number,
): Detail {
  const texts = answerTexts(fields);
  const each = Math.floor((budget * 0.4) / Math.max(1, texts.length));
  const reasons = Math.floor((budget * 0.25) / Math.max(1, entries.length));
  const parts: DetailPart[] = [
    { type: 'texts', texts: texts.map(({ label, tone, text }) => ({ label, tone, text: shown(text, each) })) },
    ...decidedPart(fields['decided']),
    ...(entries.length === 0 ? [] : [judgePart(entries, reasons)]),
    ...historyPart(fields['messages'], Math.floor(budget * 0.35)),
  ];
  return { title: shown(title, 300), parts };
}

interface AnswerText {
  readonly label: string;
  readonly tone: string;
  readonly text: string;
}

/** The sides of the duel; the data's own turn stands in for a king that is not there, and else follows. */
function answerTexts(fields: JsonObject): AnswerText[] {
  const side = (name: string, tone: string): AnswerText[] => {
    const answer = fields[name];
    const text = isObject(answer) ? answer['text'] : answer;
    return typeof text === 'string' ? [{ label: name, tone, text }] : [];
  };
  return [...side('king', 'king'), ...side('challenger', 'challenger'), ...side('reference', 'reference')];
}

/** Duels that no judge was asked about. */
function decidedPart(decided: Json | undefined): DetailPart[] {
  if (typeof decided !== 'string') return [];
  return [{ type: 'note', text: `Decided without a judge: ${shown(decided, 100).replaceAll('-', ' ')}.` }];
}

function judgePart(entries: readonly JudgeEntry[], limit: number): DetailPart {
  const names = byDimension(entries.flatMap(({ choices }) => Object.keys(choices)));
  return {
    type: 'table',
    label: 'Judges',
    columns: ['judge', 'order', ...names, 'reason'],
    rows: entries.map((entry) => [
      shown(entry.stand_in === undefined ? entry.judge : `${entry.stand_in} for ${entry.judge}`, 100),
      entry.order.replace('-', ' '),
      ...names.map((name) => (entry.status === 'parsed' ? (entry.choices[name] ?? '–') : '–')),
      shown(
        entry.status === 'parsed' ? entry.reason : `not parsed: ${entry.code ?? 'unknown'}. ${entry.reason}`,
        limit,
      ),
    ]),
  };
}

/** The latest messages that fit, each cut to half of the budget; what came before is counted. */
function historyPart(value: Json | undefined, budget: number): DetailPart[] {
  if (!Array.isArray(value) || value.length === 0) return [];
  const all = value as readonly Json[];
  const messages: { role: string; text: string }[] = [];
  let left = budget;
  for (let index = all.length - 1; index >= 0 && left > 200; index--) {
    const message = all[index];
    if (!isObject(message)) continue;
    const content = message['content'];
    const text = shown(typeof content === 'string' ? content : stableJson(content ?? null), Math.max(200, budget / 2));
    left -= text.length;
    messages.unshift({ role: shown(String(message['role'] ?? 'unknown'), 40), text });
  }
  const label =
    messages.length === all.length
      ? `History, ${all.length} messages`
      : `History, the last ${messages.length} of ${all.length} messages`;
  return [{ type: 'messages', label, messages }];
}

function shown(text: string, limit: number): string {
  return cutText(toVisible(text), Math.floor(limit));
}
