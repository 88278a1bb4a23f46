/** Which of two texts is the better one, and by how much. */

import type { Json, JsonObject } from '#contract/json.ts';
import type { Row } from '#contract/row.ts';
import { valueAtPath } from '#domain/at-path.ts';
import type { ExportConfig } from './config.ts';

export interface Pair {
  /** Paths. */
  readonly chosen: string;
  readonly rejected: string;
  /** Members of the record beside the two texts. */
  readonly more: JsonObject;
}

/** Drops: `score-missing`, `margin-too-small`, `not-a-negative`. */
export function toPair(
  format: 'dpo' | 'reward',
  config: ExportConfig,
  { fields }: Row,
): Pair | { readonly drop: string } {
  if (format === 'dpo') {
    const { chosen, rejected } = config.formats.dpo ?? { chosen: '', rejected: '' };
    return { chosen, rejected, more: {} };
  }
  const { reward } = config.formats;
  if (reward === undefined) return { drop: 'text-missing' };
  const { chosen, rejected, label } = reward;
  const labelled: { [name: string]: Json } = {};
  if (label !== undefined) {
    const value = valueAtPath(fields, label);
    if (!(reward.negatives ?? ['fail']).some((name) => name === value)) return { drop: 'not-a-negative' };
    labelled['rejected_label'] = value ?? null;
  }
  const scores = scoresOf(reward, fields);
  if (scores === undefined) return { chosen, rejected, more: labelled };
  if (scores === null) return { drop: 'score-missing' };
  const isTurned = reward.order === 'by-score' && scores.chosen < scores.rejected;
  const [high, low] = isTurned ? [scores.rejected, scores.chosen] : [scores.chosen, scores.rejected];
  const margin = round(high - low);
  if (margin <= 0 || margin < (reward.min_margin ?? 0)) return { drop: 'margin-too-small' };
  const more = { chosen_score: high, rejected_score: low, margin, ...labelled };
  return isTurned ? { chosen: rejected, rejected: chosen, more } : { chosen, rejected, more };
}

type Reward = NonNullable<ExportConfig['formats']['reward']>;

/** Undefined where the format goes by no score, null where this row has none. In a duel the sides share a scale of 100. */
function scoresOf(
  { score, chosen_score, rejected_score }: Reward,
  fields: JsonObject,
): { readonly chosen: number; readonly rejected: number } | null | undefined {
  if (score !== undefined) {
    const value = valueAtPath(fields, score);
    return typeof value === 'number' ? { chosen: value, rejected: round(100 - value) } : null;
  }
  if (chosen_score === undefined || rejected_score === undefined) return undefined;
  const [better, worse] = [valueAtPath(fields, chosen_score), valueAtPath(fields, rejected_score)];
  return typeof better === 'number' && typeof worse === 'number' ? { chosen: better, rejected: worse } : null;
}

/** Six decimals: what scores are rounded to. */
function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
