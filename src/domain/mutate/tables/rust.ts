/** Rust, by the rules of tree-sitter-rust. */

import type { LanguageTable } from '../language-table.ts';
import { cFamily } from './c-family.ts';

export const rust: LanguageTable = {
  ...cFamily,
  comments: ['line_comment', 'block_comment'],
  opaque: [
    'use_declaration',
    'extern_crate_declaration',
    'type_arguments',
    'reference_type',
    'generic_type',
    'token_tree',
  ],

  ternary: [],
  call: [{ type: 'call_expression', callee: 'function' }],
  argumentLists: ['arguments'],
  member: [{ type: 'field_expression', object: 'value', property: 'field' }],
  index: ['index_expression'],
  range: ['range_expression'],
  identifiers: ['identifier'],
  integers: ['integer_literal'],
  floats: ['float_literal'],
  strings: ['string_literal', 'raw_string_literal'],

  definitions: [
    ['let_declaration', 'pattern'],
    ['assignment_expression', 'left'],
    ['compound_assignment_expr', 'left'],
    ['for_expression', 'pattern'],
    ['parameter', 'pattern'],
    ['closure_parameters', null],
    ['tuple_pattern', null],
    ['captured_pattern', null],
  ],
  notVariables: [
    ['call_expression', 'function'],
    ['function_item', 'name'],
    ['scoped_identifier', 'path'],
    ['scoped_identifier', 'name'],
    ['macro_invocation', 'macro'],
    ['const_item', 'name'],
  ],
  functions: ['function_item', 'closure_expression'],

  blocks: ['block'],
  removable: ['expression_statement'],
  assignments: ['assignment_expression', 'let_declaration'],
  augmented: ['compound_assignment_expr'],
  conditionals: ['if_expression'],
  clauses: ['else_clause'],
  loops: ['for_expression', 'while_expression', 'loop_expression'],
  switches: [],
  jumps: { break: ['break_expression'], continue: ['continue_expression'] },
  returns: ['return_expression'],
  decorators: ['attribute_item'],

  text: { ...cFamily.text, nothing: 'Default::default()', bind: (name, value) => `let ${name} = ${value};` },
};
