/** A budget for half of a duel: whole rows to show for it, what is left by name, and nothing paid twice afterwards. */

import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cli, cliOk, digestsUnder, type Ended, eventsOf, finishOf, inTemp } from '#rig/cli.ts';
import { type DuelProject, hasRealData, NO_REAL_DATA, writeDuelProject } from '#rig/duel-project.ts';
import { spawnLlmServer } from '#rig/llm-server-process.ts';

const TURNS = 12;
const ANSWERS = fileURLToPath(new URL('../rig/duel-answers.ts', import.meta.url));

/** Counts of a node at its end. */
function countsOf(result: Ended, node: string): { readonly [name: string]: number } {
  const last = eventsOf(result).findLast((event) => event['node'] === node && event['counts'] !== undefined);
  if (last === undefined) throw new Error(`no counts of ${node}`);
  return last['counts'] as never;
}

/** From a run without a limit against a server of its own: the answers differ, what is asked for does not. */
async function costOfAll(project: Omit<DuelProject, 'url'>): Promise<{ readonly usd: number }> {
  const server = await spawnLlmServer({ module: ANSWERS });
  try {
    return await inTemp(async (dir) => {
      writeDuelProject(dir, { ...project, url: server.url });
      return finishOf(await cliOk(['run', '.', '--json'], { cwd: dir }));
    });
  } finally {
    await server.close();
  }
}

async function duel(): Promise<void> {
  const server = await spawnLlmServer({ module: ANSWERS });
  try {
    await inTemp(async (dir) => {
      const project = { url: server.url, turns: TURNS, concurrency: 4 };
      const trial = await costOfAll(project);
      writeDuelProject(dir, { ...project, budget: trial.usd / 2 });

      const first = await cli(['run', '.', '--json'], { cwd: dir });
      assert.is(first.code, 5, first.stderr);
      assert.is(finishOf(first).outcome, 'spent');
      assert.ok(finishOf(first).usd <= trial.usd / 2);
      // Deepest first: some duels are judged to the end, though there was no money for others to be fought.
      const judged = countsOf(first, 'duel');
      assert.ok((judged['out'] ?? 0) > 0, JSON.stringify(judged));
      const untriedAt = ['king', 'challenger', 'duel'].map((node) => countsOf(first, node)['untried'] ?? 0);
      assert.ok(
        untriedAt.some((count) => count > 0),
        `${untriedAt}`,
      );
      for (const node of ['king', 'challenger', 'duel']) {
        const counts = countsOf(first, node);
        const { in: arrived = 0, emitted = 0, rejected = 0, failed = 0, untried = 0 } = counts;
        assert.is(arrived, emitted + rejected + failed + untried, node);
        assert.is(failed, 0, node);
      }
      const shown = await cliOk(['show', '.', 'duel', '--json'], { cwd: dir });
      assert.is(shown.stdout.trim().split('\n').length, judged['out']);

      // As a user sees it: how it ended, what is missing, how to go on.
      const plain = await cli(['run', '.', '--plain'], { cwd: dir });
      assert.is(plain.code, 5);
      const text = plain.stdout + plain.stderr;
      assert.match(text, /budget-spent/);
      assert.match(text, /untried/);
      assert.match(text, /of the budget of \$|--budget/);

      const whole = await cliOk(['run', '.', '--json', '--budget', '1000'], { cwd: dir });
      assert.is(finishOf(whole).outcome, 'done');
      const after = await server.stats();
      // Every request was another one: no call was paid twice, over three runs.
      assert.equal([after.distinct, after.answered], [after.requests, after.requests]);
      const calls = [first, whole].map((result) => finishOf(result).calls);
      assert.ok((calls[0] ?? 0) > 0 && (calls[1] ?? 0) > 0);
      const bytes = digestsUnder(`${dir}/out/dataset`);
      const again = await cliOk(['run', '.', '--json', '--rerun', 'duel', '--budget', '1000'], { cwd: dir });
      assert.is(finishOf(again).calls, 0);
      assert.equal(digestsUnder(`${dir}/out/dataset`), bytes);
      assert.is((await server.stats()).requests, after.requests);
    });
  } finally {
    await server.close();
  }
}

if (hasRealData) test('half a budget gives half a duel, and the rest costs the rest', duel);
else console.log(NO_REAL_DATA);

test('the place of real data is known', () => assert.type(hasRealData, 'boolean'));

test.run();
