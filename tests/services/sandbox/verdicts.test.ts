/** What a candidate, or the tests of another task, did to get or to spoil a verdict: each was once believed. */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CandidateTests, TestRun } from '#contract/sandbox.ts';
import { failureOf } from '#rig/failure-of.ts';
import { makeSandboxHub } from '#services/sandbox/sandbox-service.ts';

const hub = makeSandboxHub({ env: process.env, workers: 1 });
const service = hub.bind({ priority: [], signal: new AbortController().signal });
const GOOD = 'def f(x):\n    return x + 1\n';
const CASES: CandidateTests = { type: 'cases', entry: 'f', cases: [{ args: [1], expected: 2 }] };
const script = (text: string): CandidateTests => ({ type: 'script', entry: 'f', script: text });

test.after(() => hub.close());

const run = (over: Partial<TestRun>) =>
  service.runTests({ language: 'python', candidate: GOOD, tests: CASES, ...over });

/** Those that it started, oldest first. */
function childrenOf(parent: number): readonly number[] {
  const isChild = (pid: number) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .map(Number)
    .filter(isChild)
    .sort((a, b) => a - b);
}

function unit(): { readonly zygote: number; readonly candidate: number | undefined } {
  const keeper = childrenOf(process.pid).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('keeper'));
  const [guard = 0] = childrenOf(keeper ?? 0);
  const [broker = 0] = childrenOf(guard);
  const [zygote = 0] = childrenOf(broker);
  return { zygote, candidate: childrenOf(zygote)[0] };
}

test('a module is the one that the tests name, not what the candidate calls by its name', async () => {
  const tests = script('assert json.loads(f(1)) == {"a": 1}');
  const reference = 'import json\ndef f(x):\n    return json.dumps({"a": x})\n';
  const payload = `class Any:
    def __reduce__(self):
        return eval, ("__import__('unittest.mock').mock.ANY",)
`;
  const alias = `import pickle as json\n${payload}DATA = json.dumps(Any())\ndef f(x):\n    return DATA\n`;
  const named = `import pickle, types\n${payload}DATA = pickle.dumps(Any())\njson = types.ModuleType("pickle")\ndef f(x):\n    return DATA\n`;
  assert.is((await run({ candidate: reference, reference, tests })).status, 'pass');
  for (const candidate of [alias, named]) {
    const { status, forgeable } = await run({ candidate, reference, tests });
    assert.ok(status !== 'pass' || forgeable, `${status}, forgeable ${forgeable}`);
  }
});

test('tests that evaluate what they get say so in the label', async () => {
  const candidate = 'def f(x):\n    return "1 + 1"\n';
  const label = async (text: string) => {
    const { status, forgeable, forgeableBecause } = await run({ candidate, reference: candidate, tests: script(text) });
    return [status, forgeable, /evaluate/.test(forgeableBecause ?? '')];
  };
  assert.equal(await label('assert eval(f(1)) == 2'), ['pass', true, true]);
  assert.equal(await label('import pickle\nassert f(1) == "1 + 1"'), ['pass', true, true]);
  assert.equal(await label('assert list(map(eval, [f(1)])) == [2]'), ['pass', true, true]);
  assert.equal(await label('import re\nassert re.compile(".").match(f(1))'), ['pass', false, false]);
});

test('processor time is held to its limit while words drip in', async () => {
  const drip = `
import socket, struct, time, os, signal
s, n = socket.socket(fileno=3), 0
s.send(struct.pack('>I', 1000))
def tick(*_):
    global n
    s.send(b' ')
    n += 1
signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, .02, .02)
while time.process_time() < 1.5: pass
signal.setitimer(signal.ITIMER_REAL, 0)
print('hi', flush=True)
body = b'["loaded"]'
s.send(b' ' * (1000 - n - len(body)) + body)
os._exit(0)`;
  const tests: CandidateTests = { type: 'stdio', cases: [{ stdin: '', stdout: 'hi\n' }] };
  const { status, cpuMs } = await run({ candidate: drip, reference: 'print("hi")', tests });
  assert.is(status, 'timeout_cpu');
  assert.ok(cpuMs < 400, `${cpuMs} ms`);
});

