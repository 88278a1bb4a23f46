/** The manifest's larger features in a real run: matrix, overlays, after, own kinds, programs row by row, and diamonds. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digestsUnder } from '#rig/cli.ts';
import { endsOf, ranIn, rowsOf, withProject } from '#rig/project.ts';

const PROGRAM = `import json, sys
for line in sys.stdin:
    row = json.loads(line)
    n = row["value"]["n"]
    if n == 1: answer = {"reject": {"code": "odd-one", "reason": "one"}}
    elif n == 2: answer = {"error": "two is broken"}
    elif n == 5: sys.exit(3)
    else: answer = {"set": {"twice": n * 2}, "done": True}
    print(json.dumps({"key": row["key"], **answer}), flush=True)
`;

test('a program row by row: sets, rejects, fails, and ends too early', () =>
  withProject(
    {
      nodes: `  rows: { kind: read, dataset: rows.jsonl, key: [id] }
  twice: { kind: command, from: rows, run: [python3, twice.py], files: [twice.py], reads: [n], pure: true }
`,
      rows: 4,
      files: { 'twice.py': PROGRAM },
    },
    async (project) => {
      const first = await project.run();
      assert.is(first.code, 1);
      const counts = endsOf(first)['twice']?.counts;
      assert.equal([counts?.['emitted'], counts?.['rejected'], counts?.['failed']], [2, 1, 1]);
      assert.match(first.stdout, /command-row-error/);
      project.write('rows.jsonl', rowsOf(8));
      const early = await project.run();
      assert.is(early.code, 1);
      assert.match(early.stdout, /command-exit/);
      project.edit('twice.py', 'n == 5', 'n == 55');
      project.edit('twice.py', 'n == 2', 'n == 22');
      const whole = await project.ok();
      assert.is(endsOf(whole)['twice']?.counts['emitted'], 7);
    },
  ));

test('a mistyped field of a file is told once a node, with the name that was meant', () =>
  withProject(
    {
      nodes: `  rows: { kind: read, dataset: rows.jsonl, key: [id] }
  few: { kind: filter, from: rows, where: m < 2 }
  sorted: { kind: bucket, from: rows, where: { low: quetion == "", high: n >= 1 } }
  asked: { kind: generate, from: rows, model: m, prompt: prompt.md }
`,
      rows: 3,
      files: { 'prompt.md': 'Say {{ questoin }}' },
    },
    async (project) => {
      const { stdout, stderr } = await project.plain();
      const said = `${stdout}${stderr}`;
      for (const [node, field, hint] of [
        ['few', 'm', "did you mean 'n'?"],
        ['sorted', 'quetion', "did you mean 'question'?"],
        ['asked', 'questoin', "did you mean 'question'?"],
      ]) {
        const told = said.split('\n').filter((line) => line.includes(`field \`${field}\``));
        assert.is(told.length, 1, said);
        assert.match(told[0] ?? '', `${node}: no field \`${field}\` in 3 rows, e.g. r0`);
        assert.ok(said.includes(hint ?? ''), said);
      }
      assert.is(project.answered, 0);
    },
  ));

test('matrix, include, params files, defaults and profiles make one run', () =>
  withProject(
    {
      top: `include: base.yaml
params_files: [sizes.toml]
defaults: { filter: { where: "n >= 1" } }
profiles: { small: { params: { least: 9 } } }`,
      nodes: `  few: { kind: filter, from: rows, matrix: { from: [3, 6] }, where: "n >= \${params.least} + \${matrix.from}" }
  some: { kind: filter, from: rows }
  last: { kind: filter, from: few@from=3, after: some }
`,
      files: {
        'base.yaml': 'nodes: { rows: { kind: read, dataset: rows.jsonl, key: [id] } }\nparams: { least: 100 }\n',
        'sizes.toml': 'least = 1\n',
      },
    },
    async (project) => {
      const plain = endsOf(await project.ok());
      const emitted = (ends: typeof plain) =>
        ['few@from=3', 'few@from=6', 'some', 'last'].map((node) => ends[node]?.counts['emitted']);
      assert.equal(emitted(plain), [8, 5, 11, 8]);
      assert.equal(emitted(endsOf(await project.ok('--profile', 'small'))), [0, 0, 11, 0]);
    },
  ));

test('a diamond with a lookup on one arm and a whole node on the other ends, at 5,000 rows', () =>
  withProject(
    {
      nodes: `  rows: { kind: read, dataset: rows.jsonl, key: [id] }
  left: { kind: filter, from: rows, where: n >= 10 }
  groups: { kind: group, from: rows, by: [id], collect: { ns: n } }
  joined: { kind: filter, from: rows, with: { group: { from: groups, match: id }, one: { from: left, match: id, missing: 'null' } } }
  both: { kind: export, from: joined, formats: { rows: {} }, to: out }
`,
      rows: 5000,
    },
    async (project) => {
      const ends = endsOf(await project.ok());
      assert.is(ends['left']?.counts['emitted'], 4990);
      assert.is(ends['joined']?.counts['emitted'], 5000);
      const whole = digestsUnder(project.path('out'));
      const again = await project.ok();
      assert.equal(ranIn(again), []);
      assert.equal(digestsUnder(project.path('out')), whole);
    },
  ));

test.run();
