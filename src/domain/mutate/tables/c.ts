/** C and C++, by the rules of their grammars: that of C++ extends that of C. */

import type { LanguageTable } from '../language-table.ts';
import { cFamily } from './c-family.ts';

export const c: LanguageTable = {
  ...cFamily,
  comments: ['comment'],
  opaque: [
    'preproc_include',
    'preproc_def',
    'preproc_function_def',
    'type_definition',
    'using_declaration',
    'template_argument_list',
  ],

  parentheses: ['parenthesized_expression', 'condition_clause'],
  ternary: ['conditional_expression'],
  call: [{ type: 'call_expression', callee: 'function' }],
  argumentLists: ['argument_list'],
  member: [{ type: 'field_expression', object: 'argument', property: 'field' }],
  index: ['subscript_expression'],
  identifiers: ['identifier'],
  integers: ['number_literal'],
  floats: [],
  strings: ['string_literal'],

  definitions: [
    ['init_declarator', 'declarator'],
    ['declaration', 'declarator'],
    ['assignment_expression', 'left'],
    ['update_expression', 'argument'],
    ['parameter_declaration', 'declarator'],
    ['optional_parameter_declaration', 'declarator'],
    ['for_range_loop', 'declarator'],
    ['pointer_declarator', 'declarator'],
    ['reference_declarator', null],
    ['array_declarator', 'declarator'],
  ],
  notVariables: [
    ['call_expression', 'function'],
    ['function_declarator', 'declarator'],
    ['qualified_identifier', 'name'],
    ['labeled_statement', 'label'],
    ['goto_statement', 'label'],
    ['enumerator', 'name'],
    ['template_function', 'name'],
  ],
  functions: ['function_definition', 'lambda_expression'],

  blocks: ['compound_statement', 'case_statement'],
  removable: ['expression_statement', 'throw_statement'],
  assignments: ['assignment_expression', 'declaration'],
  augmented: ['assignment_expression'],
  clauses: ['else_clause'],
  loops: ['for_statement', 'for_range_loop', 'while_statement', 'do_statement'],
  switches: ['switch_statement'],

  text: { ...cFamily.text, nothing: '0' },
};

export const cpp: LanguageTable = {
  ...c,
  text: { ...c.text, nothing: '{}', bind: (name, value) => `auto ${name} = ${value};` },
};
