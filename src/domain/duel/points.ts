/** Duels as numbers: who is ahead by how much on each turn, and the same turn as some of its judges alone see it. */

export interface Scores {
  readonly king: number;
  readonly challenger: number;
}

export interface DuelPoint {
  readonly cluster: string;
  /** Null where the duel is unparsed. */
  readonly scores: Scores | null;
  /** Challenger minus king a judge, where it could be read. */
  readonly judges: { readonly [judge: string]: number };
  /** Every judge that was asked; absent or empty where code decided or the scores came from elsewhere. */
  readonly asked?: readonly string[];
  /** Challenger minus king of each single choice, by judge: the unit `vote`. */
  readonly votes?: { readonly [judge: string]: readonly number[] };
}

export interface PanelRules {
  /** Judges that must have been read for a score; null: more than half of those asked. */
  readonly minJudges: number | null;
  /** Lowest and highest score that a side can have. */
  readonly range: readonly [number, number];
}

/** The rule by itself, for scores that were averaged elsewhere: at least `margin` ahead. Rounding in the last bits does not decide. */
export function isAhead(challenger: number, king: number, margin: number): boolean {
  return challenger - king >= margin - 1e-9;
}

export function deltaOf({ scores }: DuelPoint): number | null {
  return scores === null ? null : scores.challenger - scores.king;
}

/** Judges of all points, by name. */
export function judgesOf(points: readonly DuelPoint[]): string[] {
  return [...new Set(points.flatMap(({ asked, judges }) => [...(asked ?? []), ...Object.keys(judges)]))].sort();
}

/** The same duels as the other judges alone decide them. What no judge was asked about stays as it is. */
export function withoutJudges(
  points: readonly DuelPoint[],
  names: ReadonlySet<string>,
  { minJudges, range: [low, high] }: PanelRules,
): readonly DuelPoint[] {
  if (names.size === 0) return points;
  return points.map((point) => {
    const asked = point.asked ?? Object.keys(point.judges);
    if (!asked.some((name) => names.has(name))) return point;
    const left = asked.filter((name) => !names.has(name));
    const judges = only(point.judges, left);
    const deltas = Object.values(judges);
    const needed = Math.max(1, Math.min(minJudges ?? Math.floor(left.length / 2) + 1, left.length));
    const delta = deltas.reduce((sum, each) => sum + each, 0) / deltas.length;
    const scores =
      deltas.length < needed ? null : { king: (low + high - delta) / 2, challenger: (low + high + delta) / 2 };
    const votes = point.votes === undefined ? {} : { votes: only(point.votes, left) };
    return { cluster: point.cluster, scores, judges, asked: left, ...votes };
  });
}

function only<T>(values: { readonly [name: string]: T }, names: readonly string[]): { [name: string]: T } {
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
}
