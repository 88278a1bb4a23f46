/** A diff apart into what changes tests and what does not, file by file, by the rule that SWE-bench was collected with. */

const TEST_WORDS = ['test', 'tests', 'e2e', 'testing'];

export interface SplitDiff {
  readonly patch: string;
  readonly testPatch: string;
}

export function splitDiff(diff: string): SplitDiff {
  const parts = { patch: '', testPatch: '' };
  const starts = [...diff.matchAll(/^diff --git /gm)].map(({ index }) => index);
  for (const [nth, start] of starts.entries()) {
    const file = diff.slice(start, starts[nth + 1] ?? diff.length);
    const header = file.slice(0, file.indexOf('\n') === -1 ? file.length : file.indexOf('\n')).toLowerCase();
    const isTest = TEST_WORDS.some((word) => header.slice('diff --git '.length).includes(word));
    parts[isTest ? 'testPatch' : 'patch'] += file;
  }
  return parts;
}
