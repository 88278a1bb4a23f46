/** Parses source text with tree-sitter through WebAssembly. Text from strangers: bounded in size and in time. */

import { readFile } from 'node:fs/promises';
import { Edit, Language as Grammars, Parser, type Tree } from 'web-tree-sitter';
import type { CodeService, Grammar, Language, ParsedText, Splice } from '#contract/code.ts';
import { Failure } from '#contract/failure.ts';
import { grammarPath } from './grammar-files.ts';
import { toSyntax } from './to-syntax.ts';

/** UTF-16 units. A task's solution is a few thousand. */
const MAX_CHARS = 1_000_000;
const DEADLINE_MS = 2_000;

export function makeCodeService(): CodeService {
  const loaded = new Map<Language, Promise<Grammar>>();
  return {
    grammar(language) {
      const known = loaded.get(language);
      if (known !== undefined) return known;
      const loading = loadGrammar(language);
      loaded.set(language, loading);
      return loading;
    },
  };
}

async function loadGrammar(language: Language): Promise<Grammar> {
  const path = grammarPath(language);
  if (path === null) {
    throw new Failure('grammar-missing', `the grammar of ${language} is not installed`, {
      scope: 'infrastructure',
      hint: 'run `npm ci`, then `npm run build`',
    });
  }
  await Parser.init();
  const grammar = await Grammars.load(await readFile(path));
  const parser = new Parser().setLanguage(grammar);
  return {
    language,
    parse(text) {
      if (text.length > MAX_CHARS) {
        throw new Failure('source-too-large', `a text of ${text.length} characters is not parsed (limit ${MAX_CHARS})`);
      }
      const tree = parse(parser, text, null);
      if (!tree.rootNode.hasError) return new ParsedTree(parser, text, tree);
      tree.delete();
      return null;
    },
  };
}

function parse(parser: Parser, text: string, old: Tree | null): Tree {
  const until = performance.now() + DEADLINE_MS;
  // `true` ends it: the declared type of the callback leaves that out.
  const progressCallback = (() => performance.now() > until) as () => void;
  const tree = parser.parse(text, old, { progressCallback });
  if (tree !== null) return tree;
  parser.reset();
  throw new Failure('parse-timeout', `parsing did not end within ${DEADLINE_MS} ms`);
}

class ParsedTree implements ParsedText {
  readonly text: string;
  readonly root: ParsedText['root'];
  readonly #parser: Parser;
  readonly #tree: Tree;

  constructor(parser: Parser, text: string, tree: Tree) {
    this.text = text;
    this.root = toSyntax(tree);
    this.#parser = parser;
    this.#tree = tree;
  }

  accepts(splices: readonly Splice[]): readonly boolean[] {
    return splices.map((splice) => this.#accepts(splice));
  }

  #accepts({ start, end, text }: Splice): boolean {
    const spliced = this.text.slice(0, start) + text + this.text.slice(end);
    const old = this.#tree.copy();
    try {
      // The parser takes rows and columns for what it reports, not for what it reparses: indices are enough.
      const origin = { row: 0, column: 0 };
      old.edit(
        new Edit({
          startIndex: start,
          oldEndIndex: end,
          newEndIndex: start + text.length,
          startPosition: origin,
          oldEndPosition: origin,
          newEndPosition: origin,
        }),
      );
      const tree = parse(this.#parser, spliced, old);
      const accepted = !tree.rootNode.hasError;
      tree.delete();
      return accepted;
    } finally {
      old.delete();
    }
  }

  close(): void {
    this.#tree.delete();
  }
}
