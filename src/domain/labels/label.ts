/** What a sandboxed run says about a candidate, as a field of its row, and which label follows from which status. */

import { type Static, Type } from '#contract/schema.ts';

export const STATUSES = [
  'pass',
  'fail_assert',
  'fail_exception',
  'syntax_error',
  'timeout_cpu',
  'timeout_wall',
  'memory',
  'output_limit',
  'crash_signal',
  'nondeterministic',
  'policy_violation',
  'forged',
  'reference_invalid',
] as const;
export type Status = (typeof STATUSES)[number];

export type LabelValue = 'pass' | 'fail' | 'unknown';

/** Raised with every change of the table below; written into each label. */
export const LABEL_TABLE_VERSION = 1;

/**
 * `timeout_wall` is `unknown`: the wall is a backstop whose verdict hangs on the machine. `nondeterministic` and `reference_invalid`
 * say nothing about the candidate; whoever escapes or forges has not solved the task.
 */
export const LABEL_OF: { readonly [status in Status]: LabelValue } = {
  pass: 'pass',
  fail_assert: 'fail',
  fail_exception: 'fail',
  syntax_error: 'fail',
  timeout_cpu: 'fail',
  memory: 'fail',
  output_limit: 'fail',
  crash_signal: 'fail',
  policy_violation: 'fail',
  forged: 'fail',
  timeout_wall: 'unknown',
  nondeterministic: 'unknown',
  reference_invalid: 'unknown',
};

const StatusSchema = Type.Enum([...STATUSES]);

export const LabelSchema = Type.Object({
  label: Type.Enum(['pass', 'fail', 'unknown']),
  status: StatusSchema,
  table: Type.Integer({ description: 'Version of the table from status to label.' }),
  detail: Type.String({ description: 'Why, in a line.' }),
  passed: Type.Integer({ minimum: 0, description: 'Cases (or calls, or test functions) that passed.' }),
  total: Type.Integer({ minimum: 0 }),
  behaviour: Type.String({ description: 'Digest of everything returned, thrown or printed on these tests.' }),
  runs: Type.Array(Type.Object({ hash_seed: Type.Integer(), status: StatusSchema, behaviour: Type.String() }), {
    description: 'One for each hash seed; runs that differ are `nondeterministic`.',
  }),
  mode: Type.Enum(['split', 'script']),
  forgeable: Type.Boolean({ description: 'Whether hostile code could have made this pass.' }),
  forgeable_because: Type.Union([Type.String(), Type.Null()]),
  tests: Type.String({ description: 'Digest of the tests: a pass means that these were passed.' }),
  backend: Type.String(),
  strength: Type.Enum(['strong', 'weak']),
  interpreter: Type.String(),
  policy: Type.Object({ version: Type.Integer(), digest: Type.String() }),
});
export type Label = Static<typeof LabelSchema>;

/** Addresses of objects differ from run to run; a row must not. */
export const withoutAddresses = (detail: string): string => detail.replace(/\b0x[0-9a-f]{4,16}\b/gi, '0x…');
