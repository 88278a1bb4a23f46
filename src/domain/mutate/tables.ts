/** The table of each language. */

import type { Language } from '#contract/code.ts';
import type { LanguageTable } from './language-table.ts';
import { bash } from './tables/bash.ts';
import { c, cpp } from './tables/c.ts';
import { csharp } from './tables/csharp.ts';
import { go } from './tables/go.ts';
import { java } from './tables/java.ts';
import { javascript } from './tables/javascript.ts';
import { php } from './tables/php.ts';
import { python } from './tables/python.ts';
import { ruby } from './tables/ruby.ts';
import { rust } from './tables/rust.ts';

export const TABLES: { readonly [language in Language]: LanguageTable } = {
  python,
  javascript,
  typescript: javascript,
  tsx: javascript,
  go,
  rust,
  java,
  c,
  cpp,
  ruby,
  bash,
  php,
  csharp,
};
