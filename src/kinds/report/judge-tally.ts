/** Counts over what the judges said: parse rate, flips with the order, agreement with each other. */

import type { Json } from '#contract/json.ts';
import type { Verdict } from '#domain/duel/dimensions.ts';
import { type JudgeEntry, scoreByJudge } from '#domain/duel/score.ts';
import { isObject } from '#util/json-object.ts';
import type { JudgeFacts } from './facts.ts';

interface Counts {
  asked: number;
  parsed: number;
  readonly unparsed: Map<string, number>;
  readonly standIns: Map<string, number>;
  turns: number;
  sum: number;
  compared: number;
  flips: number;
  shared: number;
  agreed: number;
}

export class JudgeTally {
  readonly #judges = new Map<string, Counts>();

  add(entries: readonly JudgeEntry[]): void {
    for (const entry of entries) {
      const counts = this.#counts(entry.judge);
      counts.asked++;
      if (entry.status === 'parsed') counts.parsed++;
      else increase(counts.unparsed, entry.code ?? 'unknown');
      if (entry.stand_in !== undefined) increase(counts.standIns, entry.stand_in);
    }
    const sides = new Map<string, number>();
    for (const [judge, { score, flips }] of scoreByJudge(entries)) {
      const counts = this.#counts(judge);
      counts.flips += flips;
      counts.compared += comparedIn(entries.filter((entry) => entry.judge === judge));
      if (score === null) continue;
      counts.turns++;
      counts.sum += score;
      sides.set(judge, Math.sign(score - 0.5));
    }
    for (const [one, side] of sides)
      for (const [other, otherSide] of sides) {
        if (one === other) continue;
        const counts = this.#counts(one);
        counts.shared++;
        if (side === otherSide) counts.agreed++;
      }
  }

  facts(): JudgeFacts[] {
    return [...this.#judges]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([judge, counts]) => ({
        judge,
        asked: counts.asked,
        parsed: counts.parsed,
        unparsed: inOrder(counts.unparsed),
        standIns: inOrder(counts.standIns),
        turns: counts.turns,
        mean: counts.turns === 0 ? null : (100 * counts.sum) / counts.turns,
        compared: counts.compared,
        flips: counts.flips,
        shared: counts.shared,
        agreed: counts.agreed,
        worth: null,
      }));
  }

  #counts(judge: string): Counts {
    let counts = this.#judges.get(judge);
    if (counts === undefined) {
      const zero = { asked: 0, parsed: 0, turns: 0, sum: 0, compared: 0, flips: 0, shared: 0, agreed: 0 };
      counts = { ...zero, unparsed: new Map(), standIns: new Map() };
      this.#judges.set(judge, counts);
    }
    return counts;
  }
}

function increase(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function inOrder(counts: ReadonlyMap<string, number>): { readonly [name: string]: number } {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Dimensions that one judge chose on in more than one order. */
function comparedIn(entries: readonly JudgeEntry[]): number {
  const parsed = entries.filter(({ status }) => status === 'parsed');
  if (parsed.length < 2) return 0;
  const names = new Set(parsed.flatMap(({ choices }) => Object.keys(choices)));
  return [...names].filter((name) => parsed.every(({ choices }) => (choices[name] ?? 'void') !== 'void')).length;
}

const STATUSES = ['parsed', 'unparsed', 'failed'] as const;
const VERDICTS: readonly string[] = ['candidate', 'against', 'draw', 'void'];

/** Believes nothing about the shape: rows may come from another pipeline. */
export function toJudgeEntries(value: Json | undefined): JudgeEntry[] {
  if (!Array.isArray(value)) return [];
  return (value as readonly Json[]).flatMap((entry) => {
    if (!isObject(entry) || typeof entry['judge'] !== 'string') return [];
    const choices = isObject(entry['choices']) ? entry['choices'] : {};
    const quotes = isObject(entry['quotes']) ? entry['quotes'] : {};
    return [
      {
        judge: entry['judge'],
        order: entry['order'] === 'against-first' ? ('against-first' as const) : ('candidate-first' as const),
        ...(typeof entry['stand_in'] === 'string' ? { stand_in: entry['stand_in'] } : {}),
        status: STATUSES.find((status) => status === entry['status']) ?? 'unparsed',
        code: typeof entry['code'] === 'string' ? entry['code'] : null,
        choices: Object.fromEntries(
          Object.entries(choices).filter(([, verdict]) => VERDICTS.includes(String(verdict))) as [string, Verdict][],
        ),
        quotes: Object.fromEntries(Object.entries(quotes).map(([name, quote]) => [name, String(quote)])),
        reason: typeof entry['reason'] === 'string' ? entry['reason'] : '',
      },
    ];
  });
}