test('the end of a program is its own end, not what it says of itself', async () => {
  const sandbox = { limits: { wallMs: 1500 } };
  const says =
    "import os, struct, time\nprint(2, flush=True)\nbody = b'[\"loaded\"]'\nos.write(3, struct.pack('>I', len(body)) + body)\n";
  const tests: CandidateTests = { type: 'stdio', cases: [{ stdin: '', stdout: '2\n' }] };
  const ends = async (more: string) =>
    (await run({ candidate: says + more, reference: 'print(2)', tests, sandbox })).status;
  assert.is(await ends('time.sleep(100)'), 'timeout_wall');
  assert.is(await ends('while True: pass'), 'timeout_cpu');
  assert.is(await ends('1 / 0'), 'forged');
});

test('threads and what is registered for the end of a program belong to its output', async () => {
  const candidate = `import atexit, threading, time
def late():
    time.sleep(.05)
    print('thread', flush=True)
threading.Thread(target=late).start()
atexit.register(lambda: print('end'))
`;
  const tests: CandidateTests = { type: 'stdio', cases: [{ stdin: '', stdout: 'thread\nend\n' }] };
  assert.is((await run({ candidate, tests })).status, 'pass');
});

test('words beside the stream, and orders that are not read, end at the limits', async () => {
  const sandbox = { limits: { wallMs: 1000 } };
  const beside = { mode: 'script', reference: GOOD, sandbox } as const;
  const outOfBand =
    'import socket, time\ns = socket.socket(fileno=3)\ntry:\n    s.send(b"x", socket.MSG_OOB)\nexcept OSError:\n    pass\ntime.sleep(1000)\n';
  assert.is((await run({ ...beside, candidate: outOfBand, tests: script('assert f(1) == 2') })).status, 'timeout_wall');
  const deaf = "import os, struct, time\nbody = b'[\"loaded\"]'\nos.write(3, struct.pack('>I', len(body)) + body)\n";
  const tests = script(`assert f(1) == 2\n#${'x'.repeat(1 << 20)}`);
  const spinning = await run({ ...beside, candidate: `${deaf}while True: pass`, tests });
  assert.is(spinning.status, 'timeout_cpu');
  assert.ok(spinning.cpuMs < 400, `${spinning.cpuMs} ms`);
  const sleeping = await run({ ...beside, candidate: `${deaf}time.sleep(100)`, tests });
  assert.is(sleeping.status, 'timeout_wall');
  assert.ok(sleeping.wallMs < 1500, `${sleeping.wallMs} ms`);
});

test('memory that others have left in a tester is not held against a candidate', async () => {
  const sandbox = { limits: { memoryBytes: 2 ** 27 } };
  for (let nth = 0; nth < 12; nth++) {
    const tests = script(`def g():\n    return ${nth}\ndata = [${nth}] * 10_000_000\nassert f(1) == 2`);
    const { status, detail } = await run({ tests, sandbox });
    assert.is(status, 'pass', `task ${nth}: ${detail}`);
  }
  const filling = `import json, os, struct
def f(x):
    for _ in range(1):
        name = os.urandom(8).hex() + 'a' * 8_000_000 + 'U0001f600'
        body = json.dumps(['x', 'E', [name, 'Exception'], 't'], ensure_ascii=False).encode()
        os.write(3, struct.pack('>I', len(body)))
        while body: body = body[os.write(3, body):]
    os._exit(0)
`;
  for (let nth = 0; nth < 8; nth++) await run({ candidate: filling });
  assert.is((await run({ tests: script('assert f(1) == 2 and len("x" * 60_000_000) > 1') })).status, 'pass');
});

