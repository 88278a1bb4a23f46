/** What the manifest may say about a verdict. */

import { FieldPath, type Static, Type } from '#contract/schema.ts';
import type { VerdictRules } from '#domain/duel/verdict.ts';
import { IntervalSchema } from '#domain/row-schemas.ts';

const Price = Type.Object(
  { input: Type.Number({ minimum: 0 }), output: Type.Number({ minimum: 0 }) },
  { additionalProperties: false },
);

export const verdictConfig = Type.Object(
  {
    win_margin: Type.Number({
      default: 2,
      description:
        "Least lead of the challenger (its mean minus the king's), in the unit of the scores: points of 100 for duels.",
    }),
    min_parsed: Type.Number({
      default: 0.5,
      minimum: 0,
      maximum: 1,
      description: 'Least fraction of duels with a score.',
    }),
    unit: Type.Enum(['instance', 'repo', 'turn', 'vote'], {
      default: 'instance',
      description:
        'What is resampled: all turns of an instance together, of a repo, each turn (the earlier pipeline), or each single choice of a judge. The last two accept far more null duels than they should.',
    }),
    cluster: Type.Optional(
      FieldPath({ description: 'The field that names the cluster, in place of `instance_id` or `repo`.' }),
    ),
    test: Type.Enum(['auto', 'bootstrap', 'permutation'], {
      default: 'auto',
      description:
        '`auto`: a permutation test under 100 clusters (not with `unit: turn` or `vote`), else the bootstrap bound.',
    }),
    confidence: Type.Number({ default: 0.95, minimum: 0.5, exclusiveMaximum: 1, description: 'One-sided.' }),
    resamples: Type.Integer({ default: 10_000, minimum: 100, maximum: 1_000_000 }),
    seed: Type.Integer({ default: 0, minimum: 0, maximum: 4_294_967_295 }),
    unparsed: Type.Enum(['as-losses', 'ignore'], {
      default: 'as-losses',
      description: '`as-losses`: the result must also stand with every unparsed duel lost.',
    }),
    judge_veto: Type.Boolean({
      default: true,
      description: 'Refuse where a judge is clearly for the king, the number of judges taken into account.',
    }),
    min_judges: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Judges that must be parsed where some are left out; more than half of those left unless told.',
      }),
    ),
    decide: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: 'The margin whose price is worked out; a hundredth of `range` unless told: 1 point.',
      }),
    ),
    prices: Type.Record(Type.String(), Price, {
      default: {},
      description:
        'USD per million tokens by model, as its endpoint names it; for the price of `decide`, with `tallies`.',
    }),
    king: Type.Optional(FieldPath({ description: "A number a row for the king, in place of the duel's `score`." })),
    challenger: Type.Optional(FieldPath({ description: 'The same for the challenger; both or none.' })),
    range: Type.Unsafe<readonly [number, number]>({
      ...IntervalSchema,
      default: [0, 100],
      description: 'Lowest and highest score of a side, for the worst case; `[0, 1]` for shares.',
    }),
  },
  { additionalProperties: false },
);

export type VerdictConfig = Static<typeof verdictConfig>;

export function toRules(config: VerdictConfig, excluded: readonly string[]): VerdictRules {
  return {
    winMargin: config.win_margin,
    minParsed: config.min_parsed,
    minJudges: config.min_judges ?? null,
    confidence: config.confidence,
    resamples: config.resamples,
    seed: config.seed,
    test: config.test,
    unit: isOwnUnit(config) || config.cluster === undefined ? config.unit : 'instance',
    range: config.range,
    worstCase: config.unparsed === 'as-losses',
    judgeVeto: config.judge_veto,
    excluded,
  };
}

/** The field that names a row's cluster; null where every row is its own. */
export function clusterPath(config: VerdictConfig): string | null {
  if (isOwnUnit(config)) return null;
  return config.cluster ?? (config.unit === 'repo' ? 'repo' : 'instance_id');
}

export function decideMargin({ decide, range }: VerdictConfig): number {
  return decide ?? (range[1] - range[0]) / 100;
}

function isOwnUnit({ unit }: VerdictConfig): boolean {
  return unit === 'turn' || unit === 'vote';
}
