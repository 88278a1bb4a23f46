/** sandbox-label through the real command line: each status by a program that earns it, and what is done again after a change. */

import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cli, cliOk, eventsOf, finishOf, inTemp } from '#rig/cli.ts';
import { jsonl } from '#rig/data-sources.ts';

const REFERENCE = 'def add(a, b):\n    return a + b\n';
const body = (text: string): string => `def add(a, b):\n    ${text.replaceAll('\n', '\n    ')}\n`;

/** Candidates by the status that they earn. */
const EARNS: { readonly [status: string]: readonly string[] } = {
  pass: [REFERENCE, body('import sys; sys.stdout.write("x" * 100); return b + a')],
  fail_assert: [body('return a - b'), body('return float(a + b)'), body('return str(a + b)')],
  fail_exception: [
    body('return nothing'),
    'def other():\n    pass\n',
    body('import os\nos._exit(0)'),
    body('raise SystemExit(0)'),
  ],
  syntax_error: ['def add(a, b:\n', 'def add(a, b):\nreturn a\n'],
  timeout_cpu: [body('while True: pass'), body('return sum(range(10 ** 10))'), 'while True: pass\n'],
  memory: [body('x = bytearray(2 ** 40)\nreturn a + b')],
  output_limit: [body('print("x" * 4_000_000, flush=True)\nreturn a + b')],
  crash_signal: [body('import ctypes\nctypes.string_at(0)')],
  policy_violation: [body('import ctypes\nctypes.CDLL(None).ptrace(0, 0, 0, 0)\nreturn a + b')],
};

/** Of twelve bits of hashes some differ between two hash seeds, in every build of Python; which ones, is the build's. */
const CHANCES = 12;
const chance = (nth: number): string => body(`return a + b if hash("${nth}") % 2 else a`);

const TASK = {
  reference: REFERENCE,
  entry_point: 'add',
  cases: [
    { args: [1, 2], expected: 3 },
    { args: [-1, 1], expected: 0 },
  ],
};

const MANIFEST = `sluice: 1
name: labels
nodes:
  candidates: { kind: read, dataset: candidates.jsonl, key: id }
  labels:
    kind: sandbox-label
    from: candidates
    language: python
    reference: reference
    tests: { type: cases }
`;

interface Found {
  readonly id: string;
  readonly label: {
    readonly status: string;
    readonly label: string;
    readonly detail: string;
    readonly mode: string;
    readonly backend: string;
    readonly strength: string;
  };
}

function project(dir: string, rows: readonly object[], manifest = MANIFEST): string {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{"private": true}');
  writeFileSync(join(dir, 'pipeline.yaml'), manifest);
  writeFileSync(join(dir, 'candidates.jsonl'), jsonl(rows));
  return dir;
}

async function labelsOf(cwd: string): Promise<readonly Found[]> {
  const { stdout } = await cliOk(['show', '.', 'labels', '--json', '--limit', '1000'], { cwd });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).fields);
}

const rowsOf = (earns: typeof EARNS): object[] =>
  Object.entries(earns).flatMap(([status, texts]) =>
    texts.map((text, at) => ({ ...TASK, id: `${status}-${at}`, text })),
  );

