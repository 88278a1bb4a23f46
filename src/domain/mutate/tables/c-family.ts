/** What languages with braces, semicolons or the operators of C have in common. */

import type { LanguageTable } from '../language-table.ts';

export const cFamily = {
  docstrings: false,

  binary: ['binary_expression'],
  unary: ['unary_expression'],
  parentheses: ['parenthesized_expression'],
  argumentWrappers: [],
  keywordArguments: [],
  slice: [],
  range: [],
  interpolations: ['escape_sequence'],

  conditionals: ['if_statement'],
  clauses: [],
  jumps: { break: ['break_statement'], continue: ['continue_statement'] },
  returns: ['return_statement'],
  decorators: [],

  text: {
    not: (condition) => `!${condition}`,
    true: 'true',
    false: 'false',
    breakWord: 'break',
    continueWord: 'continue',
    nothing: 'null',
    noop: '',
    bind: null,
    comment: '//',
    terminator: ';',
  },
} as const satisfies Partial<LanguageTable>;
