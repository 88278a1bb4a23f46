/** What the manifest may say about a challenger, and what it reads. */

import { File, Model, type Static, Type } from '#contract/schema.ts';
import type { HistoryMessage } from '#domain/answer/chat-messages.ts';
import { turnGateFields } from '#domain/answer/turn-gate.ts';
import { ControlConfig } from '#domain/leak/audit-fields.ts';

export const challengerConfig = Type.Object(
  {
    model: Model({ description: 'Who writes the turn.' }),
    prompt: Type.Optional(
      File({
        description:
          'A Liquid template for the turn, over its fields and `pr` (with `two-stage`: `intent` and not `pr`); the built-in instruction unless given.',
      }),
    ),
    prompt_as: Type.Enum(['user', 'system'], {
      default: 'user',
      description: 'Which message of the request the rendered prompt is appended to.',
    }),
    mode: Type.Enum(['direct', 'two-stage'], {
      default: 'direct',
      description:
        '`direct`: one prompt that shows the pull request, told to act blind. `two-stage`: who has seen it chooses an action and quotes of the session; who has not writes the turn.',
    }),
    intent_prompt: Type.Optional(
      File({
        description: 'For `two-stage`: the template for the choice, over the fields of the turn, `pr` and `actions`.',
      }),
    ),
    intent_model: Type.Optional(Model({ description: 'For `two-stage`: who chooses; `model` unless given.' })),
    leak_audit: Type.Enum(['off', 'flag', 'quarantine', 'reject'], {
      default: 'off',
      description:
        'What becomes of an answer that gives the pull request away. `quarantine`: suspicion goes to the port `quarantined`, proof is rejected.',
    }),
    control: Type.Optional(ControlConfig),
    canaries: Type.Optional(
      Type.Object(
        {
          share: Type.Number({
            default: 0.05,
            minimum: 0,
            maximum: 1,
            description: 'Of the rows; chosen by their key.',
          }),
          seed: Type.Integer({ default: 0, minimum: 0 }),
        },
        { additionalProperties: false, description: 'Decoys planted in the pull request that the writer is shown.' },
      ),
    ),
    ...turnGateFields,
  },
  { additionalProperties: false },
);

export type ChallengerConfig = Static<typeof challengerConfig>;
export interface ChallengerFields {
  readonly messages: readonly HistoryMessage[];
  readonly [field: string]: unknown;
}
