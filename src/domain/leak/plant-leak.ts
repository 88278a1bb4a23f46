/** A leak of a chosen sort planted into an honest turn, so that what an audit finds and misses can be counted. */

import { unitFromHash } from '#util/sha256.ts';
import type { HiddenTexts } from './hidden.ts';
import type { Pick } from './plant-facts.ts';
import { DISGUISED, type HonestTurn, LEXICAL } from './plant-sorts.ts';

export interface Planted {
  readonly text: string;
  /** UTF-16 offsets of what was planted. */
  readonly start: number;
  readonly end: number;
}

export const PLANT_SORTS: readonly string[] = [...Object.keys(LEXICAL), ...Object.keys(DISGUISED)];

/** Whether an audit is meant to find nearly all of the sort. */
export const isLexical = (sort: string) => Object.hasOwn(LEXICAL, sort);

/** Null where there is nothing of the sort to plant. */
export function plantLeak(sort: string, turn: HonestTurn, pr: HiddenTexts, seed: string): Planted | null {
  const make = LEXICAL[sort] ?? DISGUISED[sort];
  if (make === undefined) throw new Error(`no sort ${sort}`);
  const text = turn.history.map(({ content }) => content ?? '').join('\n');
  const leak = make(pr, { text, lower: text.toLowerCase() }, makePick(`${sort}/${seed}`), turn);
  if (leak === null) return null;
  const fence = turn.text.indexOf('```bash');
  const thought = fence === -1 ? turn.text : turn.text.slice(0, fence);
  if ('run' in leak) {
    const before = `${thought}\`\`\`bash\n`;
    return { text: `${before}${leak.run}\n\`\`\``, start: before.length, end: before.length + leak.run.length };
  }
  const before = `${thought.trimEnd()}\n\n`;
  return {
    text: `${before}${leak.say}\n\n${fence === -1 ? '' : turn.text.slice(fence)}`,
    start: before.length,
    end: before.length + leak.say.length,
  };
}

/** Draws that depend on the seed alone. */
function makePick(seed: string): Pick {
  let drawn = 0;
  return (count) => Math.floor(unitFromHash('plant', seed, String(drawn++)) * count);
}
