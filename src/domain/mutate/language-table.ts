/** What the operators must know of a language: which rules of its grammar play which part, and how a few things are written. */

/** Rule names of the grammar; `[parent, field]` pairs name a place, with `null` for children without a field name. */
export type Place = readonly [parent: string, field: string | null];

export interface LanguageTable {
  readonly comments: readonly string[];
  /** Never looked into: imports, types, annotations. */
  readonly opaque: readonly string[];
  /** Whether a statement that is only a string is documentation. */
  readonly docstrings: boolean;

  // ---- expressions
  /** Two operands with an operator between them. */
  readonly binary: readonly string[];
  /** An operator before its one operand. */
  readonly unary: readonly string[];
  readonly parentheses: readonly string[];
  /** `condition ? consequence : alternative`, or Python's order of the same three. */
  readonly ternary: readonly string[];
  readonly call: readonly { readonly type: string; readonly callee: string; readonly receiver?: string }[];
  readonly argumentLists: readonly string[];
  /** Wraps one argument, e.g. `argument`; its one named child is the expression. */
  readonly argumentWrappers: readonly string[];
  /** Arguments that swapping would not change, or that it may not touch. */
  readonly keywordArguments: readonly string[];
  readonly member: readonly { readonly type: string; readonly object: string; readonly property: string }[];
  readonly index: readonly string[];
  readonly slice: readonly string[];
  /** Both ends of `a..b`. */
  readonly range: readonly string[];
  readonly identifiers: readonly string[];
  readonly integers: readonly string[];
  readonly floats: readonly string[];
  readonly strings: readonly string[];
  /** Members of a string that are not its plain text; a string with one is left alone. */
  readonly interpolations: readonly string[];

  // ---- names
  /** Where an identifier is brought into being or written to. */
  readonly definitions: readonly Place[];
  /** Where an identifier is no variable: a callee, a property, a type, a label. */
  readonly notVariables: readonly Place[];
  readonly functions: readonly string[];

  // ---- statements
  readonly blocks: readonly string[];
  /** May be taken out as a whole. */
  readonly removable: readonly string[];
  readonly assignments: readonly string[];
  readonly augmented: readonly string[];
  readonly conditionals: readonly string[];
  /** Where a conditional's alternative is a list of clauses without braces around them. */
  readonly clauses: readonly string[];
  readonly loops: readonly string[];
  readonly switches: readonly string[];
  readonly jumps: { readonly break: readonly string[]; readonly continue: readonly string[] };
  readonly returns: readonly string[];
  readonly decorators: readonly string[];

  // ---- how things are written
  readonly text: {
    readonly not: (condition: string) => string;
    readonly true: string;
    readonly false: string;
    readonly breakWord: string;
    readonly continueWord: string;
    /** What a return without a result returns; null where nothing fits. */
    readonly nothing: string | null;
    /** Fills a block that would be empty. */
    readonly noop: string;
    /** A line that names an expression, for neutral edits; null where the language would need its type. */
    readonly bind: ((name: string, value: string) => string) | null;
    readonly comment: string;
    readonly terminator: '' | ';';
  };
}
