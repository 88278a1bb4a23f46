/** Go, by the rules of tree-sitter-go. */

import type { LanguageTable } from '../language-table.ts';
import { cFamily } from './c-family.ts';

export const go: LanguageTable = {
  ...cFamily,
  comments: ['comment'],
  opaque: ['package_clause', 'import_declaration', 'type_declaration', 'type_arguments', 'slice_type', 'map_type'],

  ternary: [],
  call: [{ type: 'call_expression', callee: 'function' }],
  argumentLists: ['argument_list'],
  keywordArguments: ['variadic_argument'],
  member: [{ type: 'selector_expression', object: 'operand', property: 'field' }],
  index: ['index_expression'],
  slice: ['slice_expression'],
  identifiers: ['identifier'],
  integers: ['int_literal'],
  floats: ['float_literal'],
  strings: ['interpreted_string_literal', 'raw_string_literal'],

  definitions: [
    ['short_var_declaration', 'left'],
    ['assignment_statement', 'left'],
    ['var_spec', 'name'],
    ['const_spec', 'name'],
    ['range_clause', 'left'],
    ['parameter_declaration', 'name'],
    ['inc_statement', null],
    ['dec_statement', null],
  ],
  notVariables: [
    ['call_expression', 'function'],
    ['function_declaration', 'name'],
    ['literal_element', null],
    ['keyed_element', null],
    ['label_name', null],
  ],
  functions: ['function_declaration', 'method_declaration', 'func_literal'],

  blocks: ['statement_list'],
  removable: ['expression_statement', 'assignment_statement', 'inc_statement', 'dec_statement', 'defer_statement'],
  assignments: ['assignment_statement', 'short_var_declaration'],
  augmented: ['assignment_statement'],
  loops: ['for_statement'],
  switches: ['expression_switch_statement', 'type_switch_statement', 'select_statement'],

  text: { ...cFamily.text, nothing: 'nil', bind: (name, value) => `${name} := ${value}`, terminator: '' },
};
