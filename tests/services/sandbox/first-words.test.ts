/** Frames that a candidate writes in place of our own words: a label of the candidate's, and never trouble of the sandbox. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeSandboxHub } from '#services/sandbox/sandbox-service.ts';

const hub = makeSandboxHub({ env: process.env });
const sandbox = hub.bind({ priority: [], signal: new AbortController().signal });
test.after(() => hub.close());

const REFERENCE = 'def f():\n    return 1\n';
const CASES = { type: 'cases', entry: 'f', cases: [{ args: [], expected: 1 }] } as const;
const FRAMES = ['5', 'null', '[]', '{}', '["x"]', '["syntax"]', '["v",[1]]', '[[[]]]', '["x",1,2,3]', 'no json'];

test('whatever it says first, it is a failure of its own', async () => {
  for (const words of FRAMES) {
    const lie = `import os, struct\nwords = b'${words}'\nos.write(3, struct.pack('>I', len(words)) + words)\n`;
    const run = { language: 'python', candidate: lie + REFERENCE, reference: REFERENCE, tests: CASES } as const;
    const { status } = await sandbox.runTests(run);
    assert.ok(['forged', 'fail_exception', 'syntax_error'].includes(status), `${words}: ${status}`);
  }
});

test.run();
