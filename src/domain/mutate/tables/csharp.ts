/** C#, by the rules of tree-sitter-c-sharp. */

import type { LanguageTable } from '../language-table.ts';
import { cFamily } from './c-family.ts';

export const csharp: LanguageTable = {
  ...cFamily,
  comments: ['comment', 'preproc_region', 'preproc_endregion'],
  opaque: ['using_directive', 'predefined_type', 'generic_name', 'array_type', 'nullable_type', 'type_argument_list'],

  unary: ['prefix_unary_expression'],
  ternary: ['conditional_expression'],
  call: [{ type: 'invocation_expression', callee: 'function' }],
  argumentLists: ['argument_list'],
  argumentWrappers: ['argument'],
  member: [{ type: 'member_access_expression', object: 'expression', property: 'name' }],
  index: ['element_access_expression'],
  range: ['range_expression'],
  identifiers: ['identifier'],
  integers: ['integer_literal'],
  floats: ['real_literal'],
  strings: ['string_literal'],

  definitions: [
    ['variable_declarator', 'name'],
    ['assignment_expression', 'left'],
    ['parameter', 'name'],
    ['foreach_statement', 'left'],
    ['postfix_unary_expression', null],
    ['implicit_parameter', null],
    ['catch_declaration', 'name'],
  ],
  notVariables: [
    ['invocation_expression', 'function'],
    ['member_access_expression', 'name'],
    ['method_declaration', 'name'],
    ['method_declaration', 'returns'],
    ['class_declaration', 'name'],
    ['constructor_declaration', 'name'],
    ['parameter', 'type'],
    ['variable_declaration', 'type'],
    ['object_creation_expression', 'type'],
    ['attribute', 'name'],
    ['name_colon', null],
    ['qualified_name', null],
  ],
  functions: ['method_declaration', 'constructor_declaration', 'local_function_statement', 'lambda_expression'],

  blocks: ['block', 'switch_section'],
  removable: ['expression_statement', 'throw_statement'],
  assignments: ['assignment_expression', 'local_declaration_statement'],
  augmented: ['assignment_expression'],
  loops: ['for_statement', 'foreach_statement', 'while_statement', 'do_statement'],
  switches: ['switch_statement'],
  decorators: ['attribute_list'],

  text: { ...cFamily.text, nothing: 'default', bind: (name, value) => `var ${name} = ${value};` },
};
