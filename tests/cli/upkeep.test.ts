/** `gc` and `verify` on the real command line, over a store that was really used. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cli, cliOk, digestsUnder, finishOf } from '#rig/cli.ts';
import { endsOf, type Project, rowsOf, withProject } from '#rig/project.ts';

const NODES = `  rows: { kind: read, dataset: rows.jsonl, key: [id] }
  answers: { kind: generate, from: rows, model: m, prompt: prompt.md }
  kept: { kind: filter, from: answers, where: n >= 0 }
  out: { kind: export, from: kept, formats: { rows: {} }, to: out }
`;

const ask = (project: Project, ...args: string[]) => cli(args, { cwd: project.dir });

function bytesIn(project: Project): number {
  return project.packs().reduce((sum, pack) => sum + readFileSync(pack).length, 0);
}

test('gc: a dry run changes nothing, young data is spared, what the lock needs stays and no call is paid again', () =>
  withProject(
    { nodes: NODES, rows: 30, server: { answers: ({ digest }) => `${digest} ${'x'.repeat(2000)}` } },
    async (project) => {
      await project.ok();
      project.write('prompt.md', 'Other: {{ question }}\n');
      await project.ok();
      const whole = digestsUnder(project.path('out'));
      const before = bytesIn(project);
      assert.is(project.answered, 60);

      const young = await ask(project, 'gc', '--keep-runs', '1');
      assert.is(young.code, 0, young.stderr);
      assert.match(young.stdout, /^freed 0 B: 0 bodies, 0 entries, \d runs?\nkept .* for 1 recent run and 1 lock\n/);
      assert.is(bytesIn(project), before);

      const flags = ['--keep-runs', '1', '--spare', '0'];
      const dry = await ask(project, 'gc', ...flags, '--dry-run');
      assert.match(dry.stdout, /^would free \d+\.\d KiB: [1-9]\d* bodies, [1-9]\d* entries/);
      assert.is(bytesIn(project), before);
      const real = await ask(project, 'gc', ...flags);
      assert.is(real.stdout, dry.stdout.replace('would free', 'freed'));
      assert.ok(bytesIn(project) < before);
      assert.match(
        (await cliOk(['verify'], { cwd: project.dir })).stdout,
        /60 paid answers[\s\S]*everything is as it was stored/,
      );

      const { calls } = finishOf(await project.ok());
      assert.is(calls, 0);
      assert.equal(digestsUnder(project.path('out')), whole);
      project.write('prompt.md', 'Answer: {{ question }}\n');
      assert.is(finishOf(await project.ok()).calls, 0, 'paid answers stay, also those of an earlier prompt');
      assert.is(project.answered, 60);
    },
  ));

test('gc --calls: what a lock needs is reused row by row afterwards, and no answer behind it is paid again', () =>
  withProject({ nodes: NODES.replace('where: n >= 0', 'where: n >= 100'), rows: 30 }, async (project) => {
    // Elsewhere than the project, as one store for many.
    const store = ['--cache', `${project.dir}/../${basename(project.dir)}-store/cache`];
    try {
      await project.ok(...store);
      for (const nth of [1, 2]) {
        assert.is(finishOf(await project.ok(...store)).calls, 0);
        const gone = await ask(project, 'gc', '--calls', '--keep-runs', '1', '--spare', '0', ...store);
        assert.is(gone.code, 0, gone.stderr);
        project.write('rows.jsonl', rowsOf(30 + nth));
        const { calls, reusedCalls } = finishOf(await project.ok(...store));
        assert.equal([calls, reusedCalls], [1, 0]);
      }
      assert.is(project.answered, 32);
    } finally {
      rmSync(dirname(store[1] ?? ''), { recursive: true, force: true });
    }
  }));

test('gc: a recent run that failed keeps the rows that it did', () =>
  withProject({ nodes: NODES, rows: 30 }, async (project) => {
    project.writeNodes(`  rows: { kind: read, dataset: rows.jsonl, key: [id] }
  picked: { kind: command, from: rows, run: [node, pick.mjs], files: [pick.mjs], reads: [n], adds: { m: { type: integer } }, pure: true }
`);
    const program = (odd: string) => `import { createInterface } from 'node:readline';
for await (const line of createInterface({ input: process.stdin })) {
  const { key, value } = JSON.parse(line);
  console.log(JSON.stringify(value.n === 29 ? ${odd} : { key, set: { m: value.n }, done: true }));
}`;
    project.write('pick.mjs', program("{ key, error: 'not today' }"));
    assert.is((await project.run()).code, 1);
    const gone = await ask(project, 'gc', '--calls', '--keep-runs', '1', '--spare', '0');
    assert.is(gone.code, 0, gone.stderr);
    const again = endsOf(await project.run())['picked']?.counts;
    assert.equal([again?.['reused'], again?.['failed']], [29, 1]);
  }));

test('verify: damage is named with its place and exit 1; a rebuilt index finds everything; no store is an error', () =>
  withProject({ nodes: NODES, rows: 20 }, async (project) => {
    const none = await ask(project, 'verify');
    assert.is(none.code, 2);
    assert.match(none.stderr, /error\[no-runs\]/);
    await project.ok();
    const rebuilt = await cliOk(['verify', '--rebuild'], { cwd: project.dir });
    assert.match(rebuilt.stdout, /the index was made anew/);
    assert.is(finishOf(await project.ok()).calls, 0);

    const [pack = ''] = project.packs().filter((path) => path.endsWith('.b.pack'));
    const bytes = readFileSync(pack);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(pack, bytes);
    const damaged = await ask(project, 'verify');
    assert.is(damaged.code, 1);
    assert.match(damaged.stdout, /damaged: .*\.b\.pack at \d+: /);
    assert.match(damaged.stdout, /what is damaged reads as missing/);
    assert.is(finishOf(await project.ok('--rerun', 'kept')).calls, 0);
    assert.is(project.answered, 20);
  }));

test.run();
