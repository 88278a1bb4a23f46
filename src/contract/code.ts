/** Syntax trees as kinds see them: plain values, whatever parser stands behind them. */

export const LANGUAGES = [
  'python',
  'javascript',
  'typescript',
  'tsx',
  'go',
  'rust',
  'java',
  'c',
  'cpp',
  'ruby',
  'bash',
  'php',
  'csharp',
] as const;

export type Language = (typeof LANGUAGES)[number];

/** A node of a syntax tree. Offsets are UTF-16 units into the text, `end` exclusive, as of `String.slice`. */
export interface SyntaxNode {
  /** Name of the grammar's rule, or the token itself where `named` is false. */
  readonly type: string;
  readonly named: boolean;
  /** The parent's name for this place, e.g. `condition`. */
  readonly field: string | null;
  readonly start: number;
  readonly end: number;
  readonly parent: SyntaxNode | null;
  readonly children: readonly SyntaxNode[];
}

/** Replaces `[start, end)` by `text`; everything else stays byte for byte. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A text that was parsed without an error; to be closed. */
export interface ParsedText {
  readonly text: string;
  readonly root: SyntaxNode;
  /** Whether the text still parses after each of the splices, taken one at a time. */
  accepts(splices: readonly Splice[]): readonly boolean[];
  close(): void;
}

export interface Grammar {
  readonly language: Language;
  /** Null where the text does not parse. @throws Failure `source-too-large`, `parse-timeout` */
  parse(text: string): ParsedText | null;
}

export interface CodeService {
  /** Loaded once a process. @throws Failure `grammar-missing` */
  grammar(language: Language): Promise<Grammar>;
}
