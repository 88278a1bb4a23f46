/** The duel as it stands, without a profile, on 200,000 remote trajectories and a local endpoint: nothing but addresses is given. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cli, cliOk, eventsOf, finishOf, inTemp } from '#rig/cli.ts';
import { startHubDuel, TURNS } from '#rig/hub-duel.ts';

test('200,000 rows: reads what it draws, goes on after trouble, and ends with a verdict', () =>
  inTemp(async (dir) => {
    mkdirSync(join(dir, '.git'));
    const duel = await startHubDuel(dir, { shards: 4, rows: 50_000, rowGroup: 500 });
    const { hub } = duel;
    const run = (...more: string[]) => cli(['run', 'duel', '--yes', '--json', ...more], { cwd: dir, env: duel.env });
    try {
      // A hundred turns alone: at most the row groups that they are in, and the footers.
      const trial = await run('--select', 'turns', '--set', 'params.turns=100');
      assert.is(trial.code, 0, trial.stderr);
      const groups = 200_000 / 500;
      const windows = Math.ceil(100 / 8) + 1;
      const footers = hub.log.filter(({ kind, repo, nth }) => kind === 'cdn' && repo === TURNS && nth === 0).length;
      const perGroup = duel.bytes / groups;
      assert.ok(
        hub.bytesServed < windows * perGroup + footers * 300_000,
        `${hub.bytesServed} bytes for ${windows} row groups of ${perGroup} and ${footers} footers`,
      );
      // A shard that breaks in the middle of the real thing, and a rerun that goes on from there.
      hub.fault = ({ kind, nth }, response) => kind === 'cdn' && nth > 1 && Boolean(response.destroy());
      const broken = await run();
      assert.is(broken.code, 1);
      assert.match(broken.stdout, /remote-unavailable.*data\/train-0000\d-of-0000\d\.parquet: row group/);
      hub.fault = null;
      const done = await run();
      assert.is(done.code, 0, done.stdout.slice(-2000) + done.stderr);
      const ended = eventsOf(done).filter(({ type, state }) => type === 'node-state' && state === 'done');
      assert.ok(ended.some(({ node }) => node === 'verdict'));
      assert.ok(hub.bytesServed < duel.bytes / 4, `${hub.bytesServed} of ${duel.bytes} bytes`);
      hub.reset();
      const again = await cliOk(['run', 'duel', '--yes', '--json'], { cwd: dir, env: duel.env });
      assert.equal([finishOf(again).rowsRun, finishOf(again).calls, hub.log.length], [0, 0, 0]);
    } finally {
      await duel.close();
    }
  }));

test.run();