test('nothing that computes lingers: no finalizers, no attributes of classes, no values to be found', async () => {
  const sandbox = { limits: { wallMs: 3000 } };
  const finalizer = 'left = type("X", (), {"__del__": lambda self: [0 for _ in iter(int, 1)]})()\nassert f(1) == 2';
  await run({ tests: script(finalizer), sandbox });
  const pairs = script('pairs = [[n, n + 1] for n in range(100000)]\nfor a, b in pairs[:3]:\n    assert f(a) == b');
  assert.is((await run({ tests: pairs, sandbox })).status, 'pass');
  const candidate = 'def f(x):\n    return object()\n';
  const aliased = 'G = type(list[int])\nG(type(f(1)), ("data of another",))()\nassert f(1)';
  await run({ candidate, tests: script(aliased) });
  const looks = script('assert not hasattr(type(f(1)), "__orig_class__")');
  assert.is((await run({ candidate, tests: looks })).status, 'pass');
  assert.is((await run({ tests: script('secret = ["expected of A", 4242]\nassert f(1) == 2') })).status, 'pass');
  const searching = script(
    'import gc\nassert f(1) == 2\nassert not [x for x in gc.get_objects() if type(x) is list and x[:1] == ["expected" + " of A"]]',
  );
  assert.is((await run({ tests: searching })).status, 'pass');
});

test('types that are compared go nowhere, and scripts with them share a tester', async () => {
  const first = script('assert type(f(1)) is int and isinstance(f(2), int)');
  assert.is((await run({ tests: first })).status, 'pass');
  const before = childrenOf(process.pid).length;
  assert.is(
    (await run({ tests: script('try:\n    f("x")\nexcept TypeError as e:\n    assert "str" in str(e)') })).status,
    'pass',
  );
  assert.is(childrenOf(process.pid).length, before);
});

test('a verdict does not hang on what ran before', async () => {
  const candidate = 'import sys\nhas = "unittest" in sys.modules\ndef f(x):\n    return has\n';
  const tests: CandidateTests = { type: 'cases', entry: 'f', cases: [{ args: [1], expected: false }] };
  assert.is((await run({ candidate, tests })).status, 'pass');
  const unittest = script(
    'import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(f(1), 2)\n',
  );
  assert.is((await run({ tests: unittest, mode: 'script' })).status, 'pass');
  assert.is((await run({ candidate, tests })).status, 'pass');
});

test('a kill from outside is no label, however long it ran', async () => {
  const sandbox = { limits: { wallMs: 20_000 } };
  const busy = `import time\nwhile time.process_time() < 1.8: pass\n${GOOD}`;
  const failure = failureOf(run({ candidate: busy, sandbox }));
  for (const _ of [1, 2]) {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    process.kill(unit().candidate ?? 0, 'SIGKILL');
  }
  assert.is((await failure).code, 'sandbox-out-of-memory');
});

test('a zygote is of use again after a fork that failed', async () => {
  assert.is((await run({})).status, 'pass');
  const { zygote } = unit();
  const limit = (processes: string) => execFileSync('prlimit', ['--pid', String(zygote), `--nproc=${processes}:`]);
  limit('1');
  const { code } = await failureOf(run({}));
  limit('4096');
  assert.match(code, /^sandbox-/);
  assert.is((await run({})).status, 'pass');
  assert.is(unit().zygote, zygote);
});

test('what a candidate or its tests say wrongly is a label or a failure by its own name', async () => {
  const early =
    'import os, struct\nbody = b\'["vacuous","x"]\'\nos.write(3, struct.pack(\'>I\', len(body)) + body)\nos._exit(0)\n';
  assert.is((await run({ candidate: early, mode: 'script', tests: script('assert f(1) == 2') })).status, 'forged');
  const stdio: CandidateTests = { type: 'stdio', cases: [{ stdin: '\ud800', stdout: '' }] };
  assert.is((await failureOf(run({ tests: stdio }))).code, 'sandbox-tests-invalid');
  const silent = 'class Odd(Exception):\n    def __str__(self): return 1\nassert f(1) == 2\nraise Odd()';
  assert.is((await run({ tests: script(silent), reference: GOOD, mode: 'split' })).status, 'reference_invalid');
  assert.is((await run({ tests: script(silent) })).status, 'fail_exception');
  for (const path of ['../x', '/x', 'a\0b', 'a/../../x'])
    assert.is((await failureOf(run({ files: { [path]: 'x' } }))).code, 'sandbox-tests-invalid');
  const caught = script('try:\n    f("x")\nexcept TypeError as e:\n    assert "str" in str(e)');
  const own = await run({ candidate: `from math import e\n${GOOD}`, tests: caught });
  assert.equal([own.status, own.forgeable], ['pass', false]);
});

