/** The rows of the field, one definition each for type, validator and published schema. Rows may hold more than is listed. */

import { type Static, Type } from '#contract/schema.ts';
import { HiddenSchema, LeakSchema } from './leak/audit-fields.ts';
import { AnswerSchema, JudgeEntriesSchema } from './row-schemas.ts';

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

export const MessageSchema = Type.Object({
  role: Type.Enum(['system', 'user', 'assistant', 'tool']),
  content: Type.String(),
});
export type Message = Static<typeof MessageSchema>;

export const DIALECTS = [
  'mini-swe-agent-1',
  'mini-swe-agent-2',
  'swe-agent',
  'function-calling',
  'execution-free',
  'chat',
] as const;

export const DialectSchema = Type.Enum([...DIALECTS], {
  description: 'How the agent and its harness write to each other.',
});
export type Dialect = (typeof DIALECTS)[number];

// ---- turn -----------------------------------------------------------------------------------------------------

export const TurnSource = Type.Object({
  dataset: Type.String({ description: 'Base name of the dataset; the same on every machine.' }),
  file: Type.String({ description: 'Relative to the dataset.' }),
  row: Type.Integer({ minimum: 0, description: 'Zero-based place of the trajectory in its file.' }),
});

/** Fields of a `turn` row: one real moment of an agent, with all it had seen and what it did next. */
export const turnFields = {
  instance_id: Type.String({ description: 'The task that the agent worked on.' }),
  repo: Nullable(Type.String({ description: 'owner/name, where the data says it or the instance id implies it.' })),
  turn_index: Type.Integer({ minimum: 0, description: 'Zero-based among the assistant turns of the trajectory.' }),
  n_turns: Type.Integer({ minimum: 1, description: 'Assistant turns in the trajectory.' }),
  messages: Type.Array(MessageSchema, { description: 'The history before the turn, oldest first.' }),
  reference: Type.String({ description: "The data's own next assistant turn." }),
  dialect: DialectSchema,
  exit_status: Nullable(Type.String({ description: 'How the trajectory ended, where the data says it.' })),
  license: Nullable(Type.String({ description: 'SPDX expression, where the data says it.' })),
  source: TurnSource,
} as const;
export const TurnRow = Type.Object(turnFields);
export type TurnRow = Static<typeof TurnRow>;

// ---- pr -------------------------------------------------------------------------------------------------------

/** Fields of a `pr` row: the pull request that solved the instance. Hidden from king, shown to challenger. */
export const prFields = {
  instance_id: Type.String(),
  repo: Nullable(Type.String({ description: 'owner/name' })),
  base_commit: Nullable(Type.String()),
  problem_statement: Type.String(),
  description: Type.String({ description: 'Body of the pull request; empty where the data has none.' }),
  patch: Type.String({ description: 'Unified diff of the solution.' }),
  test_patch: Type.String({ description: 'Unified diff of the tests; may be empty.' }),
  files: Type.Array(Type.String(), { description: 'Paths that the patch touches, in its order.' }),
  hints_text: Type.String(),
  license: Nullable(Type.String({ description: 'SPDX expression, where the data says it.' })),
  created_at: Nullable(Type.String()),
  solution_in_context: Type.Boolean({ description: 'The statement already holds lines that the patch adds.' }),
} as const;
export const PrRow = Type.Object(prFields);
export type PrRow = Static<typeof PrRow>;

// ---- answer ---------------------------------------------------------------------------------------------------

export const ChallengerText = Type.Object({
  ...AnswerSchema.properties,
  leak: Type.Optional(LeakSchema),
  hidden: Type.Optional(HiddenSchema),
  intent: Type.Optional(
    Type.Object(
      {
        action: Type.String(),
        pointers: Type.Array(Type.Object({ message: Type.Integer(), start: Type.Integer(), end: Type.Integer() })),
        refused: Type.Optional(
          Type.Array(Type.Object({ draw: Type.Integer(), code: Type.String(), reason: Type.String() })),
        ),
      },
      { description: 'With `mode: two-stage`: all that the writer was told by one who had seen the pull request.' },
    ),
  ),
});
export type ChallengerText = Static<typeof ChallengerText>;

/** An `answer` row is a turn with what the models wrote in its place. */
export const answerFields = { ...turnFields, king: AnswerSchema, challenger: ChallengerText } as const;
export const AnswerRow = Type.Object(answerFields);
export type AnswerRow = Static<typeof AnswerRow>;

// ---- duel -----------------------------------------------------------------------------------------------------

/** What judge adds to its row. */
export const duelAdds = {
  score: Nullable(Type.Number({ minimum: 0, maximum: 100, description: '100 x mean over judges; null if unparsed.' })),
  parsed: Type.Boolean(),
  metrics: Type.Record(Type.String(), Nullable(Type.Number()), { description: 'Score by dimension, 0..100.' }),
  judges: JudgeEntriesSchema,
} as const;
export const DuelRow = Type.Object({ ...answerFields, ...duelAdds });
export type DuelRow = Static<typeof DuelRow>;

// ---- evidence -------------------------------------------------------------------------------------------------

export const evidenceFields = {
  name: Type.String(),
  value: Type.Unknown(),
  n: Type.Optional(Type.Integer({ minimum: 0, description: 'Observations that the value rests on.' })),
  interval: Type.Optional(Type.Array(Type.Number(), { minItems: 2, maxItems: 2 })),
  status: Type.Enum(['ok', 'missing', 'not_evaluable', 'closed']),
  slice: Type.Optional(Type.String()),
  source: Type.Optional(Type.String()),
  formula: Type.Optional(Type.String()),
} as const;
export const EvidenceRow = Type.Object(evidenceFields);
export type EvidenceRow = Static<typeof EvidenceRow>;
