/** A judge's name in tables, with the models that answered in its place. */

import { formatCount } from '#html/text.ts';
import type { JudgeFacts } from './facts.ts';

/** Whose opinion it is, where a fallback spoke for the judge. */
export function nameJudge({ judge, standIns }: JudgeFacts): string {
  const others = Object.entries(standIns).map(([alias, count]) => `${formatCount(count)} by ${alias}`);
  return others.length === 0 ? judge : `${judge} (answers in its place: ${others.join(', ')})`;
}
