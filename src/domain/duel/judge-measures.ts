/** What can be counted about one judge over all duels that it was asked about, each share with its interval. */

import { wilson } from '#stats/intervals.ts';
import { preferenceOf } from './cascade.ts';
import type { Order, Verdict } from './dimensions.ts';
import { DEFECTS, isProbeRight, PROBES, type Probe } from './probes.ts';
import { type JudgeEntry, type JudgeScore, scoreByJudge } from './score.ts';

/** A duel as the measures need it. */
export interface SeenDuel {
  readonly entries: readonly JudgeEntry[];
  readonly scores: ReadonlyMap<string, JudgeScore>;
  /** Score of the duel as the row has it, 0..100. */
  readonly score: number | null;
  readonly cluster: string;
  /** 1 where the candidate is longer, -1 where the other is, 0 where neither; null where a text is not there. */
  readonly longer: -1 | 0 | 1 | null;
  /** 1 where only the candidate holds words for its judge, -1 where only the other does, else 0. */
  readonly marked: -1 | 0 | 1;
}

export interface SeenProbe {
  readonly probe: Probe;
  readonly entries: readonly JudgeEntry[];
}

export interface Share {
  readonly hits: number;
  readonly n: number;
  readonly value: number;
  readonly interval: readonly [number, number];
}

/**
 * Wilson's interval at .95. Choices on one row are no independent observations: the interval is that of a share of `rows` rows.
 * @returns null where nothing was seen
 */
export function toShare(hits: number, n: number, rows = n): Share | null {
  if (n === 0) return null;
  const value = hits / n;
  return { hits, n, value, interval: wilson(value * rows, rows) };
}

export interface JudgeMeasures {
  readonly judge: string;
  /** Rows that it was asked about, and answers that it owed. */
  readonly rows: number;
  readonly answers: number;
  /** Of the answers that came, those that another model gave in its place, by that model's alias. */
  readonly stoodIn: { readonly [alias: string]: Share };
  /** Answers that did not come / that came and could not be read / choices whose quote is not there. */
  readonly failed: Share | null;
  readonly unparsed: Share | null;
  readonly unquoted: Share | null;
  /** Choices that are the same in both orders, and of those decided in both the ones that turn round. */
  readonly consistency: Share | null;
  readonly flips: Share | null;
  /** Of the answers that prefer one, those that prefer what they see first; null with a single order. */
  readonly first: Share | null;
  /** Of the duels that it decides, those where it takes the longer text. */
  readonly longer: Share | null;
  /** Its mean for the candidate, 0..1; null where nothing was read. */
  readonly mean: number | null;
  readonly probes: { readonly [probe in Probe]?: Share };
  /** Defects that it saw; changes that are no improvement and that it did not reward. */
  readonly sensitivity: Share | null;
  readonly specificity: Share | null;
  /** Injected copies, padded copies that it preferred. */
  readonly obeyed: Share | null;
  readonly padded: Share | null;
}

const ORDERS: readonly Order[] = ['candidate-first', 'against-first'];

export function measureJudge(judge: string, duels: readonly SeenDuel[], probes: readonly SeenProbe[]): JudgeMeasures {
  const seen = duels.flatMap((duel) => {
    const entries = duel.entries.filter((entry) => entry.judge === judge);
    return entries.length === 0 ? [] : [{ duel, entries, score: duel.scores.get(judge)?.score ?? null }];
  });
  const rows = seen.length;
  const entries = seen.flatMap((each) => each.entries);
  const answered = entries.filter(({ status }) => status !== 'failed');
  const dimensions = Math.max(0, ...entries.map(({ choices }) => Object.keys(choices).length));
  const readable = answered.filter(({ status, code }) => status === 'parsed' || code === 'all-void');
  const voids = readable.reduce(
    (sum, { code, choices }) => sum + (code === 'all-void' ? dimensions || 1 : voidsOf(choices)),
    0,
  );
  const unread = answered.length - readable.length;
  const turned = countTurns(seen.map((each) => each.entries));
  const decided = seen.filter(({ score, duel }) => score !== null && score !== 0.5 && (duel.longer ?? 0) !== 0);
  const longer = decided.filter(({ score, duel }) => Math.sign((score ?? 0) - 0.5) === duel.longer).length;
  const scores = seen.map(({ score }) => score).filter((score) => score !== null);
  return {
    judge,
    rows,
    answers: entries.length,
    stoodIn: countStandIns(answered, rows),
    failed: toShare(entries.length - answered.length, entries.length, rows),
    unparsed: toShare(unread, answered.length, Math.min(rows, answered.length)),
    unquoted: toShare(voids, readable.length * (dimensions || 1), Math.min(rows, readable.length)),
    consistency: toShare(turned.same, turned.pairs, turned.rows),
    flips: toShare(turned.opposite, turned.decisive, turned.decisiveRows),
    first: countFirst(seen.map((each) => each.entries)),
    longer: toShare(longer, decided.length),
    mean: scores.length === 0 ? null : scores.reduce((sum, score) => sum + score, 0) / scores.length,
    ...measureProbes(judge, probes),
  };
}