test('an end of an iteration is none where it is not asked for', async () => {
  const candidate = 'def f(x):\n    raise StopIteration\n';
  const scripts = [
    'assert all(map(lambda t: f(t[0]) == t[1], [(1, 2)]))',
    'for got, want in zip(map(f, [1, 5]), [2, 6]): assert got == want',
  ];
  const sets: readonly CandidateTests[] = [
    ...scripts.map(script),
    { type: 'cases', entry: 'f', cases: [{ args: [1], expected: null }] },
  ];
  for (const tests of sets) assert.is((await run({ candidate, tests })).status, 'fail_exception');
  const throws: CandidateTests = { type: 'cases', entry: 'f', cases: [{ args: [1], throws: 'StopIteration' }] };
  assert.is((await run({ candidate, tests: throws })).status, 'pass');
});

test('what tests leave behind is not met by the same tests again', async () => {
  const tests = script(
    'import os\nif not os.path.exists("expected"):\n    open("expected", "w").write(str(f(1)))\nassert f(1) == int(open("expected").read())\nos.mkdir("d")',
  );
  for (let nth = 0; nth < 3; nth++) assert.is((await run({ tests })).status, 'pass');
});

test('a candidate and its tests cannot take a tester down or hide an end', async () => {
  const odd = `class Odd:\n    @property\n    def __class__(self): raise KeyError("x")\nmath = Odd()\n${GOOD}`;
  const uses = script('assert f(1) == 2 and math.sqrt(4) == 2');
  assert.is((await run({ candidate: odd, tests: uses })).status, 'fail_exception');
  const raises = script('if f(1) != 2: raise KeyboardInterrupt');
  assert.is((await run({ candidate: 'def f(x): return 1', tests: raises })).status, 'fail_exception');
  const limit = `import resource\ntry:\n    resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nexcept (ValueError, OSError):\n    pass\nprint(resource.getrlimit(resource.RLIMIT_CPU)[0] > 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0)\n`;
  const told: CandidateTests = { type: 'stdio', cases: [{ stdin: '', stdout: 'True True\n' }] };
  assert.is((await run({ candidate: limit, tests: told })).status, 'pass');
  const two: CandidateTests = { type: 'stdio', cases: [{ stdin: '', stdout: '2\n' }] };
  const ends = async (source: string) => (await run({ candidate: source, tests: two })).status;
  assert.is(await ends('import os\nprint(2)\nos.close(3)\n1 / 0'), 'fail_exception');
  assert.is(await ends('import os, sys\nprint(2, flush=True)\nos.closerange(3, 50)\nsys.exit(3)'), 'fail_exception');
  const expected = JSON.parse('['.repeat(3000) + ']'.repeat(3000));
  const deep: CandidateTests = { type: 'cases', entry: 'f', cases: [{ args: [1], expected }] };
  assert.is((await failureOf(run({ tests: deep }))).code, 'sandbox-tests-invalid');
  assert.is((await run({})).status, 'pass');
});

test('honest programs end as they do elsewhere', async () => {
  const two: CandidateTests = { type: 'stdio', cases: [{ stdin: '', stdout: '2\n' }] };
  const programs = [
    'import os\nif os.fork():\n    os.wait()\n    print(2)\nelse:\n    import sys\n    sys.stdout = None',
    'import atexit\natexit.register(lambda: 1 / 0)\nprint(2)',
    'import sys\nprint("dbg", file=sys.stderr)\nprint(2)',
    'import sys\nprint(2)\nsys.stdout.close()',
    'import sys\nprint(2)\nsys.exit(False)',
    'print(2)\nexit()',
  ];
  for (const candidate of programs) assert.is((await run({ candidate, tests: two })).status, 'pass', candidate);
});

test('tests may call from threads of their own', async () => {
  const tests = script(
    'from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as pool:\n    assert list(pool.map(f, range(200))) == list(range(1, 201))',
  );
  const { status, mode } = await run({ reference: GOOD, tests });
  assert.equal([status, mode], ['pass', 'split']);
});

test.run();
