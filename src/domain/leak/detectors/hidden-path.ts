/** Files of the hidden change that nothing visible has named: neither as a path, nor as a module, nor as a name in a listing. */

import type { AnswerFacts, AnswerPath } from '../answer-facts.ts';
import { type LeakEvidence, toEvidence } from '../evidence.ts';
import type { Hidden, HiddenFile } from '../hidden.ts';
import { splitName } from '../scan.ts';
import type { Visible } from '../visible.ts';

export function detectHiddenPaths(answer: AnswerFacts, hidden: Hidden, visible: Visible): LeakEvidence[] {
  const found: LeakEvidence[] = [];
  for (const named of answer.paths) {
    const file = fileNamedBy(named, hidden);
    if (file === null || isVisiblePath(file.path, visible)) continue;
    const isExpected = file.part === 'test_patch' && isConventional(file.path, visible);
    const strength = isExpected || isGuess(answer.text, named.start) ? 'weak' : 'strong';
    const place = { part: file.part, start: file.at, end: file.at + file.path.length };
    found.push(toEvidence(answer.text, 'hidden-path', strength, [named.start, named.end], file.path, place));
  }
  return found;
}

/** A hidden file whose path ends as the answer's does, or the other way round; a bare name counts only where it is no common one. */
export function fileNamedBy({ path, name }: AnswerPath, hidden: Hidden): HiddenFile | null {
  const candidates = hidden.filesByName.get(name);
  if (candidates === undefined) return null;
  const clean = path.replace(/^\.?\/+/, '');
  if (!clean.includes('/')) return COMMON_FILES.has(name) ? null : (candidates[0] ?? null);
  return candidates.find((file) => endsAlike(file.path, clean) || endsAlike(clean, file.path)) ?? null;
}

const endsAlike = (long: string, short: string) =>
  long.endsWith(short) && (long.length === short.length || long[long.length - short.length - 1] === '/');

/** Names that stand in every second folder. */
const COMMON_FILES = new Set(
  '__init__.py tests.py test.py models.py views.py urls.py utils.py base.py settings.py admin.py apps.py conftest.py setup.py index.js index.ts main.py app.py mod.rs lib.rs main.go readme.md'.split(
    ' ',
  ),
);

export function isVisiblePath(path: string, visible: Visible): boolean {
  const components = path.split('/');
  const name = (components.at(-1) ?? '').toLowerCase();
  const folder = components.at(-2);
  // A name that stands in many folders counts only together with its own.
  const isFolderKnown =
    !COMMON_FILES.has(name) || folder === undefined || visible.includes(`/${folder}`) || visible.includes(`${folder}/`);
  if (visible.hasFileName(name) && isFolderKnown) return true;
  const stem = name.replace(/\.[a-z0-9]+$/, '');
  const module = stem === '__init__' ? components.slice(-3, -1) : [...components.slice(-2, -1), stem];
  return module.length === 2 && visible.includes(module.join('.'));
}

const GUESS =
  /\b(?:likely|probably|maybe|perhaps|might|may be|could be|should be|guess|suspect|suspicion|assum\w{1,3}|if it exists|somewhere)\b/i;
/** In characters before the path. */
const SENTENCE = 80;

/** A place said to be a guess is what an agent that knows the repository by heart writes, and then looks. */
function isGuess(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - SENTENCE), at);
  return GUESS.test(before.slice(before.lastIndexOf('\n') + 1));
}

/** `test_x.py` for a visible x: where tests of x are expected, so that an agent may look there. */
function isConventional(path: string, visible: Visible): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.[A-Za-z0-9]+$/, '');
  const parts = splitName(name).filter((part) => !['test', 'tests', 'spec'].includes(part));
  return parts.every((part) => visible.hasPart(part));
}
