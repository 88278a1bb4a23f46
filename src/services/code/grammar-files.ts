/** Which package each grammar comes from. Their versions are part of what kinds that read syntax are keyed by. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Language } from '#contract/code.ts';
import type { JsonObject } from '#contract/json.ts';

interface GrammarFile {
  readonly package: string;
  readonly version: string;
  /** Without `.wasm`. */
  readonly file: string;
}

/** Held against package.json by a test. */
export const PARSER_VERSION = '0.27.1';

export const GRAMMAR_FILES: { readonly [language in Language]: GrammarFile } = {
  python: { package: 'tree-sitter-python', version: '0.25.0', file: 'tree-sitter-python' },
  javascript: { package: 'tree-sitter-javascript', version: '0.25.0', file: 'tree-sitter-javascript' },
  typescript: { package: 'tree-sitter-typescript', version: '0.23.2', file: 'tree-sitter-typescript' },
  tsx: { package: 'tree-sitter-typescript', version: '0.23.2', file: 'tree-sitter-tsx' },
  go: { package: 'tree-sitter-go', version: '0.25.0', file: 'tree-sitter-go' },
  rust: { package: 'tree-sitter-rust', version: '0.24.0', file: 'tree-sitter-rust' },
  java: { package: 'tree-sitter-java', version: '0.23.5', file: 'tree-sitter-java' },
  c: { package: 'tree-sitter-c', version: '0.24.1', file: 'tree-sitter-c' },
  cpp: { package: 'tree-sitter-cpp', version: '0.23.4', file: 'tree-sitter-cpp' },
  ruby: { package: 'tree-sitter-ruby', version: '0.23.1', file: 'tree-sitter-ruby' },
  bash: { package: 'tree-sitter-bash', version: '0.25.1', file: 'tree-sitter-bash' },
  php: { package: 'tree-sitter-php', version: '0.24.2', file: 'tree-sitter-php' },
  csharp: { package: 'tree-sitter-c-sharp', version: '0.23.5', file: 'tree-sitter-c_sharp' },
};

/** What a node that needs `code` has in its key. */
export function codeIdentity(): JsonObject {
  return {
    parser: PARSER_VERSION,
    grammars: Object.fromEntries(Object.entries(GRAMMAR_FILES).map(([language, { version }]) => [language, version])),
  };
}

/** Copied beside the library by the build; in a checkout that runs from source, inside the packages themselves. */
export function grammarPath(language: Language): string | null {
  const { package: name, file } = GRAMMAR_FILES[language];
  const here = dirname(fileURLToPath(import.meta.resolve('#services/code/grammar-files.ts')));
  const built = join(here, 'wasm', `${file}.wasm`);
  if (existsSync(built)) return built;
  try {
    return createRequire(import.meta.url).resolve(`${name}/${file}.wasm`);
  } catch {
    return null;
  }
}
