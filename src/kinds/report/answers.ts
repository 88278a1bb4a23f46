/** What a reader of a duel asks first, answered from the facts in a sentence each. */

import type { Json, JsonObject } from '#contract/json.ts';
import { formatCount, formatNumber, formatShare } from '#html/text.ts';
import { isObject } from '#util/json-object.ts';
import type { LeakFacts, LossFacts, ReportFacts } from './facts.ts';

export interface Answer {
  readonly question: string;
  readonly answer: string;
  /** Something to act on. */
  readonly isAlarm: boolean;
}

/** Codes named before the rest is summed up. */
const MOST_CODES = 5;

export function toAnswers(facts: ReportFacts): Answer[] {
  return [
    judgeToDrop(facts),
    rowsLost(facts),
    costOfDeciding(facts.verdict?.numbers ?? {}),
    leaksFound(facts.duels?.leaks ?? null),
  ].filter((answer) => answer !== null);
}

function judgeToDrop({ evidence, verdict, duels }: ReportFacts): Answer | null {
  const question = 'Which judge should go?';
  const states = evidence.filter(({ name, slice }) => name === 'judge_status' && slice !== undefined);
  const hangsOn = listOf(verdict?.numbers['leave_one_out'])
    .filter((each) => each['accepted'] !== verdict?.accepted)
    .map((each) => String(each['without']));
  const hinge =
    hangsOn.length === 0 ? '' : ` The outcome hangs on ${hangsOn.join(', ')}: without one of them it is the other.`;
  if (states.length === 0) {
    if (duels === null || duels.judges.length === 0) return null;
    const answer = `Not measured: wire a panel's evidence to \`evidence\`.${hinge}`;
    return { question, answer, isAlarm: hinge !== '' };
  }
  const excluded = states.filter(({ value }) => value === 'excluded');
  const named = excluded.map(({ slice, source }) => `${slice}${source === undefined ? '' : ` (${source})`}`);
  const answer =
    named.length === 0 ? `None: the panel found no fault with its ${states.length}.` : `${named.join('; ')}.`;
  return { question, answer: answer + hinge, isAlarm: named.length > 0 || hinge !== '' };
}

function rowsLost({ losses, verdict, duels }: ReportFacts): Answer | null {
  const question = 'Why were rows lost?';
  const survivorship = verdict?.numbers['survivorship'];
  const lost = losses.reduce((sum, { count }) => sum + count, 0);
  const unscored = describeUnscored(duels, verdict);
  if (lost === 0 && unscored === '' && !isObject(survivorship)) return null;
  const sorted = [...losses].sort(
    (a, b) => b.count - a.count || (`${a.node} ${a.code}` < `${b.node} ${b.code}` ? -1 : 1),
  );
  const told = sorted.slice(0, MOST_CODES).map(({ node, code, count }) => `${code} at ${node} ${formatCount(count)}`);
  const rest = sorted.slice(MOST_CODES).reduce((sum: number, { count }: LossFacts) => sum + count, 0);
  const codes = [...told, ...(rest > 0 ? [`other codes ${formatCount(rest)}`] : [])].join(', ');
  const answer = lost === 0 ? 'None were.' : `${formatCount(lost)} rows: ${codes}.`;
  return { question, answer: answer + unscored + describeSurvivorship(survivorship), isAlarm: false };
}

/** Duels that were judged and do not count, by the verdict where there is one: it may have left out judges. */
function describeUnscored(duels: ReportFacts['duels'], verdict: ReportFacts['verdict']): string {
  if (duels === null) return '';
  const { turns, parsed } = verdict?.numbers ?? {};
  const [all, scored] =
    typeof turns === 'number' && typeof parsed === 'number' ? [turns, parsed] : [duels.count, duels.scored];
  if (scored >= all) return '';
  const unread = duels.judges.flatMap(({ judge, asked, parsed: read, unparsed }) => {
    const codes = Object.entries(unparsed).map(([code, count]) => `${code} ${formatCount(count)}`);
    return codes.length === 0 ? [] : [`${formatCount(asked - read)} of ${judge} (${codes.join(', ')})`];
  });
  const why = unread.length === 0 ? '' : `; answers without a verdict: ${unread.join(', ')}`;
  return ` ${formatCount(all - scored)} of ${formatCount(all)} duels have no score that counts${why}.`;
}

function describeSurvivorship(value: Json | undefined): string {
  if (!isObject(value)) return '';
  const { started, share, bounds } = value;
  if (typeof started !== 'number' || typeof share !== 'number' || share === 1) return '';
  const [low, high] = Array.isArray(bounds) ? bounds : [];
  const reach =
    typeof low === 'number' && typeof high === 'number'
      ? `; whatever the others were, the margin over all of them lies between ${formatNumber(low)} and ${formatNumber(high)}`
      : '';
  return ` ${formatShare(share * started, started)} of ${formatCount(started)} turns that set out to be judged have a score${reach}.`;
}

function costOfDeciding(numbers: JsonObject): Answer | null {
  const { decide, power } = numbers;
  if (decide === null) {
    const why = power === null ? 'no duel was parsed' : 'all clusters agree, so there is no spread to reckon with';
    return { question: 'What would it cost to decide a margin?', answer: `It cannot be told: ${why}.`, isAlarm: false };
  }
  if (!isObject(decide)) return null;
  const count = (name: string) => (typeof decide[name] === 'number' ? formatCount(decide[name]) : '?');
  const { margin, of, usd, drawn, tokens } = decide;
  const parts = [
    `${count('clusters')} clusters with ${count('turns')} duels${drawn === null ? '' : ` out of ${count('drawn')} turns`}`,
    `${count('calls')} ${of === 'judges' ? "calls of the judges, the writers' not counted" : 'calls'}`,
    ...(isObject(tokens) ? [`${formatCount(Number(tokens['input']) + Number(tokens['output']))} tokens`] : []),
    ...(typeof usd === 'number' ? [`USD ${formatNumber(usd)}`] : []),
  ];
  const unit = margin === 1 ? 'point' : 'points';
  return {
    question: `What would it cost to decide a margin of ${formatNumber(Number(margin))} ${unit}?`,
    answer: `${parts.join(', ')}: to find it 80 % of the time, at the spread and the use of this run.`,
    isAlarm: false,
  };
}

function leaksFound(leaks: LeakFacts | null): Answer | null {
  const question = 'Did answers give hidden knowledge away?';
  if (leaks === null) return null;
  if (leaks.audited === 0)
    return { question, answer: 'Nobody looked: no answer was audited for leaks.', isAlarm: true };
  const outcomes = leaks.outcomes.map(({ name, count }) => `${name} ${formatCount(count)}`).join(', ');
  const detectors = leaks.detectors.map(({ name, count }) => `${name} ${formatCount(count)}`).join(', ');
  return {
    question,
    answer: `Of ${formatCount(leaks.audited)} audited answers: ${outcomes}${detectors === '' ? '' : `; found by ${detectors}`}.`,
    isAlarm: leaks.outcomes.some(({ name }) => name !== 'pass'),
  };
}

/** Objects of a list; whatever else a row may hold there is no answer. */
export function listOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : [];
}
