/** The verdict's one row. */

import type { JsonObject } from '#contract/json.ts';
import { Type } from '#contract/schema.ts';
import type { Outcome } from '#domain/duel/verdict.ts';
import { IntervalSchema, OptionalNumber } from '#domain/row-schemas.ts';
import type { Findings } from './findings.ts';

const Interval = Type.Union([IntervalSchema, Type.Null()]);
const Condition = Type.Object({ name: Type.String(), holds: Type.Boolean(), detail: Type.String() });

const OutcomeSchema = {
  accepted: Type.Boolean(),
  margin: OptionalNumber,
  interval: Interval,
  parsed: Type.Integer(),
  failed: Type.Array(Type.String(), { description: 'Conditions that do not hold.' }),
};

export const VERDICT_FIELDS = {
  accepted: Type.Boolean(),
  winner: Type.Enum(['challenger', 'king']),
  margin: OptionalNumber,
  interval: Interval,
  king_mean: OptionalNumber,
  challenger_mean: OptionalNumber,
  worst_case: OptionalNumber,
  p_value: OptionalNumber,
  turns: Type.Integer(),
  parsed: Type.Integer(),
  parsed_fraction: Type.Number(),
  clusters: Type.Integer(),
  wins: Type.Integer(),
  draws: Type.Integer(),
  losses: Type.Integer(),
  conditions: Type.Array(Condition),
  judges: Type.Array(
    Type.Object({
      judge: Type.String(),
      mean: Type.Number(),
      n: Type.Integer(),
      interval: Interval,
      p_against: Type.Number({ description: 'That it is for the king, adjusted for the number of judges (Holm).' }),
    }),
  ),
  leave_one_out: Type.Array(Type.Object({ without: Type.String(), ...OutcomeSchema })),
  excluded: Type.Array(Type.Object({ judge: Type.String(), reason: Type.String() })),
  all_judges: Type.Union([Type.Object(OutcomeSchema), Type.Null()]),
  power: Type.Union([
    Type.Object({ sd: Type.Number(), at_margin: Type.Number(), detectable: Type.Number(), needed: OptionalNumber }),
    Type.Null(),
  ]),
  decide: Type.Union([
    Type.Object({
      margin: Type.Number(),
      clusters: Type.Integer(),
      turns: Type.Integer(),
      drawn: Type.Union([Type.Integer(), Type.Null()]),
      calls: Type.Integer(),
      of: Type.Enum(['all', 'judges']),
      tokens: Type.Union([Type.Object({ input: Type.Integer(), output: Type.Integer() }), Type.Null()]),
      usd: OptionalNumber,
    }),
    Type.Null(),
  ]),
  lost: Type.Record(Type.String(), Type.Integer()),
  survivorship: Type.Union([
    Type.Object({ started: Type.Integer(), share: Type.Number(), interval: IntervalSchema, bounds: Interval }),
    Type.Null(),
  ]),
  notes: Type.Array(Type.String()),
} as const;

export function toFields({ numbers, lost, survivorship, excluded, cost, notes }: Findings): JsonObject {
  const { power } = numbers;
  return {
    accepted: numbers.accepted,
    winner: numbers.winner,
    margin: numbers.margin,
    interval: numbers.interval,
    king_mean: numbers.kingMean,
    challenger_mean: numbers.challengerMean,
    worst_case: numbers.worstCase,
    p_value: numbers.pValue,
    turns: numbers.turns,
    parsed: numbers.parsed,
    parsed_fraction: numbers.parsedFraction,
    clusters: numbers.clusters,
    wins: numbers.wins,
    draws: numbers.draws,
    losses: numbers.losses,
    conditions: numbers.conditions.map((condition) => ({ ...condition })),
    judges: Object.entries(numbers.judges).map(([judge, { mean, n, interval, pAgainst }]) => ({
      judge,
      mean,
      n,
      interval,
      p_against: pAgainst,
    })),
    leave_one_out: Object.entries(numbers.leaveOneOut).map(([without, outcome]) => ({ without, ...brief(outcome) })),
    excluded: (excluded ?? []).map(({ judge, reason }) => ({ judge, reason })),
    all_judges: numbers.allJudges === null ? null : brief(numbers.allJudges),
    power:
      power === null
        ? null
        : { sd: power.sd, at_margin: power.atMargin, detectable: power.detectable, needed: power.needed },
    decide:
      cost === null
        ? null
        : {
            margin: cost.margin,
            clusters: cost.clusters,
            turns: cost.turns,
            drawn: cost.drawn,
            calls: cost.calls,
            of: cost.isAllCalls ? 'all' : 'judges',
            tokens: cost.tokens === null ? null : { ...cost.tokens },
            usd: cost.usd,
          },
    lost: Object.fromEntries(lost ?? []),
    survivorship:
      survivorship === null
        ? null
        : {
            started: survivorship.started,
            share: survivorship.share,
            interval: survivorship.interval,
            bounds: survivorship.bounds,
          },
    notes,
  };
}

function brief({ accepted, margin, interval, parsed, conditions }: Outcome): JsonObject {
  const failed = conditions.filter(({ holds }) => !holds).map(({ name }) => name);
  return { accepted, margin, interval, parsed, failed };
}
