/** The leak audit's part of a config, and what it adds to an answer: the same in `challenger` and `leak-audit`. */

import { File, Model, type Static, Type } from '#contract/schema.ts';

const LeakPlace = Type.Object({ part: Type.String(), start: Type.Integer(), end: Type.Integer() });

export const LeakSchema = Type.Object({
  outcome: Type.Enum(['pass', 'quarantine', 'reject']),
  evidence: Type.Array(
    Type.Object({
      detector: Type.String(),
      strength: Type.Enum(['proof', 'strong', 'weak']),
      start: Type.Integer({ description: 'UTF-16 offset into the answer.' }),
      end: Type.Integer(),
      text: Type.String({ description: 'That piece of the answer.' }),
      atom: Type.String({ description: 'What was looked for.' }),
      hidden: Type.Union([LeakPlace, Type.Null()], { description: 'Where it stands in the pull request.' }),
      cleared: Type.Optional(Type.Literal('control')),
    }),
  ),
  control: Type.Optional(
    Type.Integer({ description: 'Blind samples that were drawn, where there was anything to clear.' }),
  ),
  planted: Type.Optional(Type.String({ description: 'The sort of leak that was planted on purpose.' })),
  caught: Type.Optional(Type.Boolean({ description: 'Whether the audit found what was planted, at its place.' })),
});

/** What the writer saw and nobody else may; never exported. */
export const HiddenSchema = Type.Object({ pr_key: Type.String(), decoys: Type.Array(Type.String()) });

export const ControlConfig = Type.Object(
  {
    model: Model({ description: 'The model of the king, so that its answers are shared.' }),
    prompt: Type.Optional(File({ description: 'The prompt of the king; the built-in instruction unless given.' })),
    prompt_as: Type.Enum(['user', 'system'], { default: 'user' }),
    samples: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 20,
      description: 'Blind answers drawn for a row with a hit.',
    }),
  },
  {
    additionalProperties: false,
    description: 'Blind answers, drawn only for rows with a hit: what they hold as well was to be inferred.',
  },
);
export type ControlSettings = Static<typeof ControlConfig>;
