/** PHP, by the rules of tree-sitter-php. */

import type { LanguageTable } from '../language-table.ts';
import { cFamily } from './c-family.ts';

export const php: LanguageTable = {
  ...cFamily,
  comments: ['comment', 'text', 'text_interpolation'],
  opaque: [
    'php_tag',
    'namespace_definition',
    'namespace_use_declaration',
    'union_type',
    'primitive_type',
    'named_type',
  ],

  unary: ['unary_op_expression'],
  ternary: ['conditional_expression'],
  call: [
    { type: 'function_call_expression', callee: 'function' },
    { type: 'member_call_expression', callee: 'name', receiver: 'object' },
  ],
  argumentLists: ['arguments'],
  argumentWrappers: ['argument'],
  keywordArguments: ['variadic_unpacking'],
  member: [{ type: 'member_access_expression', object: 'object', property: 'name' }],
  index: ['subscript_expression'],
  identifiers: ['variable_name'],
  integers: ['integer'],
  floats: ['float'],
  strings: ['string', 'encapsed_string'],
  interpolations: ['variable_name', 'escape_sequence', 'member_access_expression', 'subscript_expression'],

  definitions: [
    ['assignment_expression', 'left'],
    ['augmented_assignment_expression', 'left'],
    ['simple_parameter', 'name'],
    ['variadic_parameter', 'name'],
    ['update_expression', 'argument'],
    ['pair', null],
    ['list_literal', null],
    ['static_variable_declaration', 'name'],
  ],
  notVariables: [
    ['foreach_statement', null],
    ['encapsed_string', null],
  ],
  functions: ['function_definition', 'method_declaration', 'anonymous_function', 'arrow_function'],

  blocks: ['compound_statement', 'program', 'case_statement'],
  removable: ['expression_statement', 'echo_statement', 'unset_statement'],
  assignments: ['assignment_expression'],
  augmented: ['augmented_assignment_expression'],
  clauses: ['else_if_clause', 'else_clause'],
  loops: ['for_statement', 'foreach_statement', 'while_statement', 'do_statement'],
  switches: ['switch_statement'],
  decorators: ['attribute_list'],

  text: { ...cFamily.text, bind: (name, value) => `$${name} = ${value};` },
};
