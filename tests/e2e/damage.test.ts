/** A store that is damaged, full or read-only: what can be mended is mended in the same run, the rest is named, and nothing is lost. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cli, cliOk, digestsUnder, finishOf } from '#rig/cli.ts';
import { rowsOf, withProject } from '#rig/project.ts';

const NODES = `  rows: { kind: read, dataset: rows.jsonl, key: [id] }
  answers: { kind: generate, from: rows, model: m, prompt: prompt.md }
  kept: { kind: filter, from: answers, where: n >= 0 }
  out: { kind: export, from: kept, formats: { rows: {} }, to: out }
`;

/** Flips one bit in every so many bytes of a pack, so that some body is hit for certain. */
function flip(path: string): void {
  const bytes = readFileSync(path);
  for (let at = 200; at < bytes.length; at += 400) bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

test('tampered, truncated and missing packs are made again in the same run: same bytes, no call', () =>
  withProject(
    { nodes: NODES, rows: 40, server: { answers: () => `long ${Math.random()} ${'x'.repeat(900)}` } },
    async (project) => {
      await project.ok();
      const whole = digestsUnder(project.path('out'));
      const harms: readonly (readonly [string, (pack: string) => void])[] = [
        ['flipped', flip],
        ['truncated', (pack) => truncateSync(pack, Math.floor(readFileSync(pack).length / 2))],
        ['missing', (pack) => rmSync(pack)],
      ];
      for (const [what, harm] of harms) {
        const packs = project.packs();
        assert.ok(packs.length > 0);
        for (const pack of packs) harm(pack);
        rmSync(project.path('out'), { recursive: true });
        const result = await project.ok();
        assert.is(finishOf(result).calls, 0, what);
        assert.equal(digestsUnder(project.path('out')), whole, what);
        assert.is(project.answered, 40, what);
      }
      // A change downstream finds damaged rows when it reads them.
      for (const pack of project.packs()) flip(pack);
      project.edit('pipeline.yaml', 'n >= 0', 'n >= 1');
      const result = await project.ok();
      assert.is(finishOf(result).calls, 0);
      project.edit('pipeline.yaml', 'n >= 1', 'n >= 0');
      await project.ok();
      assert.equal(digestsUnder(project.path('out')), whole);
      assert.is(project.answered, 40);
    },
  ));

test('a body found damaged while calls are paid: what was paid before counts as made in this run', () =>
  withProject({ nodes: NODES, rows: 600, server: { answers: ({ digest }) => digest } }, async (project) => {
    await project.ok();
    const before = project.answered;
    for (const pack of project.packs()) {
      const bytes = readFileSync(pack);
      const at = bytes.indexOf('"r599"');
      if (at >= 0) bytes[at + 2] = 'q'.charCodeAt(0);
      writeFileSync(pack, bytes);
    }
    project.edit('prompt.md', /^/, 'Again: ');
    const result = await project.ok();
    assert.match(result.stdout, /body-lost/);
    assert.is(finishOf(result).calls, 600);
    assert.is(project.answered - before, 600);
  }));

/** The cache on a file system of its own. */
async function onTmpfs(
  dir: string,
  size: string,
  work: (cache: string, remount: (how: string) => void) => Promise<void>,
): Promise<void> {
  const mount = join(dir, 'disk');
  mkdirSync(mount);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', mount], { stdio: 'ignore' });
  } catch {
    console.log('skip: mounting a small disk is not allowed here');
    return;
  }
  try {
    await work(join(mount, 'cache'), (how) =>
      execFileSync('mount', ['-o', `remount,${how}`, mount], { stdio: 'ignore' }),
    );
  } finally {
    execFileSync('umount', ['-l', mount], { stdio: 'ignore' });
  }
}

test('a full disk: a named error, an end, and once there is room the rest', () =>
  withProject(
    {
      nodes: NODES,
      rows: 300,
      concurrency: 32,
      server: { answers: ({ digest }) => digest.repeat(200), keepLog: false },
    },
    (project) =>
      onTmpfs(project.dir, '2m', async (cache, remount) => {
        const flags = ['run', '.', '--json', '--cache', cache];
        const full = await cli(flags, { cwd: project.dir });
        assert.is(full.code, 1, full.stderr);
        assert.match(full.stderr, /error\[store-full\]/);
        assert.not.match(full.stderr, /defect of sluice/);
        const paid = project.answered;
        assert.ok(paid < 300);
        remount('size=64m');
        const rest = await cliOk(flags, { cwd: project.dir });
        const { calls } = finishOf(rest);
        // What was answered when the disk was full could not be kept; all else was.
        assert.ok(calls <= 300 && calls >= 300 - paid, `${calls} after ${paid}`);
        assert.ok(calls <= 300 - paid + 64, `${calls} after ${paid}`);
        assert.is((await cli(['verify', '--cache', cache], { cwd: project.dir })).code, 0);
        assert.is(finishOf(await cliOk(flags, { cwd: project.dir })).calls, 0);
      }),
  ));

test('a read-only cache: a named error, and afterwards all is as it was', () =>
  withProject({ nodes: NODES }, (project) =>
    onTmpfs(project.dir, '32m', async (cache, remount) => {
      const flags = ['run', '.', '--json', '--cache', cache];
      await cliOk(flags, { cwd: project.dir });
      remount('ro');
      project.write('rows.jsonl', rowsOf(14));
      const refused = await cli(flags, { cwd: project.dir });
      assert.is(refused.code, 1, refused.stderr);
      assert.match(refused.stderr, /error\[store-read-only\]/);
      remount('rw');
      const mended = await cliOk(flags, { cwd: project.dir });
      assert.is(finishOf(mended).calls, 2);
      assert.is(project.answered, 14);
    }),
  ));

test.run();