function countStandIns(answered: readonly JudgeEntry[], rows: number): { readonly [alias: string]: Share } {
  const counts = new Map<string, number>();
  for (const { stand_in: alias } of answered) if (alias !== undefined) counts.set(alias, (counts.get(alias) ?? 0) + 1);
  const shares = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([alias, count]) => {
      const share = toShare(count, answered.length, Math.min(rows, answered.length));
      return share === null ? [] : [[alias, share] as const];
    });
  return Object.fromEntries(shares);
}

function voidsOf(choices: JudgeEntry['choices']): number {
  return Object.values(choices).filter((verdict) => verdict === 'void').length;
}

/** Choices of one judge on one question, in one order and in the other. */
function countTurns(rows: readonly (readonly JudgeEntry[])[]) {
  const counts = { same: 0, pairs: 0, rows: 0, opposite: 0, decisive: 0, decisiveRows: 0 };
  for (const entries of rows) {
    const [one, other] = ORDERS.map((order) => entries.find((entry) => entry.order === order)?.choices ?? {});
    const names = Object.keys(one ?? {}).filter((name) => isRead(one?.[name]) && isRead(other?.[name]));
    const decisive = names.filter((name) => one?.[name] !== 'draw' && other?.[name] !== 'draw');
    const same = names.filter((name) => one?.[name] === other?.[name]);
    counts.same += same.length;
    counts.pairs += names.length;
    counts.rows += names.length > 0 ? 1 : 0;
    counts.opposite += decisive.filter((name) => one?.[name] !== other?.[name]).length;
    counts.decisive += decisive.length;
    counts.decisiveRows += decisive.length > 0 ? 1 : 0;
  }
  return counts;
}

function isRead(verdict: Verdict | undefined): boolean {
  return verdict !== undefined && verdict !== 'void';
}

/** Only rows with a preference in both orders: there, whatever the quality of the answers, half of an even-handed judge's are first. */
function countFirst(rows: readonly (readonly JudgeEntry[])[]): Share | null {
  let first = 0;
  let pairs = 0;
  for (const entries of rows) {
    const sides = ORDERS.map((order) => {
      const entry = entries.find((each) => each.order === order);
      const side = entry === undefined ? 0 : preferenceOf(entry);
      return order === 'candidate-first' ? side : -side;
    });
    if (sides.includes(0)) continue;
    pairs++;
    first += sides.filter((side) => side === 1).length;
  }
  return toShare(first, 2 * pairs, pairs);
}

function measureProbes(judge: string, probes: readonly SeenProbe[]) {
  const counts = new Map(PROBES.map((probe) => [probe, { right: 0, n: 0, preferred: 0 }]));
  for (const { probe, entries } of probes) {
    const own = entries.filter((entry) => entry.judge === judge);
    const isRight = isProbeRight(probe, own);
    const count = counts.get(probe);
    if (isRight === null || count === undefined) continue;
    count.n++;
    if (isRight) count.right++;
    if ((scoreByJudge(own).get(judge)?.score ?? 0) > 0.5) count.preferred++;
  }
  const sum = (sorts: readonly Probe[], of: 'right' | 'preferred') =>
    toShare(
      sorts.reduce((total, probe) => total + (counts.get(probe)?.[of] ?? 0), 0),
      sorts.reduce((total, probe) => total + (counts.get(probe)?.n ?? 0), 0),
    );
  const bySort = [...counts].flatMap(([probe, { right, n }]) => {
    const share = toShare(right, n);
    return share === null ? [] : [[probe, share] as const];
  });
  return {
    probes: Object.fromEntries(bySort),
    sensitivity: sum(DEFECTS, 'right'),
    specificity: sum(
      PROBES.filter((probe) => !DEFECTS.includes(probe)),
      'right',
    ),
    obeyed: sum(['injected'], 'preferred'),
    padded: sum(['padded'], 'preferred'),
  };
}
