/** The conditions under which a challenger is accepted, each in words with its numbers. */

import { isAhead } from './points.ts';
import type { Sampled } from './resample.ts';

export interface AcceptanceRules {
  readonly winMargin: number;
  readonly minParsed: number;
  readonly confidence: number;
  /** Whether the result must stand with unparsed duels counted as losses. */
  readonly worstCase: boolean;
  /** Whether one judge's clear no is a veto. */
  readonly judgeVeto: boolean;
}

export interface Condition {
  readonly name: 'parsed' | 'margin' | 'significance' | 'judges' | 'worst-case';
  readonly holds: boolean;
  /** The whole comparison in words, with its numbers. */
  readonly detail: string;
}

export interface JudgeNumbers {
  readonly mean: number;
  readonly n: number;
  readonly interval: readonly [number, number];
  /** One-sided p-value that the judge is for the king, adjusted for the number of judges (Holm). */
  readonly pAgainst: number;
}

export interface Measured {
  readonly turns: number;
  readonly parsed: number;
  readonly margin: Sampled;
  /** The margin with unparsed duels as lost as can be. */
  readonly worst: Sampled;
  readonly judges: { readonly [judge: string]: JudgeNumbers };
}

export function makeConditions(
  { turns, parsed, margin, worst, judges }: Measured,
  rules: AcceptanceRules,
): Condition[] {
  const fraction = turns === 0 ? 0 : parsed / turns;
  const significant = significance(margin, rules, 'the mean delta');
  const conditions: Condition[] = [
    {
      name: 'parsed',
      holds: fraction >= rules.minParsed,
      detail: `parsed fraction ${show(fraction)} >= ${rules.minParsed}`,
    },
    {
      name: 'margin',
      holds: margin.mean !== null && isAhead(margin.mean, 0, rules.winMargin),
      detail: `margin ${show(margin.mean)} >= ${rules.winMargin}`,
    },
    { name: 'significance', ...significant },
  ];
  if (rules.judgeVeto) conditions.push(noJudgeAgainst(judges, rules));
  if (rules.worstCase) {
    const stands = worst.mean !== null && isAhead(worst.mean, 0, rules.winMargin);
    // Where the duel is not significant as it is, that is for its own condition to say.
    const sure = significant.holds ? significance(worst, rules, 'it') : null;
    const detail = `margin with unparsed duels as losses ${show(worst.mean)} >= ${rules.winMargin}${sure === null ? '' : ` and ${sure.detail}`}`;
    conditions.push({ name: 'worst-case', holds: stands && (sure?.holds ?? true), detail });
  }
  return conditions;
}

function significance(
  { interval, pAhead }: Sampled,
  { confidence }: AcceptanceRules,
  what: string,
): { readonly holds: boolean; readonly detail: string } {
  if (pAhead === null)
    return {
      holds: interval !== null && interval[0] > 0,
      detail: `lower bound of ${what} ${show(interval?.[0] ?? null)} > 0`,
    };
  return {
    holds: pAhead <= 1 - confidence + 1e-12,
    detail: `permutation p ${show(pAhead)} <= ${show(1 - confidence)}`,
  };
}

/** Clearly: with all judges looked at together, not the one of many that chance put below zero. */
function noJudgeAgainst(judges: Measured['judges'], { confidence }: AcceptanceRules): Condition {
  const against = Object.entries(judges).filter(([, { pAgainst }]) => pAgainst <= 1 - confidence + 1e-12);
  const names = against.map(([name, { mean, pAgainst }]) => `${name} (mean ${show(mean)}, p ${show(pAgainst)})`);
  const detail = against.length === 0 ? 'no judge is clearly against' : `clearly against: ${names.join(', ')}`;
  return { name: 'judges', holds: against.length === 0, detail };
}

export function show(value: number | null): string {
  return value === null ? 'unknown' : String(Number(value.toFixed(4)));
}
