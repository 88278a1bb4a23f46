/** What a run of a candidate comes to: statuses, modes, seeds, infrastructure, and that nothing is left behind. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CandidateTests, TestRun } from '#contract/sandbox.ts';
import { failureOf } from '#rig/failure-of.ts';
import { makeSandboxHub } from '#services/sandbox/sandbox-service.ts';

const hub = makeSandboxHub({ env: process.env, workers: 1 });
const service = hub.bind({ priority: [], signal: new AbortController().signal });
const INCREMENT = 'def f(x):\n    return x + 1\n';
const CASES: CandidateTests = { type: 'cases', entry: 'f', cases: [{ args: [1], expected: 2 }] };

test.after(() => hub.close());

const run = (over: Partial<TestRun>) =>
  service.runTests({ language: 'python', candidate: INCREMENT, tests: CASES, ...over });

/** Processes below this one, or another. */
function below(root = process.pid): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      parents.set(Number(name), Number(parent));
    } catch {
      // It ended meanwhile.
    }
  }
  const isBelow = (pid: number): boolean => pid === root || (pid > 1 && isBelow(parents.get(pid) ?? 0));
  return [...parents.keys()].filter((pid) => pid !== root && isBelow(pid));
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended before.
    }
  }
}

async function becomesTrue(isTrue: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 300; tries++) {
    if (isTrue()) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

test('values of every sort cross over by exact type', async () => {
  const literal = (text: string) => ({ $literal: text });
  const values = [
    '(1, 2)',
    '{1, 2}',
    "b'x'",
    '1j',
    '{(1, 2): None}',
    'nan',
    '123456789012345678901234567890',
    "{'a': [True, 1.5]}",
  ];
  const result = await run({
    candidate: 'def f(x):\n    return x',
    tests: {
      type: 'cases',
      entry: 'f',
      cases: values.map((text) => ({ args: [literal(text)], expected: literal(text) })),
    },
  });
  assert.equal([result.status, result.passed], ['pass', values.length]);
  const pairs = [
    [1, literal('1.0')],
    [literal('True'), 1],
    [literal('(1,)'), [1]],
    [literal("'1'"), 1],
    [null, literal('False')],
  ] as const;
  const wrong = await run({
    candidate: 'def f(x):\n    return x',
    tests: { type: 'cases', entry: 'f', cases: pairs.map(([given, expected]) => ({ args: [given], expected })) },
  });
  assert.equal([wrong.status, wrong.passed, wrong.total], ['fail_assert', 0, pairs.length]);
});

test('exceptions, generators, tolerance, callables', async () => {
  const candidate = `
def f(x):
    if x == 'raise':
        raise KeyError('x')
    if x == 'iterate':
        return (n for n in [1, 2])
    if x == 'call':
        return lambda y: y + 1
    return 0.1 + 0.2
`;
  const cases = [
    { args: ['raise'], throws: 'KeyError' },
    { args: [1], expected: 0.3, tolerance: 1e-9 },
  ];
  assert.is((await run({ candidate, tests: { type: 'cases', entry: 'f', cases } })).status, 'pass');
  const script =
    "assert list(f('iterate')) == [1, 2]\nassert f('call')(2) == 3\ntry:\n    f('raise')\n    assert False\nexcept KeyError:\n    pass";
  const result = await run({ candidate, tests: { type: 'script', entry: 'f', script } });
  assert.equal([result.status, result.mode, result.forgeable], ['pass', 'split', false]);
});

test('the reference decides mode, limit and validity; the candidate does not', async () => {
  const inPlace: CandidateTests = { type: 'script', entry: 'f', script: 'a = [2, 1]\nf(a)\nassert a == [1, 2]' };
  const beside = await run({ candidate: 'def f(a):\n    a.sort()', reference: 'def f(a): a.sort()', tests: inPlace });
  assert.equal([beside.status, beside.mode, beside.forgeable], ['pass', 'script', true]);
  const helper: CandidateTests = { type: 'script', entry: 'f', script: 'assert f(1) == help(1)' };
  const both = 'def help(x):\n    return x + 1\ndef f(x):\n    return x + 1';
  const taken = await run({ candidate: both, reference: both, tests: helper });
  assert.is(taken.status, 'pass');
  assert.match(taken.forgeableBecause ?? '', 'help');
  const given = await run({ reference: both, tests: { ...helper, setup: 'def help(x):\n    return x + 1' } });
  assert.equal([given.status, given.forgeable], ['pass', false]);
  // A prompt as setup: its empty entry does not stand in for the candidate's.
  const prompt = 'def help(x):\n    return x + 1\ndef f(x):\n    "adds one"\n';
  assert.is((await run({ reference: both, tests: { ...helper, setup: prompt } })).status, 'pass');
  const invalid = await run({ reference: 'def f(x): return 7' });
  assert.is(invalid.status, 'reference_invalid');
  assert.ok((await run({ reference: INCREMENT })).cpuLimitMs >= 100);
  assert.ok((await run({ reference: INCREMENT })).cpuLimitMs < 1000);
});

test('what depends on hash seeds, chance or addresses shows in two runs', async () => {
  const seeds = [0, 1];
  const hashed = 'def f(x):\n    return hash("a") % 2 if x else list({"a", "b", "c", "d"})';
  const cases = [{ args: [0], expected: ['a', 'b', 'c', 'd'] }];
  assert.is(
    (await run({ candidate: hashed, tests: { type: 'cases', entry: 'f', cases }, hashSeeds: [0, 1] })).isStable,
    false,
  );
  const told = await run({ candidate: 'def f(x):\n    raise ValueError(hash("a") % 1000003)' });
  const hash = /ValueError: (\d+)/.exec(told.detail)?.[1];
  const candidate = `def f(x):\n    return 2 if hash("a") % 1000003 == ${hash} else 3`;
  assert.is((await run({ candidate })).status, 'pass');
  assert.is((await run({ candidate, hashSeeds: seeds })).status, 'nondeterministic');
  assert.is(
    (await run({ candidate: 'import random\ndef f(x):\n    return random.random()', hashSeeds: seeds })).isStable,
    false,
  );
  assert.is((await run({ hashSeeds: seeds })).isStable, true);
});

test('programs of standard input and output', async () => {
  const cases = [
    { stdin: '1 2\n', stdout: '3\n' },
    { stdin: '5 5', stdout: '10' },
  ];
  const tests: CandidateTests = { type: 'stdio', cases };
  const good = 'print(sum(map(int, input().split())))';
  const result = await run({ candidate: good, tests });
  assert.equal([result.status, result.passed, result.forgeable], ['pass', 2, false]);
  assert.is((await run({ candidate: 'print(3)', tests })).passed, 1);
  assert.is((await run({ candidate: `${good}\nimport sys; sys.exit(3)`, tests })).status, 'fail_exception');
  assert.is((await run({ candidate: 'print(', tests })).status, 'syntax_error');
  assert.is((await run({ candidate: 'while True: pass', tests, reference: good })).status, 'timeout_cpu');
});

test('a candidate that stalls in the middle of its words ends at its wall limit', async () => {
  const candidate = 'import os, time\nos.write(3, b"\\0\\0\\1\\0[")\ntime.sleep(60)\n';
  const sandbox = { limits: { wallMs: 300 } };
  const script: CandidateTests = { type: 'script', entry: 'f', script: 'assert f(1) == 2' };
  const stdio: CandidateTests = { type: 'stdio', cases: [{ stdin: '', stdout: '' }] };
  assert.is((await run({ candidate, tests: script, mode: 'script', sandbox })).status, 'timeout_wall');
  assert.is((await run({ candidate, tests: stdio, sandbox })).status, 'timeout_wall');
  assert.is((await run({ candidate, sandbox })).status, 'timeout_wall');
  assert.is((await run({ sandbox })).status, 'pass');
});

test('tests that cannot run are told as such, not as labels', async () => {
  const codes = await Promise.all(
    ['def (', 'x = 1', 'assert 1 == 1'].map(
      async (script) => (await failureOf(run({ tests: { type: 'script', entry: 'f', script } }))).code,
    ),
  );
  assert.equal(codes, ['sandbox-tests-invalid', 'sandbox-tests-invalid', 'sandbox-tests-invalid']);
});

const WITNESS = `import builtins, math, os, random, sys
assert f(1) == 2 and len([1, 2]) == 2 and sorted([2, 1]) == [1, 2] and math.sqrt(4) == 2
assert not hasattr(builtins, 'left') and not hasattr(math, 'left') and 'left' not in sys.modules
assert os.listdir('.') == [] and sys.getrecursionlimit() == 1000 and random.random() == 0.8444218515250481`;
const LEAVING = [
  'import builtins\nbuiltins.left = 1',
  'import builtins\nbuiltins.len = lambda x: 7',
  'from math import *\nimport math\nmath.sqrt = math.left = f',
  "import sys\nsys.modules['left'] = sys\nsys.setrecursionlimit(70)",
  "__builtins__['left'] = 1",
  'def g(): pass\ng.__globals__["__builtins__"]["left"] = 1',
  'f.__globals__["values"].same = f.__globals__["wire"].encode = lambda *a: True',
  'f.__closure__[0].cell_contents.calls = 7\ntype(f.__closure__[0].cell_contents).call = lambda *a: 2',
  'getattr(f, "__globals__")["random"] = vars()["__builtins__"]["left"] = 1',
  'exec("import builtins; builtins.left = 1")',
  'f"{exec(\'import builtins; builtins.left = 1\')}"',
  '@exec\ndef g(): pass',
  '@(lambda g: [c for c in ().__class__.__base__.__subclasses__()])\ndef g(): pass',
  'class g:\n    import builtins\n    builtins.left = 1',
  'open("left", "w").write("x")',
  'g = (x for x in [1])\ng.gi_frame.f_back.f_globals["__builtins__"]["left"] = 1',
  'try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    error.__traceback__.tb_frame.f_builtins["left"] = 1',
  'for f.left in [1]: pass\nf.__code__ = (lambda x: 2).__code__',
  'def __getattr__(name): return 1\n__import__("builtins").left = 1',
  'import random\nrandom.random = lambda: 4\nrandom.seed(7)',
];

test('tests leave nothing for the tests of another task', async () => {
  for (const script of LEAVING) {
    // It may fail, or take its tester down; what it did is done all the same.
    await run({ tests: { type: 'script', entry: 'f', script: `assert f(1) == 2\n${script}` } }).catch(() => null);
    const next = await run({ tests: { type: 'script', entry: 'f', script: WITNESS } });
    assert.is(next.status, 'pass', `${script}: ${next.detail}`);
  }
});

test('tests that only compute are run one after another in the same process', async () => {
  const script = (text: string): CandidateTests => ({ type: 'script', entry: 'f', script: text });
  const processes = async (tests: CandidateTests) => {
    assert.is((await run({ tests })).status, 'pass');
    return below().sort().join();
  };
  const first = await processes(script('def check(candidate):\n    assert candidate(1) == 2, "Text".lower()'));
  assert.is(await processes(CASES), first);
  assert.is(await processes(script('for x in range(3): assert f(x) == x + 1')), first);
  assert.is(await processes(script('import math\nassert f(math.floor(1.5)) == 2')), first);
  assert.is.not(await processes(script('import re\nassert f(1) == 2')), first);
  assert.is.not(await processes(CASES), first);
});

test('bytecode tells layout from meaning', async () => {
  const sources = ['x = 1 + y', 'x   = 1+y # same', 'x = 2 + y', 'x ='];
  const told = await service.bytecode(sources);
  const [a, b, c, broken] = told;
  assert.is(a, b);
  assert.is.not(a, c);
  assert.is(broken, null);
  // Also where nothing better serves: mutants are made the same.
  const [d, e, f, other] = await service.bytecode(sources, { backend: 'process' });
  assert.equal([d === e, d === f, other], [true, false, null]);
});

test('answers that no test can use are failures of the candidate, and no trouble', async () => {
  const swallow: CandidateTests = {
    type: 'script',
    entry: 'f',
    script: 'all = []\nfor n in range(9):\n    all += f(n)',
  };
  const answers = [
    ['raise ExceptionGroup("x", [ValueError(1)])', 'fail_exception'],
    ['import decimal; return decimal.Decimal("sNaN")', 'fail_assert'],
    ['import decimal; return {decimal.Decimal("1"): decimal.Decimal("sNaN")}', 'fail_assert'],
    ['return [[], [[]]] * 10', 'fail_assert'],
  ] as const;
  for (const [body, status] of answers) {
    const result = await run({ candidate: `def f(x):\n    ${body}` });
    assert.is(result.status, status, `${body}: ${result.detail}`);
  }
  // Ranges cost nothing to send and everything to unfold.
  const flood = 'def f(x):\n    return range(10 ** 9)';
  const filled = await run({ candidate: flood, reference: 'def f(x):\n    return [x]', tests: swallow });
  assert.ok(['memory', 'timeout_wall'].includes(filled.status), `${filled.status}: ${filled.detail}`);
});

test('a killed unit is replaced, and its run is tried again', async () => {
  await run({});
  const units = below();
  assert.ok(units.length > 3);
  const slow = run({ candidate: 'import time\ndef f(x):\n    time.sleep(.3)\n    return x + 1' });
  const isCandidate = () => below().some((pid) => !units.includes(pid));
  assert.ok(await becomesTrue(isCandidate));
  killAll(below().filter((each) => !units.includes(each)));
  assert.is((await slow).status, 'pass');
  const [, ...inner] = below();
  killAll(inner);
  assert.is((await run({})).status, 'pass');
});

test('what always breaks is a failure by name, never a label', async () => {
  await run({});
  const warm = below();
  const slow = failureOf(run({ candidate: 'import time\ndef f(x):\n    time.sleep(5)\n    return x + 1' }));
  const killer = setInterval(() => killAll(below().filter((pid) => !warm.includes(pid))), 5);
  const failure = await slow.finally(() => clearInterval(killer));
  assert.is(failure.scope, 'infrastructure');
  assert.match(failure.code, /^sandbox-(died|out-of-memory)$/);
  assert.is((await run({})).status, 'pass');
});

test('files that do not fit the scratch are a failure that says so', async () => {
  const files = { 'data/big.txt': 'x'.repeat(100_000) };
  for (const limits of [{ scratchBytes: 65_536 }, { scratchFiles: 1 }, { fileBytes: 1000 }]) {
    const failure = await failureOf(run({ files, sandbox: { limits } }));
    assert.is(failure.code, 'sandbox-full');
    assert.match(failure.message, /No space left|File too large/);
    assert.match(failure.hint ?? '', 'scratchFiles');
  }
});

test('a stop ends the run at once', async () => {
  const stop = new AbortController();
  const bound = hub.bind({ priority: [], signal: stop.signal });
  const slow = bound.runTests({
    language: 'python',
    candidate: 'import time\ndef f(x):\n    time.sleep(60)',
    tests: CASES,
  });
  setImmediate(() => stop.abort());
  assert.is((await failureOf(slow)).code, 'stopped');
  assert.is((await run({})).status, 'pass');
});

test('an unknown backend for a language, and a weak one under strict, are refused by name', async () => {
  assert.is((await failureOf(run({ sandbox: { backend: 'quickjs' } }))).code, 'sandbox-unavailable');
  assert.is((await failureOf(run({ sandbox: { backend: 'process', strict: true } }))).code, 'sandbox-weak');
  const weak = await run({ sandbox: { backend: 'process' } });
  assert.equal([weak.status, weak.served.strength], ['pass', 'weak']);
});

test('closing leaves no process', async () => {
  const other = makeSandboxHub({ env: process.env, workers: 1 });
  const before = below();
  const bound = other.bind({ priority: [], signal: new AbortController().signal });
  await bound.runTests({ language: 'python', candidate: INCREMENT, tests: CASES });
  assert.ok(below().length > before.length);
  await other.close();
  assert.ok(await becomesTrue(() => below().length <= before.length));
});

test('nothing outlives a runner that is killed: no process, no mount, no folder', async () => {
  const mounts = readFileSync('/proc/mounts', 'utf8');
  const main = fileURLToPath(new URL('../../rig/sandbox-main.ts', import.meta.url));
  const runner = spawn(process.execPath, ['--conditions=development', '--import', 'tsx', main], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(runner.stdout, 'data');
  const { pid = 0 } = runner;
  const warm = below(pid).length;
  runner.stdin.write('go\n');
  assert.ok(await becomesTrue(() => below(pid).length >= warm + 2), 'the candidate and its child run');
  const all = below(pid);
  runner.kill('SIGKILL');
  assert.ok(await becomesTrue(() => all.every((each) => !existsSync(`/proc/${each}`))));
  assert.is(readFileSync('/proc/mounts', 'utf8'), mounts);
});

test.run();
