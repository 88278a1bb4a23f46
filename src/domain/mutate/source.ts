/** A parsed text with the questions that operators ask of it. */

import type { SyntaxNode } from '#contract/code.ts';
import type { LanguageTable, Place } from './language-table.ts';

export interface Source {
  readonly text: string;
  readonly root: SyntaxNode;
  readonly table: LanguageTable;
  /** Every node that may be changed, parents before children: no comments, documentation, imports or types. */
  readonly nodes: readonly SyntaxNode[];
  /** Where each variable is first written to, by the function that it belongs to; the root stands for the file. */
  readonly variables: ReadonlyMap<SyntaxNode, ReadonlyMap<string, number>>;
}

export function makeSource(text: string, root: SyntaxNode, table: LanguageTable): Source {
  const hidden = new Set([...table.comments, ...table.opaque]);
  const nodes: SyntaxNode[] = [];
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (hidden.has(node.type) || (table.docstrings && isDocumentation(node, table))) continue;
    nodes.push(node);
    for (let at = node.children.length - 1; at >= 0; at -= 1) stack.push(node.children[at] as SyntaxNode);
  }
  const variables = new Map<SyntaxNode, Map<string, number>>();
  for (const node of nodes) {
    if (!table.identifiers.includes(node.type) || !isDefinition(node, table)) continue;
    const home = functionOf(node, table) ?? root;
    const names = variables.get(home) ?? new Map<string, number>();
    const name = text.slice(node.start, node.end);
    if (!names.has(name)) names.set(name, node.start);
    variables.set(home, names);
  }
  return { text, root, table, nodes, variables };
}

export const textOf = (source: Pick<Source, 'text'>, { start, end }: { start: number; end: number }): string =>
  source.text.slice(start, end);

/** Named children that are not comments. */
export const parts = (node: SyntaxNode, table: LanguageTable): SyntaxNode[] =>
  node.children.filter((child) => child.named && !table.comments.includes(child.type));

export const child = (node: SyntaxNode, field: string): SyntaxNode | undefined =>
  node.children.find((one) => one.field === field && (one.named || one.children.length > 0)) ??
  node.children.find((one) => one.field === field);

/** The operands and the operator of a node of two operands; null for chains and what else has another shape. */
export function binaryOf(
  node: SyntaxNode,
  table: LanguageTable,
): { readonly left: SyntaxNode; readonly operator: SyntaxNode; readonly right: SyntaxNode } | null {
  if (!table.binary.includes(node.type)) return null;
  const inner = node.children.filter(({ type }) => !table.comments.includes(type));
  const [left, operator, right] = inner;
  if (inner.length !== 3 || left === undefined || operator === undefined || right === undefined) return null;
  return left.named && right.named ? { left, operator, right } : null;
}

export function unaryOf(
  node: SyntaxNode,
  table: LanguageTable,
): { readonly operator: SyntaxNode; readonly operand: SyntaxNode } | null {
  if (!table.unary.includes(node.type)) return null;
  const [operator, operand] = node.children;
  if (node.children.length !== 2 || operator === undefined || operand === undefined || operator.named) return null;
  return { operator, operand };
}

/** Without the parentheses around it. */
export function inside(node: SyntaxNode, table: LanguageTable): SyntaxNode {
  let inner = node;
  while (table.parentheses.includes(inner.type)) {
    const [only, ...more] = parts(inner, table);
    if (only === undefined || more.length > 0) return inner;
    inner = only;
  }
  return inner;
}

export function isAt(node: SyntaxNode, places: readonly Place[]): boolean {
  const type = node.parent?.type;
  return places.some(([parent, field]) => parent === type && field === node.field);
}

/** Also through lists of targets, as in `a, b = …`. */
export function isDefinition(node: SyntaxNode, table: LanguageTable): boolean {
  for (let at: SyntaxNode | null = node, up = 0; at !== null && up < 3; at = at.parent, up += 1) {
    if (isAt(at, table.definitions)) return true;
    if (at.parent === null || !/(pattern|list|declarator|left_assignment)/.test(at.parent.type)) return false;
    if (table.argumentLists.includes(at.parent.type) || table.index.includes(at.parent.type)) return false;
  }
  return false;
}

/** An identifier that stands for a variable's value. */
export function isVariableUse(node: SyntaxNode, { table }: Source): boolean {
  return table.identifiers.includes(node.type) && !isDefinition(node, table) && !isAt(node, table.notVariables);
}

export function functionOf(node: SyntaxNode, table: LanguageTable): SyntaxNode | null {
  for (let at = node.parent; at !== null; at = at.parent) if (table.functions.includes(at.type)) return at;
  return null;
}

/** Variables written to before a node, in the functions around it; outside of any, those of the file. */
export function variablesAt(node: SyntaxNode, { table, variables, root }: Source): Set<string> {
  const names = new Set<string>();
  const add = (home: SyntaxNode): void => {
    for (const [name, first] of variables.get(home) ?? []) if (first < node.start) names.add(name);
  };
  for (let at = functionOf(node, table); at !== null; at = functionOf(at, table)) add(at);
  if (names.size === 0) add(root);
  return names;
}

/** Every identifier below a node, itself included. */
export function identifiersIn(node: SyntaxNode, source: Source): Set<string> {
  const names = new Set<string>();
  const stack = [node];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (source.table.identifiers.includes(at.type)) names.add(textOf(source, at));
    stack.push(...at.children);
  }
  return names;
}

export const isStatement = (node: SyntaxNode, table: LanguageTable): boolean =>
  node.named && node.parent !== null && table.blocks.includes(node.parent.type);

function isDocumentation(node: SyntaxNode, table: LanguageTable): boolean {
  const [only, ...more] = node.children;
  return node.type === 'expression_statement' && more.length === 0 && only !== undefined && isString(only, table);
}

const isString = (node: SyntaxNode, table: LanguageTable): boolean => table.strings.includes(node.type);
