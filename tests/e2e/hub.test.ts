/** Remote sets on the command line: looked up once, kept by the lock, offline where nothing is new, typed trouble, reruns that go on. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { trajectoryRows, writeShard } from '#rig/arrow-shards.ts';
import { cli, cliOk, eventsOf, finishOf, inTemp } from '#rig/cli.ts';
import { startHubDuel } from '#rig/hub-duel.ts';
import { commitOf, startHubServer } from '#rig/hub-server.ts';

const shardOf = (from: number) => writeShard(trajectoryRows(300, from), { rowGroup: 100, page: 2048, batch: 16 });
const shards = (from: number) => ({
  'data/train-00000-of-00002.parquet': shardOf(from),
  'data/train-00001-of-00002.parquet': shardOf(from + 300),
});

const MANIFEST = `sluice: 1
name: far
datasets:
  hub: { token: "\${secret.HF_TOKEN}", retries: 1, backoff: 1ms, timeouts: { idle: 500ms, total: 2s } }
nodes:
  turns: { kind: sample, dataset: hf://o/set, strategy: windows, window: 8, count: 24 }
`;

test('looked up once, kept by the lock, offline after that, and anew with --update', () =>
  inTemp(async (dir) => {
    writeFileSync(join(dir, 'pipeline.yaml'), MANIFEST);
    const hub = await startHubServer({ 'o/set': { files: shards(0), token: 'hf_abcdefgh' } });
    const env = { HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_abcdefgh' };
    const options = { cwd: dir, env };
    try {
      const before = await cliOk(['plan'], options);
      assert.match(before.stdout, 'its revision is looked up by a run');
      assert.is(hub.log.length, 0, 'a plan asks nobody');
      assert.is((await cli(['run', '--frozen'], options)).code, 3);
      const first = await cliOk(['run', '--json'], options);
      assert.is(finishOf(first).rowsRun, 24);
      const fetched = eventsOf(first)
        .filter(({ type, node }) => type === 'data-fetched' && node === 'turns')
        .at(-1);
      assert.is(fetched?.['bytes'], hub.bytesServed);
      assert.ok(Number(fetched?.['requests']) >= 4);
      const lock = () => readFileSync(join(dir, 'pipeline.lock.yaml'), 'utf8');
      assert.match(lock(), commitOf('o/set'));
      assert.not.match(
        lock() + first.stdout + first.stderr,
        /hf_abcdefgh|127\.0\.0\.1/,
        'neither token nor address is kept',
      );

      // The branch moves on; nobody notices until they are asked to.
      hub.repos = { 'o/set': { files: shards(5000), token: 'hf_abcdefgh', generation: 1 } };
      hub.reset();
      assert.match((await cliOk(['run'], options)).stdout, 'rows run 0');
      assert.match((await cliOk(['plan'], options)).stdout, 'reuse');
      assert.is(hub.log.length, 0);
      const more = await cliOk(['run', '--set', 'nodes.turns.count=8', '--json'], options);
      assert.is(finishOf(more).rowsRun, 8);
      assert.is(hub.log.length, 0, 'what the smaller draw needs is in the store');
      const updated = await cliOk(['run', '--update', '--json'], options);
      assert.is(finishOf(updated).rowsRun, 24);
      assert.match(lock(), commitOf('o/set', 'main', 1));
      // With the lock alone, on another machine: the same files are listed again, and the same rows drawn.
      await cliOk(['run', '--frozen', '--cache', join(dir, 'other')], options);
    } finally {
      await hub.close();
    }
  }));

test('trouble is typed, names shard and row group, and a rerun goes on', () =>
  inTemp(async (dir) => {
    writeFileSync(
      join(dir, 'pipeline.yaml'),
      MANIFEST.replace(/\n {2}hub: .*/, '\n  hub: { retries: 1, backoff: 1ms }'),
    );
    const hub = await startHubServer({ 'o/set': { files: shards(0) } });
    const run = (...more: string[]) => cli(['run', '--plain', ...more], { cwd: dir, env: { HF_ENDPOINT: hub.url } });
    try {
      const unknown = await run('--set', 'nodes.turns.dataset=hf://o/set@nowhere');
      assert.is(unknown.code, 2);
      assert.match(unknown.stderr, "dataset-revision-unknown]: o/set has no revision 'nowhere'");
      hub.fault = (_, response) => Boolean(response.writeHead(503).end());
      const down = await run();
      assert.is(down.code, 1);
      assert.match(down.stderr, 'remote-unavailable');
      hub.fault = ({ kind, nth }, response) => kind === 'cdn' && nth > 0 && Boolean(response.destroy());
      const broken = await run();
      assert.is(broken.code, 1);
      assert.match(
        broken.stdout + broken.stderr,
        /remote-unavailable.*data\/train-0000\d-of-00002\.parquet: row group/,
      );
      hub.fault = null;
      hub.reset();
      assert.is((await run()).code, 0);
      assert.ok(
        hub.log.every(({ kind }) => kind !== 'revision' && kind !== 'tree'),
        'the name stays as it was looked up',
      );
    } finally {
      await hub.close();
    }
  }));

test('the duel as it stands, up to where it pays: only addresses are given', () =>
  inTemp(async (dir) => {
    mkdirSync(join(dir, '.git'));
    const duel = await startHubDuel(dir, { shards: 3, rows: 1200, rowGroup: 200 });
    try {
      const result = await cliOk(['run', 'duel', '--select', '+eligible', '--json'], { cwd: dir, env: duel.env });
      const ended = eventsOf(result).filter(({ type, state }) => type === 'node-state' && state === 'done');
      assert.equal(
        ended.map(({ node, counts }) => [node, (counts as { out: number }).out]).filter(([node]) => node !== 'prs'),
        [
          ['turns', 200],
          ['eligible', 200],
        ],
      );
      assert.ok(duel.hub.bytesServed < duel.bytes, `${duel.hub.bytesServed} of ${duel.bytes} bytes`);
    } finally {
      await duel.close();
    }
  }));

test.run();
