/**
 * The top-level fields that a condition may look at. Words are taken for fields wherever they stand, also in texts: a field
 * too many costs a little, a field too few would make a row look as if it lacked it. Needs no CEL parser, so that planning loads none.
 */

import type { Reads } from '#contract/kind.ts';
import { Type } from '#contract/schema.ts';

const ANY = Type.Unknown();

/** A word that is not a member of something, and the member that follows it. */
const WORD = /(?<![\w.])([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?/g;

export function readsOfCondition(where: string): Reads {
  if (where.includes('`')) return '*';
  const reads: { [field: string]: { schema: typeof ANY; optional: true } } = Object.create(null);
  for (const [, word = '', member] of where.matchAll(WORD)) {
    if (word === 'row' && member === undefined) return '*';
    reads[word === 'row' && member !== undefined ? member : word] = { schema: ANY, optional: true };
  }
  return reads;
}
