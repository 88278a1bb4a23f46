/** A kind whose version was raised: another build of sluice, with that one number changed, over the store of this one. */

import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Ended, inTemp, startCli } from '#rig/cli.ts';
import { type Project, withProject } from '#rig/project.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const NODES = `  rows: { kind: read, dataset: rows.jsonl, key: [id] }
  answers: { kind: generate, from: rows, model: m, prompt: prompt.md }
  second: { kind: generate, from: answers, model: m, prompt: second.md, field: again }
  kept: { kind: filter, from: second, where: n >= 0 }
`;

/** @returns the main module of a copy of the build in which `kind` has the next version */
function nextBuild(dir: string, kind: string): string {
  mkdirSync(join(dir, 'dist'));
  cpSync(join(ROOT, 'package.json'), join(dir, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  cpSync(join(ROOT, 'dist/main.js'), join(dir, 'dist/main.js'));
  cpSync(join(ROOT, 'dist/chunks'), join(dir, 'dist/chunks'), { recursive: true });
  let raised = 0;
  for (const name of readdirSync(join(dir, 'dist/chunks')).filter((each) => each.endsWith('.js'))) {
    const path = join(dir, 'dist/chunks', name);
    const text = readFileSync(path, 'utf8');
    const next = text.replace(
      new RegExp(`(name: "${kind}",\\s+version: )(\\d+)`),
      (_, before: string, version: string) => {
        raised++;
        return `${before}${Number(version) + 1}`;
      },
    );
    if (next !== text) writeFileSync(path, next);
  }
  assert.is(raised, 1, `the build states the version of ${kind} once`);
  return join(dir, 'dist/main.js');
}

function runBuild(main: string, project: Project, ...args: string[]): Promise<Ended> {
  return startCli(args, { cwd: project.dir, main }).ended;
}

test('its rows are made again from recorded answers, nothing after equal rows is, and why names the version', () =>
  inTemp((dir) =>
    withProject({ nodes: NODES, rows: 8, files: { 'second.md': 'Again: {{ question }}\n' } }, async (project) => {
      await project.ok();
      assert.is(project.answered, 8 + 8);
      const lock = project.read('pipeline.lock.yaml');
      const main = nextBuild(dir, 'generate');

      const planned = await runBuild(main, project, 'plan', '.');
      assert.match(planned.stdout, /answers\s+generate\s+run/);
      const run = await runBuild(main, project, 'run', '.');
      assert.is(run.code, 0, run.stderr);
      assert.match(run.stdout, /calls made 0, calls reused 16/);
      assert.is(project.answered, 16);

      const why = (await runBuild(main, project, 'why', '.', 'answers')).stdout;
      assert.match(why, /its key changed, against run/);
      assert.match(why, /version of the kind: \d+ -> \d+/);
      const kept = (await runBuild(main, project, 'why', '.', 'kept')).stdout;
      assert.match(kept, /its key is the same as in the run before/);
      assert.match(kept, /changed, but its rows came out equal/);
      const keysOf = (text: string) => text.split('\n').filter((line) => line.includes('key: '));
      const [before, after] = [keysOf(lock), keysOf(project.read('pipeline.lock.yaml'))];
      assert.is(
        before.filter((key, nth) => key !== after[nth]).length,
        2,
        'only the keys of the two nodes of that kind',
      );

      // This build still has its own entries: going back does nothing again.
      const back = await project.ok();
      assert.match(back.stdout, /"rowsRun":0/);
      assert.is(project.answered, 16);
    }),
  ));

test.run();
