/** Rows to points: a duel's score and what each judge said, or two numbers of the row's own. */

import { Failure } from '#contract/failure.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import type { ClosedInput } from '#contract/kind.ts';
import { valueAtPath } from '#domain/at-path.ts';
import type { DuelPoint } from '#domain/duel/points.ts';
import { type JudgeEntry, scoreByJudge } from '#domain/duel/score.ts';
import { clusterPath, type VerdictConfig } from './config.ts';

export interface ReadPoints {
  readonly points: readonly DuelPoint[];
  /** Calls of judges behind them. */
  readonly judgeCalls: number;
}

export async function readPoints(input: ClosedInput | undefined, config: VerdictConfig): Promise<ReadPoints> {
  const points: DuelPoint[] = [];
  let judgeCalls = 0;
  for await (const { fields } of input?.rows() ?? []) {
    const entries = (fields['judges'] ?? []) as unknown as readonly JudgeEntry[];
    judgeCalls += entries.length;
    points.push(toPoint(fields, entries, points.length, config));
  }
  return { points, judgeCalls };
}

function toPoint(fields: JsonObject, entries: readonly JudgeEntry[], place: number, config: VerdictConfig): DuelPoint {
  const cluster = toCluster(fields, place, config);
  if (config.king !== undefined && config.challenger !== undefined) {
    const king = toScore(valueAtPath(fields, config.king), config.king, config.range);
    const challenger = toScore(valueAtPath(fields, config.challenger), config.challenger, config.range);
    return { cluster, scores: king === null || challenger === null ? null : { king, challenger }, judges: {} };
  }
  const [low, high] = config.range;
  const toDelta = (share: number) => (2 * share - 1) * (high - low);
  const score = fields['parsed'] === false ? null : toScore(fields['score'], 'score', config.range);
  const judges: { [judge: string]: number } = {};
  for (const [judge, { score: share }] of scoreByJudge(entries)) if (share !== null) judges[judge] = toDelta(share);
  const asked = [...new Set(entries.map(({ judge }) => judge))];
  return {
    cluster,
    // The two sides of a duel share the scale: what the challenger does not get, the king gets.
    scores: score === null ? null : { king: low + high - score, challenger: score },
    judges,
    asked,
    ...(config.unit === 'vote' ? { votes: toVotes(entries, toDelta) } : {}),
  };
}

const SHARES: { readonly [verdict: string]: number } = { candidate: 1, draw: 0.5, against: 0 };

function toVotes(entries: readonly JudgeEntry[], toDelta: (share: number) => number): { [judge: string]: number[] } {
  const votes: { [judge: string]: number[] } = {};
  for (const { judge, choices } of entries) {
    votes[judge] ??= [];
    for (const verdict of Object.values(choices)) {
      const share = SHARES[verdict];
      if (share !== undefined) votes[judge]?.push(toDelta(share));
    }
  }
  return votes;
}

function toCluster(fields: JsonObject, place: number, config: VerdictConfig): string {
  const path = clusterPath(config);
  if (path === null) return String(place);
  const value = valueAtPath(fields, path);
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new Failure('cluster-missing', `row ${place + 1} has no ${path} to cluster by`, {
    hint: 'name another field with `cluster`, or say `unit: turn`',
  });
}

function toScore(value: Json | undefined, path: string, [low, high]: readonly [number, number]): number | null {
  if (typeof value !== 'number') return null;
  if (value >= low && value <= high) return value;
  throw new Failure('score-out-of-range', `${path} is ${value}, outside ${low} to ${high}`, {
    hint: 'say what the scores can be with `range`, e.g. `range: [0, 1]`',
  });
}
