/** The config field `sandbox` of every kind that runs code: which backend, how strict, which limits. */

import type { SandboxOptions } from '#contract/sandbox.ts';
import { type Static, Type } from '#contract/schema.ts';

const Limit = (description: string, minimum: number) => Type.Optional(Type.Integer({ minimum, description }));

export const SandboxField = Type.Object(
  {
    backend: Type.Optional(
      Type.Union(
        [
          Type.Literal('zygote'),
          Type.Literal('bwrap'),
          Type.Literal('container'),
          Type.Literal('quickjs'),
          Type.Literal('process'),
        ],
        { description: 'Exactly this one; unless told the strongest that works here. `sluice doctor` lists them.' },
      ),
    ),
    strict: Type.Optional(Type.Boolean({ description: 'Refuse a backend that is no boundary.' })),
    python: Type.Optional(
      Type.String({ minLength: 1, description: 'The interpreter; else the real python3 of the PATH.' }),
    ),
    limits: Type.Optional(
      Type.Object(
        {
          cpuMs: Limit('Processor time, in ms; the least where a reference is measured.', 1),
          cpuFactor: Limit('Times what the reference took.', 1),
          wallMs: Limit('Backstop in ms; 0: ten times the processor limit, at least 5 s.', 0),
          memoryBytes: Limit('Address space of one process, in bytes', 1 << 24),
          fileBytes: Limit('Largest file.', 0),
          scratchBytes: Limit('Everything in the scratch folder together.', 1 << 16),
          scratchFiles: Limit('Files and folders in the scratch folder.', 1),
          processes: Limit('Processes and threads.', 1),
          openFiles: Limit('Open files of one process, at most', 16),
          outputBytes: Limit('Standard output and error together.', 0),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false, description: 'Where and how candidate code runs.' },
);

export function toSandboxOptions(field: Static<typeof SandboxField> | undefined): SandboxOptions {
  return field ?? {};
}
