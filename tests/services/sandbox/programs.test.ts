/** Programs in the sandbox: walls, mounts, what is opened, the stop hint, the deadline, and the files that come back. */

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ProgramRun } from '#contract/sandbox.ts';
import { makeSandboxHub } from '#services/sandbox/sandbox-service.ts';

const hub = makeSandboxHub({ env: process.env });
const service = hub.bind({ priority: [], signal: new AbortController().signal });
const data = mkdtempSync(join(tmpdir(), 'sluice-data-'));
mkdirSync(join(data, 'deep'));
writeFileSync(join(data, 'deep/train.csv'), '1,2\n');
writeFileSync(join(data, 'unused.csv'), '3,4\n');
// Sandboxes of root run as nobody.
chmodSync(data, 0o755);

test.after(async () => {
  await hub.close();
  rmSync(data, { recursive: true });
});

const python = (script: string, over: Partial<ProgramRun> = {}, beside: readonly string[] = []) =>
  service.runProgram({
    argv: ['python3', 'main.py'],
    files: { 'main.py': script, ...Object.fromEntries(beside.map((path) => [path, 'as it was'])) },
    deadlineMs: 20_000,
    ...over,
  });

test('output, exit code and new files come back; what was laid in and not changed does not', async () => {
  const made = await python(
    `import os, sys
os.makedirs('results'); open('results/a.json', 'w').write('{}'); open('b.bin', 'wb').write(b'\\0\\1')
open('input.txt', 'a').write('!'); os.symlink('/etc', 'link')
print('out'); print('err', file=sys.stderr); sys.exit(3)`,
    {},
    ['input.txt', 'kept.txt'],
  );
  assert.equal([made.ended, made.code, made.stdout, made.stderr], ['exit', 3, 'out\n', 'err\n']);
  assert.equal(
    made.files.map(({ path, change }) => [path, change]),
    [
      ['b.bin', 'new'],
      ['input.txt', 'changed'],
      ['results/a.json', 'new'],
    ],
  );
  assert.equal([...(made.files[0]?.bytes ?? [])], [0, 1]);
  assert.equal(made.left, [{ path: 'link', reason: 'not-a-file' }]);
});

test('patterns say what comes back', async () => {
  const script =
    "import os\nos.makedirs('a/b')\nfor p in ('x.json', 'a/x.json', 'a/b/x.json', 'a/x.txt'):\n    open(p, 'w').write('1')";
  const paths = async (...globs: string[]) =>
    (await python(script, { collect: { globs } })).files.map(({ path }) => path);
  assert.equal(await paths('*.json'), ['x.json']);
  assert.equal(await paths('**/x.{json,txt}'), ['a/b/x.json', 'a/x.json', 'a/x.txt', 'x.json']);
});

test('mounts are read-only at their place, and what is opened of them is seen', async () => {
  const mounts = [{ source: data, target: '/opt/datasets' }];
  const result = await python(
    `print(open('/opt/datasets/deep/train.csv').read())
try:
    open('/opt/datasets/new', 'w')
except OSError as error:
    print('refused')`,
    { mounts },
  );
  assert.equal([result.stdout, result.opened], ['1,2\n\nrefused\n', ['/opt/datasets/deep/train.csv']]);
  assert.equal(
    (await python("import os\nos.listdir('/opt/datasets')\nos.stat('/opt/datasets/unused.csv')", { mounts })).opened,
    [],
  );
});

test('what the sandbox may not read is told, and not taken for missing data', async () => {
  if (process.getuid?.() !== 0) return console.log('skip: only for root is the sandbox another user');
  chmodSync(join(data, 'deep'), 0o700);
  const mounts = [{ source: data, target: '/opt/datasets' }];
  const error: unknown = await python('1', { mounts }).catch((thrown: unknown) => thrown);
  chmodSync(join(data, 'deep'), 0o755);
  assert.is((error as { code?: string }).code, 'sandbox-mount-unreadable');
});

test('the host is out of reach: files, network, environment, processes', async () => {
  process.env['SLUICE_TEST_SECRET'] = 'hunter2';
  const result = await python(`
import os, socket
found = []
for path in ('/etc/passwd', '/home', ${JSON.stringify(data)}, '/root/.bashrc', '/var/log'):
    if os.path.exists(path): found.append(path)
try:
    socket.create_connection(('127.0.0.1', 22), 1); found.append('network')
except OSError as error:
    pass
found += [name for name in os.environ if 'SLUICE' in name]
for pid in filter(str.isdigit, os.listdir('/proc')):
    try:
        if b'hunter2' in open('/proc/%s/environ' % pid, 'rb').read(): found.append(pid)
    except OSError:
        pass
print(found, os.getuid())`);
  assert.is(result.stdout, '[] 1000\n');
});

test('the stop hint comes first, the deadline ends everything that was started', async () => {
  const hinted = await python(
    `import os, signal, sys, time
def stop(*_):
    print('stopped', os.path.exists('STOP')); sys.exit(0)
signal.signal(signal.SIGTERM, stop)
time.sleep(60)`,
    { stopHint: { afterMs: 300, file: 'STOP' } },
  );
  assert.equal([hinted.ended, hinted.stdout, hinted.files.length], ['exit', 'stopped True\n', 0]);
  const late = await python(
    `import os, time
open('partial.json', 'w').write('1')
if os.fork() == 0:
    os.setsid()
    time.sleep(60)
time.sleep(60)`,
    { deadlineMs: 400 },
  );
  assert.equal([late.ended, late.files.map(({ path }) => path)], ['deadline', ['partial.json']]);
});

test('floods, bombs and full folders end by name', async () => {
  const limits = { outputBytes: 1 << 20, scratchBytes: 1 << 20, processes: 64 };
  const flood = await service.runProgram({ argv: ['yes'], files: {}, deadlineMs: 20_000, sandbox: { limits } });
  assert.equal([flood.ended, flood.stdoutBytes], ['output_limit', 1 << 20]);
  const full = await python("open('f', 'wb').write(b'x' * (8 << 20))", { sandbox: { limits }, collect: { globs: [] } });
  assert.is(full.ended, 'scratch_full');
  const bomb = await python('import os\nwhile True:\n    os.fork()', { sandbox: { limits } });
  assert.is(bomb.ended, 'exit');
  const escaping = await python(
    'import ctypes\nctypes.CDLL(None).syscall(ctypes.c_long(101 if __import__("platform").machine() == "x86_64" else 117), 16, 1, 0, 0)',
  );
  assert.is(escaping.ended, 'policy_violation');
  const missing = await service.runProgram({ argv: ['no-such-program'], files: {}, deadlineMs: 5000 });
  assert.is(missing.code, 127);
});

test('a project is tested by its own command', async () => {
  const tests = { type: 'command' as const, argv: ['python3', '-m', 'unittest', '-q'], path: 'adder.py' };
  const files = {
    'test_adder.py':
      'import unittest\nfrom adder import add\nclass T(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n',
  };
  const label = async (candidate: string) => service.runTests({ language: 'python', candidate, tests, files });
  const good = await label('def add(a, b):\n    return a + b\n');
  assert.equal([good.status, good.forgeable, good.mode], ['pass', true, 'script']);
  assert.is((await label('def add(a, b):\n    return a - b\n')).status, 'fail_assert');
});

test.run();
