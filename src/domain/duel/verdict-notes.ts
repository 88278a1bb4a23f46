/** What a reader must know beside a verdict, in sentences: what its test can bear, what it hangs on, and what it would take to know more. */

import { show } from './conditions.ts';
import type { DecideCost } from './decide-cost.ts';
import { FEW_CLUSTERS, type Unit } from './resample.ts';
import type { Survivorship } from './survivorship.ts';
import type { Outcome, VerdictNumbers, VerdictRules } from './verdict.ts';

/** Null duels accepted at a nominal 5 % where this was first measured; bench `verdict` finds 36, 11 and 6 %. */
export const FALSE_ACCEPTANCE: { readonly [unit in Unit]: string } = {
  vote: '36 %',
  turn: '11.8 %',
  instance: '5.6 %',
  repo: '5.6 % where nothing is shared across repositories',
};

export function verdictNotes(
  numbers: VerdictNumbers,
  rules: VerdictRules,
  survivorship: Survivorship | null,
  cost: DecideCost | null,
  decide: number,
): string[] {
  if (numbers.power === null)
    return ['no duel was parsed: there is nothing to decide on', unknownCost(decide, 'nothing is known of the spread')];
  return [
    ...clusterNotes(numbers, rules),
    ...panelNotes(numbers, rules),
    ...leaveOneOutNotes(numbers),
    ...lossNotes(survivorship, rules),
    ...powerNotes(numbers, rules),
    cost === null ? unknownCost(decide, 'all clusters agree, so there is no spread to reckon with') : costNote(cost),
  ];
}

function unknownCost(margin: number, why: string): string {
  return `what it would cost to decide a margin of ${margin} cannot be told: ${why}`;
}

function clusterNotes({ clusters, pValue, exact, parsed }: VerdictNumbers, { unit }: VerdictRules): string[] {
  if ((unit === 'turn' || unit === 'vote') && parsed > 1)
    return [
      `${unit}s are resampled as if they were independent: at a nominal 5 % this accepted ${FALSE_ACCEPTANCE[unit]} of null duels`,
    ];
  if (clusters >= FEW_CLUSTERS) return [];
  const sort = exact === true ? 'an exact permutation test' : 'a permutation test';
  const how = pValue !== null ? `${sort} decides` : 'and the bootstrap decides all the same';
  return [`${clusters} clusters are few for a bootstrap (under ${FEW_CLUSTERS}): ${how}`];
}

function panelNotes({ allJudges, accepted }: VerdictNumbers, { excluded }: VerdictRules): string[] {
  if (allJudges === null) return [];
  const says = (each: boolean) => (each ? 'accepted' : 'not accepted');
  return [
    `left out on the panel's word: ${excluded.join(', ')}; without them ${says(accepted)}, with them ${says(allJudges.accepted)} (${describeOutcome(allJudges)})`,
  ];
}

function leaveOneOutNotes({ leaveOneOut, accepted }: VerdictNumbers): string[] {
  return Object.entries(leaveOneOut)
    .filter(([, outcome]) => outcome.accepted !== accepted)
    .map(
      ([judge, outcome]) =>
        `the outcome hangs on the judge ${judge}: without it ${outcome.accepted ? 'accepted' : 'not accepted'} (${describeOutcome(outcome)})`,
    );
}

function describeOutcome({ margin, interval, conditions }: Outcome): string {
  const failed = conditions.filter(({ holds }) => !holds).map(({ name }) => name);
  const bounds = interval === null ? '' : `, ${show(interval[0])} to ${show(interval[1])}`;
  return `margin ${show(margin)}${bounds}${failed.length === 0 ? '' : `; fails ${failed.join(', ')}`}`;
}

function lossNotes(survivorship: Survivorship | null, { winMargin }: VerdictRules): string[] {
  if (survivorship === null || survivorship.bounds === null || survivorship.share === 1) return [];
  const [low, high] = survivorship.bounds;
  const { started, share } = survivorship;
  const stands = low >= winMargin ? 'it stands even so' : 'so it is a claim about the turns that survived';
  return [
    `survivorship: ${(share * 100).toFixed(0)} % of ${started} turns that set out have a score; over all of them the margin lies between ${show(low)} and ${show(high)} whatever the others were: ${stands}`,
  ];
}

function powerNotes({ clusters, power }: VerdictNumbers, { winMargin }: VerdictRules): string[] {
  if (power === null) return [];
  const share = (power.atMargin * 100).toFixed(0);
  const needs = power.needed === null ? '' : `; 80 % need ${power.needed} clusters`;
  return [
    `power: ${clusters} clusters (sd ${show(power.sd)}) find a true margin of ${winMargin} in ${share} % of runs, and one of ${show(power.detectable)} in 80 %${needs}`,
  ];
}

function costNote(cost: DecideCost): string {
  const count = (value: number) => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  const drawn = cost.drawn === null ? '' : ` out of ${count(cost.drawn)} turns drawn`;
  const calls = cost.isAllCalls ? `${count(cost.calls)} calls` : `${count(cost.calls)} calls of the judges alone`;
  const tokens =
    cost.tokens === null ? '' : `, ${count(cost.tokens.input)} tokens in and ${count(cost.tokens.output)} out`;
  const usd =
    cost.usd !== null
      ? `, USD ${cost.usd.toFixed(2)}`
      : cost.unpriced.length > 0
        ? `; no price for ${cost.unpriced.join(', ')}`
        : '';
  const more =
    cost.factor <= 1 ? 'this run holds enough' : `${show(Number(cost.factor.toPrecision(3)))} times this run`;
  return `to decide a margin of ${cost.margin} 80 % of the time: ${count(cost.clusters)} clusters, ${count(cost.turns)} duels${drawn}, ${calls}${tokens}${usd} (${more})`;
}
