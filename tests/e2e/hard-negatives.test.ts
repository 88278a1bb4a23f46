/** The hard-negatives example as a user runs it: from tasks to training files, every label from a run, and nothing done twice. */

import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cliOk, digestsUnder, finishOf, inTemp } from '#rig/cli.ts';

const EXAMPLE = fileURLToPath(new URL('../../pipelines/hard-negatives', import.meta.url));

interface Candidate {
  readonly task_id: string;
  readonly language: string;
  readonly text: string;
  readonly reference: string;
  readonly sidecar: { readonly class: string; readonly operator: string | null };
  readonly label: {
    readonly label: string;
    readonly status: string;
    readonly mode: string;
    readonly forgeable: boolean;
  };
}

const linesOf = (file: string): { readonly [field: string]: unknown }[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

async function poolOf(dir: string): Promise<Candidate[]> {
  const args = [
    'show',
    'hn',
    'pools',
    '--cache',
    'cache',
    '--json',
    '--limit',
    '10000',
    '--set',
    'nodes.candidates.oversample=2',
  ];
  const { stdout } = await cliOk(args, { cwd: dir });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).fields);
}

test('labels are proven, pairs tell nothing but right and wrong, a second run does nothing', () =>
  inTemp(async (dir) => {
    cpSync(EXAMPLE, join(dir, 'hn'), {
      recursive: true,
      filter: (path) => !/\/(?:out|cache|pipeline\.lock\.yaml)$/.test(path),
    });
    // Fewer candidates than the example makes: half the runs, the same ways through.
    const fewer = ['--set', 'nodes.candidates.oversample=2'];
    const run = () => cliOk(['run', 'hn', '--cache', 'cache', '--json', ...fewer], { cwd: dir });
    assert.ok(finishOf(await run()).rowsRun > 300);

    const pool = await poolOf(dir);
    const tasks = new Set(pool.map(({ task_id }) => task_id));
    assert.is(tasks.size, 14);
    assert.is(new Set(pool.map(({ language }) => language)).size, 2);
    for (const { label } of pool) assert.equal([label.mode, label.forgeable], ['split', false]);
    for (const task of tasks) {
      const own = pool.filter(({ task_id }) => task_id === task);
      const of = (name: string) => own.filter(({ sidecar }) => sidecar.class === name);
      assert.ok(own.length >= 10, task);
      assert.is(of('passing_reference')[0]?.label.label, 'pass', task);
      assert.is(of('no_action_bait')[0]?.label.label, 'fail', `${task}: the state before must not pass`);
      assert.is(of('neutral_reference')[0]?.label.label, 'pass', task);
      assert.ok(new Set(own.map(({ sidecar }) => sidecar.class)).size >= 6, task);
    }
    checkFiles(join(dir, 'hn/out'), pool);

    const before = digestsUnder(join(dir, 'hn/out'));
    const again = finishOf(await run());
    assert.is(again.rowsRun, 0);
    assert.equal(digestsUnder(join(dir, 'hn/out')), before);
  }));

function checkFiles(out: string, pool: readonly Candidate[]): void {
  const passing = new Set(pool.filter(({ label }) => label.label === 'pass').map(({ text }) => text));
  const failing = new Set(pool.filter(({ label }) => label.label === 'fail').map(({ text }) => text));
  const pairs = filesUnder(join(out, 'preferences/data/reward')).flatMap(linesOf);
  assert.ok(pairs.length > 100);
  const edited = new Set(pool.filter(({ sidecar }) => sidecar.class === 'neutral_reference').map(({ text }) => text));
  assert.ok(pairs.some(({ chosen }) => edited.has(String(chosen))));
  for (const pair of pairs) {
    assert.ok(passing.has(String(pair['chosen'])) && failing.has(String(pair['rejected'])));
    assert.equal(Object.keys(pair).sort(), ['chosen', 'language', 'prompt', 'rejected', 'rejected_label', 'task_id']);
  }
  const solutions = filesUnder(join(out, 'solutions/data')).flatMap(linesOf);
  assert.equal(new Set(solutions.map(({ completion }) => completion)), passing);
  // How candidates were made is in the report and in no training file.
  const training = [...filesUnder(join(out, 'preferences')), ...filesUnder(join(out, 'solutions'))];
  for (const file of training)
    assert.not.match(readFileSync(file, 'utf8'), /sidecar|"operator"|wrong_branch|swap-variable/);
  assert.match(readFileSync(join(out, 'report/labels.md'), 'utf8'), '| swap-variable |');
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

test.run();
