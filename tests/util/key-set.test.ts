/** Two keys whose 64-bit hashes are equal, found by a search of 3e9 keys: what trusts a hash alone takes them for one. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cli, cliOk, eventsOf, finishOf, inTemp } from '#rig/cli.ts';
import { KeySet } from '#util/key-set.ts';

const [FIRST, SECOND] = ['bc25fa1f2e67d770', '67980c4a165a9080'];

test('a set of hashes is sure of what is absent, and takes these two for one', () => {
  const set = new KeySet();
  assert.ok(set.add(FIRST));
  assert.ok(set.add('another'));
  assert.not.ok(set.add(SECOND));
});

test('rows with such keys are two rows all the way, near each other and far apart; a real repeat is still found', () =>
  inTemp(async (dir) => {
    const far = Array.from({ length: 9000 }, (_, n) => `row ${n}`);
    const write = (keys: readonly string[]) =>
      writeFileSync(join(dir, 'rows.jsonl'), keys.map((id) => `${JSON.stringify({ id })}\n`).join(''));
    writeFileSync(
      join(dir, 'pipeline.yaml'),
      `sluice: 1
name: keys
nodes:
  rows: { kind: read, dataset: rows.jsonl, key: [id] }
`,
    );
    for (const keys of [
      [FIRST, SECOND],
      [FIRST, ...far, SECOND],
    ]) {
      write(keys);
      const run = await cliOk(['run', '.', '--json'], { cwd: dir });
      const done = eventsOf(run).find((event) => event.type === 'node-state' && event['state'] === 'done');
      assert.is((done?.['counts'] as { out: number } | undefined)?.out, keys.length);
      assert.is(finishOf(run).rowsRun, keys.length);
    }
    for (const keys of [
      [FIRST, SECOND, SECOND],
      [FIRST, ...far, SECOND, FIRST],
    ]) {
      write(keys);
      const run = await cli(['run', '.', '--plain'], { cwd: dir });
      assert.is(run.code, 1);
      assert.match(run.stdout, `two rows of rows.out have the key "${keys.at(-1)}"`);
    }
  }));

test.run();
