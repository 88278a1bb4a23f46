/** `${env.NAME}` from a `.env` file: what a user who writes keys there expects of addresses too. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cli, cliOk, inTemp } from '#rig/cli.ts';

const MANIFEST = `sluice: 1
name: limits
nodes:
  all: { kind: read, dataset: rows.jsonl, key: id }
  some: { kind: filter, from: all, where: "id >= \${env.LEAST}" }
`;

test('a variable in .env counts, the environment wins, and an edit is seen', async () => {
  await inTemp(async (cwd) => {
    writeFileSync(join(cwd, 'pipeline.yaml'), MANIFEST);
    writeFileSync(join(cwd, 'rows.jsonl'), '{"id": 1}\n{"id": 2}\n{"id": 3}\n');
    const kept = async (env: { [name: string]: string } = {}) => {
      const { stdout, stderr } = await cliOk(['run'], { cwd, env });
      return /some: \w+, 3 in, (\d) out/.exec(stdout + stderr)?.[1] ?? /nothing to do/.exec(stdout)?.[0];
    };
    const unset = await cli(['check'], { cwd });
    assert.match(unset.stderr, /env-unset.*LEAST/);
    writeFileSync(join(cwd, '.env'), 'LEAST=2\nLEASD=3\n');
    assert.is(await kept(), '2');
    assert.is(await kept({ LEAST: '3' }), '1');
    writeFileSync(join(cwd, '.env'), 'LEAST=1\n');
    assert.is(await kept(), '3');
    // What changes while a run reads it is not settled: this one finds everything as it was.
    assert.is(await kept(), '3');
    assert.is(await kept(), 'nothing to do');
    writeFileSync(join(cwd, '.env'), 'LEASD=1\n');
    assert.match((await cli(['check'], { cwd })).stderr, /did you mean.*LEASD/);
  });
});

test.run();