test('each status is earned, and only new candidates are run again', () =>
  inTemp(async (dir) => {
    const invalid = { ...TASK, id: 'reference_invalid-0', text: REFERENCE, reference: body('return a') };
    const chances = Array.from({ length: CHANCES }, (_, nth) => ({ ...TASK, id: `chance-${nth}`, text: chance(nth) }));
    const cwd = project(dir, [...rowsOf(EARNS), invalid, ...chances]);
    await cliOk(['run'], { cwd });
    const all = await labelsOf(cwd);
    const found = all.filter(({ id }) => !id.startsWith('chance'));
    const byChance = new Set(all.filter(({ id }) => id.startsWith('chance')).map(({ label }) => label.status));
    assert.ok(byChance.has('nondeterministic'));
    for (const status of byChance) assert.ok(['pass', 'fail_assert', 'nondeterministic'].includes(status), status);
    assert.equal(
      found
        .filter(({ id, label }) => !id.startsWith(label.status))
        .map(({ id, label }) => `${id}: ${label.status} ${label.detail}`),
      [],
    );
    for (const { id, label } of found) {
      const wanted = id.startsWith('pass') ? 'pass' : /^reference/.test(id) ? 'unknown' : 'fail';
      assert.equal([label.label, label.mode], [wanted, 'split'], id);
    }
    const again = { ...TASK, id: 'new', text: body('return a * b') };
    appendFileSync(join(cwd, 'candidates.jsonl'), jsonl([again, { ...again, id: 'twin', text: REFERENCE }]));
    const second = await cliOk(['run', '--json'], { cwd });
    const end = eventsOf(second).findLast(({ type, node }) => type === 'node-state' && node === 'labels');
    // The second is known by its text: what it is called is in no key.
    assert.is((end?.['counts'] as { reused: number } | undefined)?.reused, all.length + 1);
  }));

test('a weak backend is refused where it must be strong, and named where it may serve', () =>
  inTemp(async (dir) => {
    const weak = (strict: boolean) => `${MANIFEST}    sandbox: { backend: process, strict: ${strict} }\n`;
    const rows = [{ ...TASK, id: 'a', text: REFERENCE }];
    const refused = await cli(['run'], { cwd: project(join(dir, 'strict'), rows, weak(true)) });
    assert.is(refused.code, 2, 'before anything runs');
    assert.match(refused.stdout + refused.stderr, /sandbox-weak/);
    const cwd = project(join(dir, 'weak'), rows, weak(false));
    await cliOk(['run'], { cwd });
    const [only] = await labelsOf(cwd);
    assert.equal([only?.label.backend, only?.label.strength], ['process', 'weak']);
  }));

test('trouble of the sandbox is no label: the row fails by name and is tried again', () =>
  inTemp(async (dir) => {
    const none = `${MANIFEST}    sandbox: { python: /nowhere/python3 }\n`;
    const cwd = project(dir, [{ ...TASK, id: 'a', text: REFERENCE }], none);
    const failed = await cli(['run', '--json'], { cwd });
    assert.is(failed.code, 1);
    assert.match(failed.stdout + failed.stderr, 'sandbox-unavailable');
    writeFileSync(join(cwd, 'pipeline.yaml'), MANIFEST);
    assert.is(finishOf(await cliOk(['run', '--json'], { cwd })).outcome, 'done');
    assert.is((await labelsOf(cwd))[0]?.label.status, 'pass');
  }));

test('mutate asks the sandbox which mutants compile to what the reference compiles to', () =>
  inTemp(async (dir) => {
    const reference = 'def f(a, b):\n    total = 1 + 1\n    if a > b:\n        total = total + a\n    return total\n';
    const manifest = (bytecode: boolean) => `sluice: 1
name: mutants
nodes:
  tasks: { kind: read, dataset: candidates.jsonl, key: task_id }
  mutants: { kind: mutate, from: tasks, language: python, pool_size: all, bytecode: ${bytecode} }
`;
    const counts = async (bytecode: boolean) => {
      const cwd = project(join(dir, String(bytecode)), [{ task_id: 't', reference }], manifest(bytecode));
      await cliOk(['run'], { cwd });
      const { stdout } = await cliOk(['show', '.', 'mutants.yields', '--json'], { cwd });
      const operators = JSON.parse(stdout).fields.operators as {
        [name: string]: { made: number; kept: number; dropped: { [code: string]: number } };
      };
      for (const { made, kept, dropped } of Object.values(operators))
        assert.is(made, kept + Object.values(dropped).reduce((sum, n) => sum + n, 0));
      return Object.values(operators).reduce((sum, { dropped }) => sum + (dropped['same-bytecode'] ?? 0), 0);
    };
    assert.is(await counts(false), 0);
    // 1 + 1 is 2 before it runs, and so are 2 - 0 and its kin.
    assert.ok((await counts(true)) > 0);
  }));

test.run();
