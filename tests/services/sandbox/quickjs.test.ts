/** JavaScript candidates: what they may be written like, what they come to, and that their lies do not pass. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CandidateTests, TestRun } from '#contract/sandbox.ts';
import { makeSandboxHub } from '#services/sandbox/sandbox-service.ts';

const hub = makeSandboxHub({ env: process.env, workers: 1 });
const service = hub.bind({ priority: [], signal: new AbortController().signal });

test.after(() => hub.close());

const HONEST = 'const sum = (n, items) => items.reduce((a, b) => a + b, n);';
const CASES: CandidateTests = {
  type: 'cases',
  entry: 'sum',
  cases: [
    { args: [271828, [1, 2]], expected: 271831 },
    { args: [0, []], expected: 0 },
  ],
};
const SCRIPT: CandidateTests = {
  type: 'script',
  entry: 'sum',
  script: `const { sum: same } = require('./solution');
const items = [1, 2];
assert.strictEqual(sum(271828, items), 271831);
assert.deepStrictEqual(items, [1, 2]);
test('empty', () => expect(same(5, [])).toBe(5));
assert.throws(() => sum(1, null), TypeError);`,
};

const run = (candidate: string, tests: CandidateTests, over: Partial<TestRun> = {}) =>
  service.runTests({ language: 'javascript', candidate, tests, reference: HONEST, ...over });

test('every common form of a solution is met', async () => {
  const forms = [
    HONEST,
    'export function sum(n, items) { let t = n; for (const x of items) t += x; return t; }',
    'module.exports = { sum: (n, items) => items.reduce((a, b) => a + b, n) };',
    'module.exports = (n, items) => items.reduce((a, b) => a + b, n);',
    'async function sum(n, items) { await null; return items.reduce((a, b) => a + b, n); }',
  ];
  for (const form of forms) {
    for (const tests of [CASES, SCRIPT]) {
      const { status, detail, forgeable } = await run(form, tests);
      assert.equal([status, forgeable], ['pass', false], `${form}: ${detail}`);
    }
  }
});

test('values cross over by sort: undefined, NaN, -0, bigint, Map, Set, Date', async () => {
  const literals = [
    'undefined',
    'NaN',
    '-0',
    '12345678901234567890n',
    'new Map([[1, {a: [2]}]])',
    'new Set(["x"])',
    'new Date(5)',
  ];
  const cases = literals.map((text) => ({ args: [{ $literal: text }], expected: { $literal: text } }));
  const { status, passed } = await run(
    'const f = (x) => x;',
    { type: 'cases', entry: 'f', cases },
    { reference: 'const f = (x) => x;' },
  );
  assert.equal([status, passed], ['pass', literals.length]);
});

test('what a candidate comes to is told', async () => {
  const ends = {
    'function sum() { while (true) {} }': 'timeout_cpu',
    'while (true) {}': 'timeout_cpu',
    'function sum() { return sum(); }': 'fail_exception',
    'function sum() { const hoard = []; while (true) hoard.push(new Uint8Array(1 << 20)); }': 'memory',
    'function sum() { while (true) console.log("x".repeat(100_000)); }': 'output_limit',
    'function sum( {': 'syntax_error',
    'function sum() { throw { name: "AssertionError" }; }': 'fail_exception',
    'function sum() { return process.exit(0); }': 'fail_exception',
    'const other = 1;': 'fail_exception',
  };
  for (const [candidate, status] of Object.entries(ends))
    assert.is((await run(candidate, CASES)).status, status, candidate);
});

test('lies do not pass', async () => {
  const lies = [
    'function sum() { return { valueOf() { return 271831; }, toString() { return "271831"; }, [Symbol.toPrimitive]() { return 271831; } }; }',
    'function sum() { return new Number(271831); }',
    'function sum() { return new Proxy({}, { get: () => 271831 }); }',
    'JSON.stringify = () => \'["v",271831]\'; JSON.parse = () => ["v", 271831]; Array.isArray = () => true; Object.is = () => true; function sum() { return 271831; }',
    'globalThis.assert = () => true; globalThis.expect = () => ({ toBe() {} }); function sum() { return 1; }',
    'Object.prototype.status = "pass"; function sum() { return this.constructor.constructor("return 1")(); }',
    'function sum(n, items) { let total = n; while (items.length) total += items.pop(); return String(total); }',
    'function sum() { const error = new Error("x"); error.name = "AssertionError"; throw error; }',
    'class E extends Error { get message() { throw 1; } } function sum() { throw new E(); }',
    'function sum() { return sum.caller ?? arguments.callee ?? new Error().stack; }',
  ];
  for (const lie of lies)
    for (const tests of [CASES, SCRIPT]) assert.is.not((await run(lie, tests)).status, 'pass', lie);
});

test('clock and chance stand still, and differ from seed to seed', async () => {
  const candidate = 'const f = () => [Math.random(), Date.now(), new Date().getTime()].join();';
  const tests: CandidateTests = { type: 'script', entry: 'f', script: 'assert.strictEqual(typeof f(), "string")' };
  const of = async (...hashSeeds: number[]) =>
    service.runTests({ language: 'javascript', candidate, tests, hashSeeds });
  assert.is((await of(0)).behaviour, (await of(0)).behaviour);
  assert.is((await of(0, 1)).isStable, false);
});

test('programs of standard input and output', async () => {
  const candidate = 'const [a, b] = require("fs").readFileSync(0, "utf8").split(" ").map(Number);\nconsole.log(a + b);';
  const tests: CandidateTests = { type: 'stdio', cases: [{ stdin: '1 2', stdout: '3' }] };
  const { status, forgeable } = await service.runTests({ language: 'javascript', candidate, tests });
  assert.equal([status, forgeable], ['pass', false]);
});

test.run();
