/** What the manifest may say about a judge node. */

import { FieldPath, File, Model, type Static, Type } from '#contract/schema.ts';
import { DIMENSIONS } from '#domain/duel/dimensions.ts';
import { PROBES } from '#domain/duel/probes.ts';
import { majorityOf } from '#domain/duel/score.ts';

export const judgeConfig = Type.Object(
  {
    candidate: FieldPath({
      default: 'challenger',
      description:
        'The answer that scores: `challenger` and `king` stand for their text, anything else is the path of a text.',
    }),
    against: FieldPath({
      default: 'king',
      description: 'What it is held against: `king`, `reference` or the path of a text.',
    }),
    panel: Type.Array(Model(), { minItems: 1, description: 'The judges: aliases, or `{use, sampling}`.' }),
    prompt: Type.Optional(
      File({
        description:
          'A Liquid template over history, first, second, dimensions, contract and nonce, in place of the built-in prompt.',
      }),
    ),
    dimensions: Type.Array(Type.Enum([...DIMENSIONS]), {
      default: [...DIMENSIONS],
      minItems: 1,
      uniqueItems: true,
      description: 'What is judged, each with a choice of its own.',
    }),
    orders: Type.Enum(['both', 'single'], {
      default: 'both',
      description: '`both`: every judge sees the pair in either order. `single`: the candidate is always second.',
    }),
    min_judges: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Judges that must be parsed for a score; more than half of the panel unless told.',
      }),
    ),
    quotes: Type.Enum(['required', 'checked', 'off'], {
      default: 'checked',
      description:
        '`checked`: a quote that is given must be real. `required`: there must be one. Else the dimension is void for that judge.',
    }),
    structured: Type.Boolean({ default: true, description: 'Ask the endpoint for the answer in a JSON schema.' }),
    prechecks: Type.Array(Type.Enum(['truncated', 'loop']), {
      default: ['truncated', 'loop'],
      uniqueItems: true,
      description: 'Faults that lose a duel before a judge is paid.',
    }),
    fence: Type.String({
      default: 'bash',
      pattern: '^[A-Za-z0-9_-]{0,40}$',
      description: 'Label of the command fence.',
    }),
    max_chars: Type.Integer({
      default: 400_000,
      minimum: 1,
      description: 'Longest history and answers together; a longer duel is rejected as `duel-too-long`.',
    }),
    seed: Type.Integer({ default: 0, description: 'Shuffles the order of the dimensions.' }),
    allow_self_judging: Type.Boolean({
      default: false,
      description: 'Allow judges of a family that wrote one of the answers (they prefer their own by up to 28.7 %).',
    }),
    failed_judges: Type.Enum(['leave-out', 'fail'], {
      default: 'leave-out',
      description:
        'A judge that does not answer, retries included: `leave-out` goes on without it where enough others answered, and asks again in the next run. `fail`: the row fails.',
    }),
    probes: Type.Optional(
      Type.Object(
        {
          share: Type.Number({
            default: 0.03,
            minimum: 0,
            maximum: 1,
            description: 'Of the judged rows, for each sort of probe by itself; .02 to .05 is usual.',
          }),
          sorts: Type.Array(Type.Enum([...PROBES]), { default: [...PROBES], minItems: 1, uniqueItems: true }),
        },
        {
          additionalProperties: false,
          description: 'Extra judgements on pairs with a known right answer, on port `probes`; never in a score.',
        },
      ),
    ),
    cascade: Type.Optional(
      Type.Object(
        {
          stages: Type.Array(Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }), {
            minItems: 2,
            description: 'Aliases of the panel in the order of asking; each judge stands in one stage.',
          }),
          near: Type.Array(Type.Number({ minimum: 0, maximum: 100 }), {
            default: [50, 66, 80],
            description: 'Scores at which something is decided.',
          }),
          within: Type.Number({
            default: 5,
            minimum: 0,
            description: 'Points; a score this close to one is in doubt.',
          }),
        },
        {
          additionalProperties: false,
          description:
            'Ask the later judges only where the earlier ones disagree, flip, cannot be read or come near a threshold.',
        },
      ),
    ),
    compat: Type.Optional(
      Type.Enum(['single-order'], {
        description:
          'The earlier pipeline: one order, all judges must be parsed, quotes are not checked, no prechecks.',
      }),
    ),
  },
  { additionalProperties: false },
);

export type JudgeConfig = Static<typeof judgeConfig>;

export interface JudgeFields {
  readonly messages: readonly { readonly role: string; readonly content: string | null }[];
  readonly [field: string]: unknown;
}

/** The rules that hold, `compat` applied. */
export interface JudgeRules {
  readonly orders: 'both' | 'single';
  /** Judges that must be parsed for a score, of those that were asked. */
  readonly minJudges: (asked: number) => number;
  readonly quotes: 'required' | 'checked' | 'off';
  readonly prechecks: readonly ('truncated' | 'loop')[];
}

export function rulesOf(config: JudgeConfig): JudgeRules {
  const size = config.panel.length;
  if (config.compat === 'single-order')
    return { orders: 'single', minJudges: () => size, quotes: 'off', prechecks: [] };
  const { orders, quotes, prechecks, cascade } = config;
  // Without a cascade all are asked, so that more than half is of the panel.
  const minJudges = (asked: number) => config.min_judges ?? majorityOf(cascade === undefined ? size : asked);
  return { orders, minJudges, quotes, prechecks };
}
