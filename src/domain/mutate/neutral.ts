/** Edits that change a program's text and not what it does, so that "edited" need not mean "wrong". */

import type { SyntaxNode } from '#contract/code.ts';
import {
  binaryOf,
  functionOf,
  isAt,
  isDefinition,
  isStatement,
  isVariableUse,
  parts,
  type Source,
  textOf,
} from './source.ts';
import { indentAt } from './statements.ts';

export interface NeutralEdit {
  readonly operator: string;
  readonly start: number;
  readonly end: number;
  /** What stands in `[start, end)` afterwards. */
  readonly text: string;
}

export function* neutralEdits(source: Source): Iterable<NeutralEdit> {
  yield* mirroredComparisons(source);
  yield* bracketedReturns(source);
  yield* namedReturns(source);
  yield* spelledOutAssignments(source);
  yield* renamedVariables(source);
  yield* unusedVariables(source);
}

const MIRROR: { readonly [operator: string]: string } = {
  '<': '>',
  '>': '<',
  '<=': '>=',
  '>=': '<=',
  '==': '==',
  '!=': '!=',
  '===': '===',
  '!==': '!==',
};

/** Cannot fail, and has no effect. */
const isPlain = (node: SyntaxNode, { table }: Source): boolean =>
  [...table.identifiers, ...table.integers, ...table.floats, ...table.strings].includes(node.type);

function* mirroredComparisons(source: Source): Iterable<NeutralEdit> {
  for (const node of source.nodes) {
    const binary = binaryOf(node, source.table);
    if (binary === null || !isPlain(binary.left, source) || !isPlain(binary.right, source)) continue;
    const { left, operator, right } = binary;
    const mirrored = Object.hasOwn(MIRROR, operator.type) ? MIRROR[operator.type] : undefined;
    if (mirrored === undefined) continue;
    const { text } = source;
    const middle = text.slice(left.end, operator.start) + mirrored + text.slice(operator.end, right.start);
    yield {
      operator: 'mirror-comparison',
      start: node.start,
      end: node.end,
      text: textOf(source, right) + middle + textOf(source, left),
    };
  }
}

/** The one value of a return statement; a list of values is none. */
function returned(node: SyntaxNode, source: Source): SyntaxNode | null {
  if (!source.table.returns.includes(node.type)) return null;
  const [value, ...more] = parts(node, source.table);
  if (value === undefined || more.length > 0 || /list|tuple/.test(value.type)) return null;
  return source.table.parentheses.includes(value.type) ? null : value;
}

function* bracketedReturns(source: Source): Iterable<NeutralEdit> {
  for (const node of source.nodes) {
    const value = returned(node, source);
    if (value !== null)
      yield { operator: 'bracket-return', start: value.start, end: value.end, text: `(${textOf(source, value)})` };
  }
}

const NAMES = ['result', 'value', 'answer', 'output', 'found', 'current', 'outcome', 'item_count'];

/** Names that occur nowhere in the text. */
const freshNames = (source: Source): string[] => {
  const words = new Set(source.text.match(/\w+/g));
  return NAMES.filter((name) => !words.has(name));
};

function* namedReturns(source: Source): Iterable<NeutralEdit> {
  const { bind } = source.table.text;
  if (bind === null) return;
  const names = freshNames(source);
  for (const node of source.nodes) {
    const value = returned(node, source);
    if (value === null || !isStatement(node, source.table) || isPlain(value, source)) continue;
    const line = source.text.lastIndexOf('\n', node.start - 1) + 1;
    // Only where the statement begins its line can another line be put before it.
    if (source.text.slice(line, node.start).trim() !== '') continue;
    const before = source.text.slice(node.start, value.start);
    const after = source.text.slice(value.end, node.end);
    for (const name of names) {
      const used = bind('', '').startsWith('$') ? `$${name}` : name;
      const text = `${bind(name, textOf(source, value))}\n${indentAt(source.text, node.start)}${before}${used}${after}`;
      yield { operator: 'name-return', start: node.start, end: node.end, text };
    }
  }
}

/** `n += 1` as `n = n + 1`, for numbers: a list would be another one. */
function* spelledOutAssignments(source: Source): Iterable<NeutralEdit> {
  for (const node of source.nodes) {
    if (!source.table.augmented.includes(node.type)) continue;
    const [left, operator, right] = node.children;
    if (left === undefined || operator === undefined || right === undefined || node.children.length !== 3) continue;
    const sign = /^([-+*])=$/.exec(operator.type)?.[1];
    if (sign === undefined || !source.table.identifiers.includes(left.type)) continue;
    if (!source.table.integers.includes(right.type)) continue;
    const name = textOf(source, left);
    yield {
      operator: 'spell-out',
      start: node.start,
      end: node.end,
      text: `${name} = ${name} ${sign} ${textOf(source, right)}`,
    };
  }
}

/** A local variable by another name, everywhere in its function. Parameters may be named by callers: they stay. */
function* renamedVariables(source: Source): Iterable<NeutralEdit> {
  const { table, text } = source;
  const fresh = freshNames(source);
  for (const [home, names] of source.variables) {
    if (!table.functions.includes(home.type) || functionOf(home, table) !== null) continue;
    for (const name of names.keys()) {
      const sigil = /^[$@]+/.exec(name)?.[0] ?? '';
      const uses = occurrences(home, name, source);
      const [first] = uses;
      const last = uses.at(-1);
      if (first === undefined || last === undefined || uses.some((use) => !isOwnVariable(use, source))) continue;
      for (const other of fresh) {
        let renamed = '';
        let at = first.start;
        for (const use of uses) {
          renamed += text.slice(at, use.start) + sigil + other;
          at = use.end;
        }
        yield { operator: 'rename-variable', start: first.start, end: last.end, text: renamed };
      }
    }
  }
}

/** Every leaf with this text, in order, whatever it stands for. */
function occurrences(home: SyntaxNode, name: string, source: Source): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  const stack = [home];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (at.named && textOf(source, at) === name) found.push(at);
    else for (let index = at.children.length - 1; index >= 0; index -= 1) stack.push(at.children[index] as SyntaxNode);
  }
  return found;
}

function isOwnVariable(node: SyntaxNode, source: Source): boolean {
  const isParameter =
    /parameter|optional|closure/.test(node.parent?.type ?? '') || isAt(node, [['arrow_function', 'parameter']]);
  const isDeclared = /global|nonlocal/.test(node.parent?.type ?? '');
  return !isParameter && !isDeclared && (isVariableUse(node, source) || isDefinition(node, source.table));
}

/** A variable that nobody reads, before the first statement of a function. Go would refuse to compile it. */
function* unusedVariables(source: Source): Iterable<NeutralEdit> {
  const { table, text } = source;
  const { bind } = table.text;
  if (bind === null || bind('', '').includes(':=')) return;
  for (const node of source.nodes) {
    if (!isStatement(node, table) || node.parent?.parent == null || !table.functions.includes(node.parent.parent.type))
      continue;
    const line = text.lastIndexOf('\n', node.start - 1) + 1;
    if (text.slice(line, node.start).trim() !== '') continue;
    for (const name of freshNames(source))
      for (const value of ['0', '1', table.text.false]) {
        const written = `${bind(name, value)}\n${indentAt(text, node.start)}`;
        yield { operator: 'unused-variable', start: node.start, end: node.start, text: written };
      }
    return;
  }
}
