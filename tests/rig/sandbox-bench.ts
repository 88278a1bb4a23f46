/** Runs the escapes and the lies against one backend: the same list for all of them, as whoever they run as. */

import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { test as uvuTest } from 'uvu';
import * as assert from 'uvu/assert';
import type { BackendName, SandboxService } from '#contract/sandbox.ts';
import { makeAttacks } from './sandbox-attacks.ts';
import { CASES, HONEST, LIES, SCRIPT, UNITTEST } from './sandbox-lies.ts';
import { TRACES } from './sandbox-traces.ts';

const KEPT_IN = 'def attack():\n    return "kept in"\n';
const MARK = 'a-variable-of-the-runner';

type Suite = typeof uvuTest;

/** @param service asked when the test runs */
export function testEscapes(test: Suite, backend: BackendName, service: () => SandboxService, withSlow: boolean): void {
  const secretFile = fileURLToPath(new URL('../../package.json', import.meta.url));
  const server = createServer((socket) => socket.end('the network'));
  test.before(async () => {
    process.env['SLUICE_TEST_MARK'] = MARK;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  test.after(() => void server.close());
  for (const { name, source, ends, isSlow } of makeAttacks({
    port: 0,
    secretFile,
    mark: MARK,
    abstract: 'sluice-test',
    hasImage: backend === 'container',
  })) {
    if (isSlow === true && !withSlow) continue;
    test(`${backend}: ${name}`, async () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const { status, detail, forgeable } = await service().runTests({
        language: 'python',
        candidate: source.replace('("127.0.0.1", 0)', `("127.0.0.1", ${port})`),
        reference: KEPT_IN,
        tests: { type: 'cases', entry: 'attack', cases: [{ args: [], expected: 'kept in' }] },
        sandbox: { backend, limits: { cpuMs: 100, wallMs: isSlow === true ? 2000 : 30_000, memoryBytes: 2 ** 28 } },
      });
      assert.is(forgeable, false);
      assert.ok(ends.includes(status), `${status}: ${detail}`);
      // Whatever it was, the next candidate meets none of it.
      const next = await service().runTests({
        language: 'python',
        candidate: NEXT,
        reference: NEXT,
        tests: { type: 'cases', entry: 'look', cases: [{ args: [], expected: [[], true, 3] }] },
        sandbox: { backend },
      });
      assert.is(next.status, 'pass', next.detail);
    });
  }
}

/** What a former run may have left: files, modules, builtins. */
const NEXT = `
import os, sys, time
seen = os.stat('.')
# What a mount leaves of a folder's attributes are none of a user's.
SCRATCH = [name for name in os.listxattr('.') if name.startswith('user.')]
SCRATCH += ['mode'] if seen.st_mode & 0o7777 != 0o700 else []
SCRATCH += ['times'] if min(seen.st_atime, seen.st_mtime) < 1000 else []
def look():
    left = [name for name in os.listdir('.')] + SCRATCH + [name for name in sys.modules if 'attack' in name]
    return [left, isinstance(1, int), sum([1, 2])]
`;

export function testLies(test: Suite, backend: BackendName, service: () => SandboxService): void {
  const sets = { cases: CASES, script: SCRIPT, unittest: UNITTEST };
  for (const { name, source } of [{ name: 'an honest answer', source: HONEST }, ...LIES]) {
    test(`${backend}: ${name}`, async () => {
      for (const [kind, tests] of Object.entries(sets)) {
        const result = await service().runTests({
          language: 'python',
          candidate: source,
          reference: HONEST,
          tests,
          sandbox: { backend },
        });
        assert.is(result.mode, 'split');
        assert.is(result.forgeable, false);
        assert.is(result.status === 'pass', source === HONEST, `${kind}: ${result.status} (${result.detail})`);
      }
    });
  }
}

/** What one run leaves is looked for by the next, which must see what it sees after nobody. */
export function testTraces(test: Suite, backend: BackendName, service: () => SandboxService): void {
  const told = async (candidate: string, entry: string): Promise<string> => {
    const { status, detail } = await service().runTests({
      language: 'python',
      candidate: `${candidate}\ndef told():\n    raise ValueError(repr(${entry}()))\n`,
      tests: { type: 'cases', entry: 'told', cases: [{ args: [], expected: 1 }] },
      sandbox: { backend, limits: { wallMs: 10_000 } },
    });
    return `${status} ${detail}`;
  };
  for (const { name, leave, find, stays = [] } of TRACES) {
    if (stays.includes(backend)) continue;
    test(`${backend}: ${name}`, async () => {
      const alone = await told(find, 'find');
      assert.match(alone, /^fail_exception .*ValueError/);
      await told(leave, 'leave');
      assert.is(await told(find, 'find'), alone);
      assert.is(await told(find, 'find'), alone);
    });
  }
}

/** Programs have more in sight (/proc, the software of the machine): the same attacks as programs of their own. */
export function testProgramEscapes(test: Suite, backend: BackendName, service: () => SandboxService): void {
  const secretFile = fileURLToPath(new URL('../../package.json', import.meta.url));
  for (const { name, source, ends, inPrograms = true } of makeAttacks({
    port: 9,
    secretFile,
    mark: MARK,
    abstract: 'sluice-test',
    hasImage: backend === 'container',
  })) {
    if (!inPrograms) continue;
    test(`${backend}, as a program: ${name}`, async () => {
      process.env['SLUICE_TEST_MARK'] = MARK;
      const { ended, stdout, stderr } = await service().runProgram({
        argv: ['python3', '-B', 'main.py'],
        files: { 'main.py': `${source}\nimport os as _os\nprint(attack(), flush=True)\n_os._exit(0)\n` },
        deadlineMs: 4000,
        sandbox: {
          backend,
          limits: {
            memoryBytes: 2 ** 28,
            fileBytes: 2 ** 24,
            scratchBytes: 2 ** 25,
            scratchFiles: 1024,
            processes: 32,
            openFiles: 64,
            outputBytes: 2 ** 20,
          },
        },
      });
      if (ends.includes('policy_violation')) assert.is(ended, 'policy_violation', stdout + stderr);
      else if (ends.includes('pass') && ended === 'exit' && stdout !== '') assert.is(stdout, 'kept in\n', stderr);
      else assert.ok(ended !== 'exit' || stdout === '' || ends.includes('pass'), `${ended}: ${stdout}${stderr}`);
    });
  }
}
