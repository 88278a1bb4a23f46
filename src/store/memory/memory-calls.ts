/** The call journal in memory. */

import type { Digest } from '#contract/json.ts';
import type { CallIntent, CallJournal, CallRecord } from '#contract/store.ts';
import { LedgerBook } from '../ledger-book.ts';

export function makeMemoryCalls(): CallJournal {
  const answers = new Map<Digest, string>();
  const intents = new Map<string, CallIntent>();
  const book = new LedgerBook();
  let count = 0;

  const take = (id: string): CallIntent => {
    const intent = intents.get(id);
    if (intent === undefined) throw new Error(`no open intent ${id}`);
    intents.delete(id);
    return intent;
  };

  return {
    find: async (keys) =>
      keys.map((key) => {
        const text = answers.get(key);
        return text === undefined ? undefined : (JSON.parse(text) as CallRecord);
      }),
    intend: async (intent) => {
      const id = String(count++);
      intents.set(id, intent);
      book.intend(id, intent.pipeline, intent.reserveUsd, intent.run);
      return id;
    },
    answer: async (id, answer) => {
      const { key, pipeline, node, model, request } = take(id);
      const record: CallRecord = { key, pipeline, node, model, request, ...answer, at: Date.now() };
      answers.set(key, JSON.stringify(record));
      book.answer(id, pipeline, answer.usd, answer.usage);
      return record;
    },
    void: async (id, _reason, usd = 0) => book.void(id, take(id).pipeline, usd),
    ledger: async (pipeline, except) => book.ledger(pipeline, except),
  };
}
