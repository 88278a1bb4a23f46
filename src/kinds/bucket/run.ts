/**
 * Rows by conditions, of which exactly one must hold: the order of entries in a manifest is in no key, so it may decide nothing.
 * Loaded only where there are conditions.
 */

import type { JsonObject } from '#contract/json.ts';
import type { RowOutcome } from '#contract/kind.ts';
import { askCondition } from '#domain/ask-condition.ts';

export function byCondition(where: { readonly [name: string]: string }, fields: JsonObject): RowOutcome {
  const holding: string[] = [];
  for (const name of Object.keys(where).sort()) {
    const answer = askCondition(where[name] ?? '', fields);
    if (typeof answer !== 'boolean') {
      const { notEvaluable, ...rest } = answer;
      return { ...reject('not-evaluable', `${name}: ${notEvaluable}`), ...rest };
    }
    if (answer) holding.push(name);
  }
  const [port, second] = holding;
  if (port === undefined) return reject('in-no-bucket', 'none of the conditions holds');
  if (second !== undefined) return reject('in-two-buckets', `the conditions of ${port} and ${second} both hold`);
  return { type: 'emit', emissions: [{ port, set: { bucket: port } }] };
}

const reject = (code: string, reason: string): RowOutcome => ({ type: 'reject', code, reason });
