/** What of a looked-up pull request the audit and its writers may use; a template that names anything else is refused. */

import { OptionalText, TextSchema } from '../row-schemas.ts';

const optional = { schema: OptionalText, optional: true } as const;

export const PULL_REQUEST = {
  patch: { schema: TextSchema },
  test_patch: optional,
  problem_statement: optional,
  description: optional,
  hints_text: optional,
  repo: optional,
  base_commit: optional,
  instance_id: optional,
} as const;

export const PULL_REQUEST_LOOKUP = { ...PULL_REQUEST, $key: { schema: TextSchema } } as const;
