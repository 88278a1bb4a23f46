/** From choices to scores: candidate 1, draw .5, other 0; a judge is the mean of its dimensions, a turn the mean of its judges. */

import type { Dimension, Order, Verdict } from './dimensions.ts';

/** What one judge said in one order; the row keeps these. */
export interface JudgeEntry {
  /** The judge's alias in the manifest. */
  readonly judge: string;
  readonly order: Order;
  /** Alias of the model that answered in the judge's place; absent where it answered itself. */
  readonly stand_in?: string;
  /** `failed`: there is no answer at all. */
  readonly status: 'parsed' | 'unparsed' | 'failed';
  /** Why it is unparsed or failed. */
  readonly code: string | null;
  readonly choices: { readonly [dimension: string]: Verdict };
  readonly quotes: { readonly [dimension: string]: string };
  readonly reason: string;
}

/** One judge over all the orders it was asked in. */
export interface JudgeScore {
  /** 0..1 for the candidate; null where an order is unparsed or nothing counts in every order. */
  readonly score: number | null;
  readonly dimensions: { readonly [dimension: string]: number | null };
  /** Dimensions where it chose one answer in one order and the other in the other. */
  readonly flips: number;
}

const VALUE: { readonly [verdict in Verdict]: number | null } = { candidate: 1, draw: 0.5, against: 0, void: null };

/**
 * A dimension's value is the mean over the orders: a flip comes out as a draw. It counts only if no order is void there, because a
 * single order carries the judge's bias for a position.
 */
export function scoreJudge(entries: readonly JudgeEntry[]): JudgeScore {
  const names = [...new Set(entries.flatMap(({ choices }) => Object.keys(choices)))].sort();
  const isWhole = entries.length > 0 && entries.every(({ status }) => status === 'parsed');
  const dimensions: { [dimension: string]: number | null } = {};
  let flips = 0;
  for (const name of names) {
    const verdicts = entries.map(({ choices }) => choices[name] ?? 'void');
    const values = verdicts.map((verdict) => VALUE[verdict]).filter((value) => value !== null);
    dimensions[name] = isWhole && values.length === entries.length ? average(values) : null;
    if (verdicts.includes('candidate') && verdicts.includes('against')) flips++;
  }
  const counted = Object.values(dimensions).filter((value) => value !== null);
  return { score: isWhole && counted.length > 0 ? average(counted) : null, dimensions, flips };
}

export interface TurnScore {
  /** 0..100, to six decimals; null below `minJudges`. */
  readonly score: number | null;
  readonly parsed: boolean;
  /** 0..100 a dimension; null where no judge's choice counts. */
  readonly metrics: { readonly [dimension: string]: number | null };
  readonly flips: number;
  /** Judges that count. */
  readonly judges: number;
}

/** The order of the entries does not matter: judges are taken by name. */
export function scoreTurn(
  entries: readonly JudgeEntry[],
  dimensions: readonly Dimension[],
  minJudges: number,
): TurnScore {
  const scores = [...scoreByJudge(entries).values()];
  const counted = scores.filter(({ score }) => score !== null);
  const parsed = counted.length >= Math.max(1, minJudges);
  return {
    score: parsed ? toPoints(average(counted.map(({ score }) => score ?? 0))) : null,
    parsed,
    metrics: Object.fromEntries(
      dimensions.map((name) => {
        const values = counted.map((each) => each.dimensions[name] ?? null).filter((value) => value !== null);
        return [name, values.length === 0 ? null : toPoints(average(values))];
      }),
    ),
    flips: scores.reduce((all, { flips }) => all + flips, 0),
    judges: counted.length,
  };
}

/** More than half: what a score needs of the judges that were asked, unless told otherwise. */
export function majorityOf(judges: number): number {
  return Math.floor(judges / 2) + 1;
}

export function scoreByJudge(entries: readonly JudgeEntry[]): Map<string, JudgeScore> {
  const names = [...new Set(entries.map(({ judge }) => judge))].sort();
  return new Map(names.map((name) => [name, scoreJudge(entries.filter(({ judge }) => judge === name))]));
}

/** Six decimals, so that thirds of a grid compare as what they print. */
export function toPoints(share: number): number {
  return Math.round(share * 1e8) / 1e6;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
