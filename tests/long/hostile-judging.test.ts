/** Five megabytes of whatever might make a scan go back and forth: every step of judging ends, and none throws. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DIMENSIONS } from '#domain/duel/dimensions.ts';
import { neutralise } from '#domain/duel/neutralise.ts';
import { parseJudgement } from '#domain/duel/parse-judgement.ts';
import { findFault } from '#domain/duel/prechecks.ts';

const SIZE = 5_000_000;
const VERDICT = '{"correctness":1,"grounding":1,"progress":1,"protocol":1,"efficiency":1}';
const UNITS = [
  ...['```', '```bash\n', '```\n', '```bash\nls\n```\n', '~~~\n', '`'],
  ...['{', '{}', '{"a":', '"correctness":{', '[', '\\"', VERDICT],
  ...['<|', '[INST]', '<tool_call>', '=== answer ', 'Verdict: ', 'THOUGHT: '],
  ...['\u0301', '\u0430', '\u200b', '\u202e', ' ', '\n', '\r', '\u2028'],
];

for (const unit of UNITS) {
  test(`${JSON.stringify(unit)} over and over`, () => {
    const text = unit.repeat(Math.floor(SIZE / unit.length));
    assert.ok(neutralise(text).text.length >= text.length);
    findFault(text, [{ role: 'assistant', content: text }], ['truncated', 'loop'], 'bash');
    for (const shown of ['', text.slice(0, 400_000)]) {
      const read = { dimensions: DIMENSIONS, shown, quotes: 'checked', finishReason: 'stop' } as const;
      const { status } = parseJudgement(text, read);
      assert.is(status, unit === VERDICT && shown === '' ? 'parsed' : 'unparsed');
    }
  });
}

test.run();
