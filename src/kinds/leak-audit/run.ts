/** One text held against its pull request; where told so, with a leak planted into it first. */

import { Failure } from '#contract/failure.ts';
import type { JsonObject } from '#contract/json.ts';
import type { Context, RowInput, RowOutcome } from '#contract/kind.ts';
import type { HistoryMessage } from '#domain/answer/chat-messages.ts';
import { valueAtPath } from '#domain/at-path.ts';
import { auditAnswer } from '#domain/leak/audit-answer.ts';
import type { LeakVerdict } from '#domain/leak/audit-leak.ts';
import { decideLeak } from '#domain/leak/decide-leak.ts';
import type { HiddenTexts } from '#domain/leak/hidden.ts';
import { PLANT_SORTS, type Planted, plantLeak } from '#domain/leak/plant-leak.ts';
import { hashTexts, unitFromHash } from '#util/sha256.ts';
import { annotationOf, type LeakAuditConfig } from './config.ts';

export async function runLeakAudit(
  { row, lookups }: RowInput<JsonObject>,
  { llm, config }: Context<LeakAuditConfig>,
): Promise<RowOutcome> {
  const found = lookups['pr'];
  if (Array.isArray(found))
    throw new Failure('lookup-list', 'the audit takes one pull request a row, not a list', {
      hint: 'drop `many: list` from `with.pr`',
    });
  if (found === undefined || found === null || !('fields' in found))
    return { type: 'reject', code: 'pr-missing', reason: 'there is no pull request for this row' };
  const text = valueAtPath(row.fields, config.field);
  if (typeof text !== 'string')
    return { type: 'reject', code: 'text-missing', reason: `\`${config.field}\` is no text` };
  const hidden = found.fields as HiddenTexts;
  const history = (valueAtPath(row.fields, config.history) ?? []) as unknown as readonly HistoryMessage[];
  const decoys = decoysBeside(row.fields, config.field);
  const plant = plantFor(row.key, { history, text }, hidden, config);
  const answer = plant?.planted.text ?? text;
  const { control } = config;
  const audited = await auditAnswer(llm, { answer, history, hidden, decoys, control, fields: row.fields });
  if ('type' in audited) return audited;
  const { verdict } = audited;
  const leak =
    plant === null ? audited.leak : { ...audited.leak, planted: plant.sort, caught: isCaught(verdict, plant.planted) };
  const { field, inside } = annotationOf(config);
  const set = { [field]: inside ? { ...(row.fields[field] as JsonObject), leak } : leak };
  return decideLeak(verdict, config.leak_audit, set);
}

/** What a challenger has written down about the decoys that it was shown. */
function decoysBeside(fields: JsonObject, path: string): readonly string[] {
  const decoys = valueAtPath(fields, `${path.split('.')[0] ?? ''}.hidden.decoys`);
  return Array.isArray(decoys) ? decoys.filter((decoy) => typeof decoy === 'string') : [];
}

/** The first sort, from a drawn one on, of which there is something to plant; null for rows that stay honest. */
function plantFor(
  key: string,
  turn: { readonly history: readonly HistoryMessage[]; readonly text: string },
  hidden: HiddenTexts,
  { plant }: LeakAuditConfig,
): { readonly sort: string; readonly planted: Planted } | null {
  if (plant === undefined || unitFromHash('plant', String(plant.seed), key) >= plant.share) return null;
  const sorts: readonly string[] = plant.sorts ?? PLANT_SORTS;
  const first = Math.floor(unitFromHash('plant-sort', String(plant.seed), key) * sorts.length);
  for (let nth = 0; nth < sorts.length; nth++) {
    const sort = sorts[(first + nth) % sorts.length] ?? '';
    const planted = plantLeak(sort, turn, hidden, hashTexts(String(plant.seed), key));
    if (planted !== null) return { sort, planted };
  }
  return null;
}

/** What the text itself had is no merit of the audit. */
function isCaught({ outcome, evidence }: LeakVerdict, { start, end }: Planted): boolean {
  const own = evidence.filter((each) => each.end > start && each.start < end && each.strength !== 'weak');
  return outcome !== 'pass' && own.some(({ cleared }) => cleared === undefined);
}
