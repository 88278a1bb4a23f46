/** Runs the attacks in JavaScript against quickjs. */

import type { test as uvuTest } from 'uvu';
import * as assert from 'uvu/assert';
import type { CandidateTests, SandboxService } from '#contract/sandbox.ts';
import { JS_ATTACKS, JS_LIES, JS_TRACES } from './javascript-attacks.ts';

const KEPT_IN = 'function attack() { return "kept in"; }';
const HONEST =
  'function answer(n, items) { return items.reduce((a, b) => a + b, n); }\nfunction empty() { return {}; }';
const CASES: CandidateTests = {
  type: 'cases',
  entry: 'answer',
  cases: [
    { args: [271828, [1, 2]], expected: 271831 },
    { args: [0, [9]], expected: 9 },
  ],
};
const SCRIPT: CandidateTests = {
  type: 'script',
  entry: 'answer',
  script: `const items = [1, 2];
assert.strictEqual(answer(271828, items), 271831);
assert.deepStrictEqual(items, [1, 2]);
assert.strictEqual(typeof answer(0, [9]), 'number');
assert.deepStrictEqual([answer(0, [9])], [9]);`,
};
const EXPECT: CandidateTests = {
  type: 'script',
  entry: 'answer',
  script: `const { answer } = require('./solution');
describe('answer', () => {
  test('sums', async () => { const given = [1, 2]; expect(await answer(271828, given)).toBe(271831); expect(given).toEqual([1, 2]); });
  it('has none', () => expect(answer(5, [])).toEqual(5));
});`,
};
/** Only an empty object is one. */
const EMPTY: CandidateTests = { type: 'cases', entry: 'empty', cases: [{ args: [], expected: {} }] };

export function testJavaScript(test: typeof uvuTest, service: () => SandboxService, withSlow: boolean): void {
  for (const { name, source, ends, isSlow } of JS_ATTACKS) {
    if (isSlow === true && !withSlow) continue;
    test(`quickjs: ${name}`, async () => {
      const { status, detail, forgeable } = await service().runTests({
        language: 'javascript',
        candidate: source,
        reference: KEPT_IN,
        tests: { type: 'cases', entry: 'attack', cases: [{ args: [], expected: 'kept in' }] },
        sandbox: { limits: { cpuMs: 100, wallMs: isSlow === true ? 2000 : 30_000, memoryBytes: 2 ** 26 } },
      });
      assert.is(forgeable, false);
      assert.ok(ends.includes(status), `${status}: ${detail}`);
      const next = await service().runTests({
        language: 'javascript',
        candidate: HONEST,
        reference: HONEST,
        tests: CASES,
      });
      assert.is(next.status, 'pass', next.detail);
    });
  }
  for (const { name, source, unseen } of [{ name: 'an honest answer', source: HONEST, unseen: '' }, ...JS_LIES]) {
    test(`quickjs: ${name}`, async () => {
      for (const [kind, tests] of Object.entries(withSlow ? { CASES, SCRIPT, EXPECT, EMPTY } : { EXPECT, EMPTY })) {
        if (kind === unseen) continue;
        // Most lies know nothing of `empty`, and fail for that.
        const result = await service().runTests({
          language: 'javascript',
          candidate: source,
          reference: HONEST,
          tests,
        });
        assert.is(result.mode, 'split');
        assert.is(result.forgeable, false);
        assert.is(result.status === 'pass', source === HONEST, `${kind}: ${result.status} (${result.detail})`);
      }
    });
  }
  const told = async (candidate: string, entry: string): Promise<string> => {
    const { status, detail } = await service().runTests({
      language: 'javascript',
      candidate: `${candidate}\nfunction told() { throw new Error(${entry}()); }`,
      tests: { type: 'cases', entry: 'told', cases: [{ args: [], expected: 1 }] },
      sandbox: { limits: { cpuMs: 200, wallMs: 10_000 } },
    });
    return `${status} ${detail}`;
  };
  for (const { name, leave, find } of JS_TRACES) {
    test(`quickjs: ${name}`, async () => {
      const alone = await told(find, 'find');
      assert.match(alone, /^fail_exception case 1: Error: ./);
      await told(leave, 'leave');
      assert.is(await told(find, 'find'), alone);
    });
  }
}
