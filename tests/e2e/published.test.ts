/** Published folders: what is no longer part goes, what is not ours stays, and no two nodes share one. */

import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cliOk, digestsUnder, inTemp } from '#rig/cli.ts';
import { withProject } from '#rig/project.ts';

const NODES = `  rows: { kind: read, dataset: rows.jsonl, key: [id] }
  out: { kind: export, from: rows, formats: { rows: {} }, shards: 3, to: out }
`;

test('a file that is no longer part is removed, foreign files stay, and one folder has one node', () =>
  withProject({ nodes: NODES }, async (project) => {
    await project.ok();
    const before = Object.keys(digestsUnder(project.path('out')));
    project.write('out/mine.txt', 'mine');
    project.edit('pipeline.yaml', 'shards: 3', 'shards: 1');
    await project.ok();
    const after = Object.keys(digestsUnder(project.path('out')));
    assert.ok(after.includes('mine.txt'));
    assert.is(after.length, before.length - 2 + 1, after.join());

    project.writeNodes(`${NODES}  two: { kind: export, from: rows, formats: { rows: {} }, to: ./out }\n`);
    const shared = await project.run();
    assert.is(shared.code, 2);
    assert.match(shared.stderr, /to-shared/);
  }));

test('a foreign file in the way is refused each time, and stays', () =>
  withProject({ nodes: NODES.replace('shards: 3, ', '') }, async (project) => {
    await project.ok();
    const [name = ''] = Object.keys(digestsUnder(project.path('out'))).filter((path) => path.endsWith('.jsonl'));
    assert.ok(name !== '');
    const file = `elsewhere/${name}`;
    project.write(file, 'mine');
    project.edit('pipeline.yaml', 'to: out', 'to: elsewhere');
    for (const _ of [1, 2]) {
      const refused = await project.run();
      assert.is(refused.code, 1);
      assert.match(refused.stdout + refused.stderr, /publish-foreign-file/);
      assert.is(readFileSync(project.path(file), 'utf8'), 'mine');
    }
  }));

test('a project that is copied with its store knows its files again', () =>
  withProject({ nodes: NODES }, async (project) => {
    await project.ok();
    await inTemp(async (dir) => {
      const copy = join(dir, 'copy');
      cpSync(project.dir, copy, { recursive: true });
      const edited = readFileSync(join(copy, 'rows.jsonl'), 'utf8').replace('"n":1', '"n":77');
      assert.is.not(edited, readFileSync(project.path('rows.jsonl'), 'utf8'));
      project.write('rows.jsonl', edited);
      cpSync(project.path('rows.jsonl'), join(copy, 'rows.jsonl'));
      const { stdout } = await cliOk(['run'], { cwd: copy });
      assert.match(stdout, /^done/m);
      await project.ok();
      assert.equal(digestsUnder(join(copy, 'out')), digestsUnder(project.path('out')));
    });
  }));

test.run();
