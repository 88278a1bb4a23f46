/** Java, by the rules of tree-sitter-java. */

import type { LanguageTable } from '../language-table.ts';
import { cFamily } from './c-family.ts';

export const java: LanguageTable = {
  ...cFamily,
  comments: ['line_comment', 'block_comment'],
  opaque: ['package_declaration', 'import_declaration', 'type_arguments', 'type_parameters', 'generic_type'],

  ternary: ['ternary_expression'],
  call: [{ type: 'method_invocation', callee: 'name', receiver: 'object' }],
  argumentLists: ['argument_list'],
  member: [{ type: 'field_access', object: 'object', property: 'field' }],
  index: ['array_access'],
  identifiers: ['identifier'],
  integers: ['decimal_integer_literal'],
  floats: ['decimal_floating_point_literal'],
  strings: ['string_literal'],
  interpolations: ['escape_sequence', 'string_interpolation'],

  definitions: [
    ['variable_declarator', 'name'],
    ['assignment_expression', 'left'],
    ['update_expression', null],
    ['enhanced_for_statement', 'name'],
    ['formal_parameter', 'name'],
    ['catch_formal_parameter', 'name'],
    ['lambda_expression', 'parameters'],
    ['inferred_parameters', null],
  ],
  notVariables: [
    ['method_invocation', 'name'],
    ['field_access', 'field'],
    ['method_declaration', 'name'],
    ['class_declaration', 'name'],
    ['constructor_declaration', 'name'],
    ['marker_annotation', 'name'],
    ['annotation', 'name'],
    ['labeled_statement', null],
    ['method_reference', null],
  ],
  functions: ['method_declaration', 'constructor_declaration', 'lambda_expression'],

  blocks: ['block', 'switch_block_statement_group'],
  removable: ['expression_statement', 'throw_statement'],
  assignments: ['assignment_expression', 'local_variable_declaration'],
  augmented: ['assignment_expression'],
  loops: ['for_statement', 'enhanced_for_statement', 'while_statement', 'do_statement'],
  switches: ['switch_expression'],

  text: { ...cFamily.text, bind: (name, value) => `var ${name} = ${value};` },
};
