/** The config field `sandbox` of every kind that runs code: which backend, how strict, which limits. */

import type { Finding } from '#contract/kind.ts';
import {
  BACKENDS_OF,
  type BackendName,
  PROGRAM_POWERS,
  type SandboxOptions,
  type SandboxUse,
} from '#contract/sandbox.ts';
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

const can = (power: keyof typeof PROGRAM_POWERS, backend: BackendName): boolean =>
  (PROGRAM_POWERS[power] as readonly BackendName[]).includes(backend);

/**
 * What is wrong with a backend that is named for a use, before anything runs.
 * @param more for programs: whether data is mounted, and whether it must be seen that it is read
 */
export function backendFindings(
  field: SandboxOptions | undefined,
  use: SandboxUse,
  more: { readonly mounts?: boolean; readonly evidence?: boolean } = {},
): Finding[] {
  const { backend, strict } = field ?? {};
  if (backend === undefined) return [];
  const refuse = (code: string, message: string, hint: string): Finding[] => [
    { severity: 'error', code, message, path: ['sandbox', 'backend'], hint },
  ];
  const what = { python: 'Python', javascript: 'JavaScript', program: 'programs' }[use];
  if (!BACKENDS_OF[use].includes(backend))
    return refuse(
      'sandbox-backend-unfit',
      `the backend ${backend} does not run ${what}`,
      `leave \`backend\` out, or name ${BACKENDS_OF[use].join(', ')}`,
    );
  if (strict === true && backend === 'process')
    return refuse('sandbox-weak', 'the backend process is weak, and `strict` refuses it', 'leave one of the two out');
  if (more.mounts === true && !can('mounts', backend))
    return refuse(
      'sandbox-backend-unfit',
      `the backend ${backend} cannot show datasets to a program`,
      `leave \`backend\` out, or name ${PROGRAM_POWERS.mounts.join(', ')}`,
    );
  if (more.evidence === true && !can('opened', backend))
    return refuse(
      'sandbox-backend-unfit',
      `the backend ${backend} cannot see which files are opened, so that no run would have evidence`,
      `leave \`backend\` out, or name ${PROGRAM_POWERS.opened.join(', ')}, or say \`evidence: off\``,
    );
  return [];
}
