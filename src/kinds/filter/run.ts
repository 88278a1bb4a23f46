/** Asks the condition of each row. What cannot be answered for a row is a rejection of its own name, never a silent false. */

import type { Context, RowInput, RowOutcome } from '#contract/kind.ts';
import { askCondition } from '#domain/ask-condition.ts';

interface FilterConfig {
  readonly where?: string;
}

const KEPT: RowOutcome = { type: 'emit', emissions: [{}] };

export function runFilter({ row, lookups }: RowInput, { config: { where } }: Context<FilterConfig>): RowOutcome {
  if (where === undefined) return KEPT;
  const answer = askCondition(where, row.fields, lookups);
  if (typeof answer !== 'boolean') {
    const { notEvaluable: reason, ...rest } = answer;
    return { type: 'reject', code: 'not-evaluable', reason, ...rest };
  }
  return answer ? KEPT : { type: 'reject', code: 'filtered', reason: `where: ${where}` };
}
