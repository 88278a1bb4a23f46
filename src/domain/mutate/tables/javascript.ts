/** JavaScript, TypeScript and TSX, by the rules of their grammars, which share almost all names. */

import type { LanguageTable } from '../language-table.ts';
import { cFamily } from './c-family.ts';

export const javascript: LanguageTable = {
  ...cFamily,
  comments: ['comment', 'html_comment'],
  opaque: [
    'import_statement',
    'export_clause',
    'type_annotation',
    'type_arguments',
    'type_parameters',
    'type_alias_declaration',
    'interface_declaration',
    'ambient_declaration',
    'regex',
  ],
  docstrings: true,

  ternary: ['ternary_expression'],
  call: [{ type: 'call_expression', callee: 'function' }],
  argumentLists: ['arguments'],
  keywordArguments: ['spread_element'],
  member: [{ type: 'member_expression', object: 'object', property: 'property' }],
  index: ['subscript_expression'],
  identifiers: ['identifier'],
  integers: ['number'],
  floats: [],
  strings: ['string'],

  definitions: [
    ['variable_declarator', 'name'],
    ['assignment_expression', 'left'],
    ['augmented_assignment_expression', 'left'],
    ['assignment_pattern', 'left'],
    ['update_expression', 'argument'],
    ['for_in_statement', 'left'],
    ['formal_parameters', null],
    ['required_parameter', 'pattern'],
    ['optional_parameter', 'pattern'],
    ['arrow_function', 'parameter'],
    ['rest_pattern', null],
    ['array_pattern', null],
    ['catch_clause', 'parameter'],
  ],
  notVariables: [
    ['call_expression', 'function'],
    ['new_expression', 'constructor'],
    ['function_declaration', 'name'],
    ['function_expression', 'name'],
    ['generator_function_declaration', 'name'],
    ['class_declaration', 'name'],
    ['class_heritage', null],
    ['labeled_statement', 'label'],
    ['type_predicate', 'name'],
  ],
  functions: [
    'function_declaration',
    'function_expression',
    'generator_function_declaration',
    'arrow_function',
    'method_definition',
  ],

  blocks: ['statement_block', 'program', 'switch_case', 'switch_default'],
  removable: ['expression_statement', 'throw_statement'],
  assignments: ['assignment_expression', 'lexical_declaration', 'variable_declaration'],
  augmented: ['augmented_assignment_expression'],
  clauses: ['else_clause'],
  loops: ['for_statement', 'for_in_statement', 'while_statement', 'do_statement'],
  switches: ['switch_statement'],
  decorators: ['decorator'],

  text: { ...cFamily.text, nothing: 'undefined', bind: (name, value) => `const ${name} = ${value};` },
};
