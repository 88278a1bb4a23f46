/** Schemas of the fields that the duel kinds read and add. */

import { Type } from '#contract/schema.ts';

/** A turn's history, oldest first. */
export const MessagesSchema = Type.Array(
  Type.Object({ role: Type.String(), content: Type.Union([Type.String(), Type.Null()]) }),
);

/** A written turn, taken apart. `rejected` is there only where earlier draws failed the format gate. */
export const AnswerSchema = Type.Object({
  text: Type.String(),
  thought: Type.String(),
  command: Type.Union([Type.String(), Type.Null()]),
  rejected: Type.Optional(
    Type.Array(
      Type.Object({
        draw: Type.Integer(),
        code: Type.String(),
        reason: Type.String(),
        offset: Type.Integer(),
        text: Type.String(),
      }),
    ),
  ),
});

export const TextSchema = Type.String();
export const OptionalText = Type.Union([Type.String(), Type.Null()]);
export const OptionalNumber = Type.Union([Type.Number(), Type.Null()]);

const Verdicts = Type.Record(Type.String(), Type.Enum(['candidate', 'against', 'draw', 'void']));

/** One entry a judge and order, sorted by judge. */
export const JudgeEntriesSchema = Type.Array(
  Type.Object({
    judge: Type.String(),
    order: Type.Enum(['candidate-first', 'against-first']),
    stand_in: Type.Optional(Type.String()),
    status: Type.Enum(['parsed', 'unparsed', 'failed']),
    code: OptionalText,
    choices: Verdicts,
    quotes: Type.Record(Type.String(), Type.String()),
    reason: Type.String(),
  }),
);

/** Lower and upper bound. Not `Type.Tuple`, which writes draft 7. */
export const IntervalSchema = Type.Unsafe<readonly [number, number]>({
  type: 'array',
  items: { type: 'number' },
  minItems: 2,
  maxItems: 2,
});
