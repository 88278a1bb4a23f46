/** A trial is not taken for the last run, and every row that did not make it is counted. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cli } from '#rig/cli.ts';
import { type Project, withProject } from '#rig/project.ts';

const NODES = `  rows: { kind: read, dataset: rows.jsonl, key: [id] }
  answers: { kind: generate, from: rows, model: m, prompt: prompt.md }
  kept: { kind: filter, from: answers, where: n >= 0 }
`;

const REFUSED = { type: 'status', status: 400, message: 'too long' } as const;

const ask = (project: Project, ...args: string[]) => cli(args, { cwd: project.dir });

test('why and show speak of the last full run, and of a trial only where it is asked for or alone', () =>
  withProject({ nodes: NODES, rows: 6 }, async (project) => {
    await project.ok('--limit', '2');
    const alone = await ask(project, 'show', '.', 'kept');
    assert.match(alone.stdout, /2 rows on kept\.out/);
    assert.match(alone.stderr, /note: there was no full run yet: this is about the trial \S+ \(--limit 2\)/);

    await project.ok();
    const full = await ask(project, 'show', '.', 'kept');
    assert.match(full.stdout, /6 rows on kept\.out/);
    assert.is(full.stderr, '');
    assert.not.match((await ask(project, 'why', '.', 'kept')).stdout, /input from/);

    await project.ok('--limit', '3');
    const after = await ask(project, 'show', '.', 'kept');
    assert.match(after.stdout, /6 rows on kept\.out/);
    const [, trial = ''] = /the trial after it \(--limit 3\) is .*--run (\S+?)`/.exec(after.stderr) ?? [];
    assert.match((await ask(project, 'show', '.', 'kept', '--run', trial)).stdout, /3 rows on kept\.out/);
    const why = await ask(project, 'why', '.', 'answers');
    assert.match(why.stdout, /6 rows in: 6 emitted/);
    assert.match(why.stderr, /this is about the last full run/);
  }));

test('the tally counts failed and untried rows, and balances', () =>
  withProject(
    {
      nodes: NODES.replace('prompt.md', 'prompt.md, max_failures: 3'),
      rows: 12,
      concurrency: 1,
      server: { fault: ({ digest }) => (Number.parseInt(digest.slice(0, 2), 16) % 2 === 1 ? REFUSED : null) },
    },
    async (project) => {
      assert.is((await project.run()).code, 1);
      const { stdout } = await ask(project, 'show', '.', 'answers.tally', '--json');
      const rows = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { key: string; fields: { count: number } });
      const count = (key: string) => rows.find((row) => row.key === key)?.fields.count ?? 0;
      assert.ok(count('failed') > 0 && count('untried') > 0 && count('emitted') > 0, stdout);
      assert.is(count('in'), 12);
      assert.is(
        count('in'),
        count('emitted') + count('consumed') + count('rejected') + count('failed') + count('untried'),
      );
      const failures = rows.filter(({ key }) => key.startsWith('failure/'));
      assert.is(
        failures.reduce((sum, { fields }) => sum + fields.count, 0),
        count('failed') + count('untried'),
      );
    },
  ));

test.run();
