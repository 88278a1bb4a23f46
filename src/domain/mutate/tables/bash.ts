/** Bash, by the rules of tree-sitter-bash. Most of a script is words: what can be changed are tests, arithmetic and the order of commands. */

import type { LanguageTable } from '../language-table.ts';

export const bash: LanguageTable = {
  comments: ['comment', 'heredoc_body'],
  opaque: [],
  docstrings: false,

  binary: ['binary_expression'],
  unary: ['unary_expression'],
  parentheses: ['parenthesized_expression'],
  ternary: ['ternary_expression'],
  call: [],
  argumentLists: [],
  argumentWrappers: [],
  keywordArguments: [],
  member: [],
  index: [],
  slice: [],
  range: [],
  identifiers: ['variable_name'],
  integers: ['number'],
  floats: [],
  strings: ['string', 'raw_string'],
  interpolations: ['simple_expansion', 'expansion', 'command_substitution', 'arithmetic_expansion'],

  definitions: [
    ['variable_assignment', 'name'],
    ['for_statement', 'variable'],
    ['declaration_command', null],
  ],
  notVariables: [['unset_command', null]],
  functions: ['function_definition'],

  blocks: ['compound_statement', 'do_group', 'program', 'else_clause', 'subshell'],
  removable: ['command', 'variable_assignment', 'declaration_command', 'pipeline', 'redirected_statement'],
  assignments: ['variable_assignment', 'declaration_command'],
  augmented: [],
  conditionals: ['if_statement'],
  clauses: ['elif_clause', 'else_clause'],
  loops: ['for_statement', 'while_statement', 'c_style_for_statement'],
  switches: ['case_statement'],
  jumps: { break: [], continue: [] },
  returns: [],
  decorators: [],

  text: {
    not: (condition) => `! ${condition}`,
    true: 'true',
    false: 'false',
    breakWord: 'break',
    continueWord: 'continue',
    nothing: null,
    noop: ':',
    bind: null,
    comment: '#',
    terminator: '',
  },
};
