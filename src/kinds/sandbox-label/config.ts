/** What a sandbox-label node is told. */

import { FieldPath, type Static, Type } from '#contract/schema.ts';
import { SandboxField } from '#domain/sandbox-options.ts';

const TestsField = Type.Object(
  {
    type: Type.Enum(['cases', 'script', 'stdio', 'command'], {
      description:
        "`cases`: a function is called and what it returns compared; `script`: a text that asserts; `stdio`: a program reads and prints; `command`: a project's own tests.",
    }),
    field: Type.Optional(
      FieldPath({
        description:
          'Where the tests are: `cases` and `stdio`: a list (default `cases`) of `{args, kwargs?, expected | throws, tolerance?}` or `{stdin, stdout, args?}`; `script`: a text (default `test`).',
      }),
    ),
    entry: Type.Optional(
      FieldPath({
        description:
          'Field that names the function under test. `cases`: default `entry_point`; `script`: without one its labels are forgeable.',
      }),
    ),
    setup: Type.Optional(FieldPath({ description: '`script`: field with trusted code that the script leans on.' })),
    compare: Type.Optional(
      Type.Enum(['lines', 'exact'], {
        description: '`stdio`: `lines` (default) leaves out spaces at the ends of lines and blank lines at the end.',
      }),
    ),
    argv: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: '`command`: exit code 0 passes.' }),
    ),
    path: Type.Optional(
      Type.String({ minLength: 1, description: '`command`: where the candidate lies in the folder.' }),
    ),
  },
  { additionalProperties: false },
);

/** What `tests` means once its defaults are in. */
export type TestsConfig =
  | { readonly type: 'cases'; readonly field: string; readonly entry: string }
  | { readonly type: 'script'; readonly field: string; readonly entry: string | null; readonly setup: string | null }
  | { readonly type: 'stdio'; readonly field: string; readonly compare: 'lines' | 'exact' }
  | { readonly type: 'command'; readonly argv: readonly string[]; readonly path: string };

/** Which members belong to which sort of tests; others are refused by the kind's check. */
export const MEMBERS_OF = {
  cases: ['field', 'entry'],
  script: ['field', 'entry', 'setup'],
  stdio: ['field', 'compare'],
  command: ['argv', 'path'],
} as const;

export function toTestsConfig({ tests }: Pick<LabelConfig, 'tests'>): TestsConfig {
  const { type, field, entry, setup, compare = 'lines', argv = [], path = '' } = tests;
  if (type === 'cases') return { type, field: field ?? 'cases', entry: entry ?? 'entry_point' };
  if (type === 'script') return { type, field: field ?? 'test', entry: entry ?? null, setup: setup ?? null };
  if (type === 'stdio') return { type, field: field ?? 'cases', compare };
  return { type, argv, path };
}

export const labelConfig = Type.Object(
  {
    text: FieldPath({ default: 'text', description: 'The candidate.' }),
    tests: TestsField,
    reference: Type.Optional(
      FieldPath({ description: 'A solution that must pass: it decides split or script, and the processor limit.' }),
    ),
    language: Type.Optional(Type.Enum(['python', 'javascript'], { description: 'Of all; else `language_field`.' })),
    language_field: FieldPath({ default: 'language', description: 'Names the language of each candidate.' }),
    files: Type.Optional(FieldPath({ description: 'Field with more files for the scratch folder: `{path: text}`.' })),
    mode: Type.Optional(
      Type.Enum(['split', 'script'], {
        description: 'Unless told: split wherever the tests and the reference allow it.',
      }),
    ),
    hash_seeds: Type.Array(Type.Integer({ minimum: 0, maximum: 4294967295 }), {
      default: [0, 1],
      minItems: 1,
      maxItems: 8,
      uniqueItems: true,
      description: 'One run for each. Candidates that behave differently are `nondeterministic`.',
    }),
    as: Type.String({
      default: 'label',
      pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
      description: 'Field for what was found.',
    }),
    sandbox: Type.Optional(SandboxField),
  },
  { additionalProperties: false },
);

export type LabelConfig = Static<typeof labelConfig>;
