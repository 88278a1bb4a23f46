/**
 * Canaries: a pull request shown to a writer with a small file added that is in no repository. Whoever names it has read it there; a hit
 * is proof. Which rows get one depends on their key; what it is called on the pull request alone, so that a request repeats no call.
 */

import { hashTexts, unitFromHash } from '#util/sha256.ts';
import { type HiddenTexts, indexHidden } from './hidden.ts';
import { normaliseName } from './scan.ts';
import type { Visible } from './visible.ts';

export interface Decoyed {
  readonly patch: string;
  /** The path and the name that were planted. */
  readonly decoys: readonly string[];
}

export function isCanary(seed: number, key: string, share: number): boolean {
  return unitFromHash('canary', String(seed), key) < share;
}

/** Null where ten names in a row stand somewhere already. */
export function plantDecoys(hidden: HiddenTexts, visible: Visible, seed: number): Decoyed | null {
  const patch = hidden.patch ?? '';
  const known = indexHidden(hidden);
  const beside = known.files.find(({ part }) => part === 'patch')?.path ?? 'src/main.py';
  for (let attempt = 0; attempt < 10; attempt++) {
    const digest = hashTexts('decoy', String(seed), String(attempt), patch);
    const words = [VERBS, NOUNS, ENDS].map(
      (list, nth) => list[Number.parseInt(digest.slice(nth * 8, nth * 8 + 8), 16) % list.length] ?? '',
    );
    const path = pathBeside(beside, `${words[1]}_${words[2]}`);
    const name = nameFor(beside, words);
    const isTaken = [name, `${words[1]}_${words[2]}`].some((each) => {
      const normal = normaliseName(each);
      return known.names.has(normal) || visible.hasName(normal);
    });
    if (isTaken) continue;
    return { patch: `${patch.trimEnd()}\n${newFile(path, name)}`, decoys: [path, name] };
  }
  return null;
}

const VERBS =
  'reconcile anneal marshal collate temper refract sequester interleave demarcate transpose rectify coalesce'.split(
    ' ',
  );
const NOUNS = 'ledger lattice tether cadence quorum spindle trellis baffle gimbal sextant ferrule mantle'.split(' ');
const ENDS = 'hints bounds facets margins tokens frames slots traits edges spans'.split(' ');

function pathBeside(beside: string, stem: string): string {
  const folder = beside.slice(0, beside.lastIndexOf('/') + 1);
  return `${folder}${stem}${endingOf(beside)}`;
}

const endingOf = (path: string) => /\.[A-Za-z0-9]{1,5}$/.exec(path)?.[0] ?? '.py';

function nameFor(beside: string, words: readonly string[]): string {
  const camel = words.map((word, nth) => (nth === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('');
  return /\.(?:py|rb|rs|c|h|sh|php)$/.test(beside) ? words.join('_') : camel;
}

/** A whole new file as a unified diff, in the language of its ending. */
function newFile(path: string, name: string): string {
  const lines = bodyFor(endingOf(path), name);
  return [
    `diff --git a/${path} b/${path}`,
    'new file mode 100644',
    '--- /dev/null',
    `+++ b/${path}`,
    `@@ -0,0 +1,${lines.length} @@`,
    ...lines.map((line) => `+${line}`),
    '',
  ].join('\n');
}

function bodyFor(ending: string, name: string): string[] {
  if (/^\.(?:js|jsx|ts|tsx|mjs|cjs)$/.test(ending))
    return [`export function ${name}(values) {`, '  return values.filter((value) => value !== null);', '}'];
  if (ending === '.go')
    return ['package internal', '', `func ${name}(values []string) []string {`, '\treturn values', '}'];
  if (ending === '.rs') return [`pub fn ${name}(values: &[String]) -> usize {`, '    values.len()', '}'];
  if (ending === '.rb') return [`def ${name}(values)`, '  values.compact', 'end'];
  if (/^\.(?:java|cs|c|h|cc|cpp|php)$/.test(ending))
    return [`static int ${name}(int value) {`, '  return value < 0 ? 0 : value;', '}'];
  return [
    `def ${name}(values):`,
    '    """Drop what has no value, keeping the order."""',
    '    return [value for value in values if value is not None]',
  ];
}
