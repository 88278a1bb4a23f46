/** The whole duel over real turns, as a test of any size: identical bytes whatever the concurrency and folder, an honest ledger, and only what is new. */

import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { cliOk, digestsUnder, type Ended, eventsOf, finishOf, inTemp } from '#rig/cli.ts';
import { type DuelProject, hasRealData, KING_PROMPT, NO_REAL_DATA, writeDuelProject } from '#rig/duel-project.ts';
import { type ServerProcess, spawnLlmServer } from '#rig/llm-server-process.ts';

const ANSWERS = fileURLToPath(new URL('./duel-answers.ts', import.meta.url));

interface Counts {
  readonly in: number;
  readonly emitted: number;
  readonly consumed: number;
  readonly rejected: number;
  readonly failed: number;
  readonly untried: number;
  readonly out: number;
}

function countsOf(result: Ended): Map<string, Counts> {
  const counts = new Map<string, Counts>();
  for (const event of eventsOf(result)) {
    if (event.type === 'node-state' && event['counts'] !== undefined)
      counts.set(String(event['node']), event['counts'] as Counts);
  }
  return counts;
}

function nodesThatRan(result: Ended): string[] {
  return eventsOf(result)
    .filter(({ type, state }) => type === 'node-state' && state === 'running')
    .map(({ node }) => String(node));
}

async function run(dir: string, ...more: string[]): Promise<Ended> {
  return cliOk(['run', '.', '--json', '--cache', join(dir, 'cache'), ...more], { cwd: dir });
}

async function withServer<T>(work: (server: ServerProcess) => Promise<T>): Promise<T> {
  const server = await spawnLlmServer({ module: ANSWERS, latencyMs: [0, 8] });
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

/** The ledger equals the server's count, every node balances, other places give the same bytes, and only what is new is done. */
export async function checkDuel(turns: number): Promise<void> {
  if (!hasRealData) return void console.log(NO_REAL_DATA);
  await inTemp((dir) =>
    withServer(async (server) => {
      const project: DuelProject = { url: server.url, turns };
      const base = join(dir, 'one');
      mkdirSync(base);
      writeDuelProject(base, project);
      const first = await run(base);
      const stats = await server.stats();
      const finished = finishOf(first);
      assert.is(finished.calls, stats.answered);
      assert.is(
        Math.round(finished.usd * 1e9),
        Math.round(((stats.inputTokens * 1 + stats.outputTokens * 2) / 1e6) * 1e9),
      );
      for (const [node, counts] of countsOf(first)) {
        assert.is(counts.in, counts.emitted + counts.consumed + counts.rejected + counts.failed + counts.untried, node);
      }
      assert.is(countsOf(first).get('turns')?.out, turns);

      await checkOtherPlaces(dir, base, project, server);
      await checkOnlyWhatIsNew(base, project, server);
    }),
  );
}

/** Same journal, other concurrency, other folder: same bytes. */
async function checkOtherPlaces(dir: string, base: string, project: DuelProject, server: ServerProcess): Promise<void> {
  const outputs = digestsUnder(join(base, 'out'));
  const lock = readFileSync(join(base, 'pipeline.lock.yaml'), 'utf8');
  assert.ok(Object.keys(outputs).length >= 4, 'outputs are there');
  for (const concurrency of [1, 64]) {
    const other = join(dir, `elsewhere-${concurrency}`, 'project');
    mkdirSync(other, { recursive: true });
    writeDuelProject(other, { ...project, concurrency });
    // The journal alone comes along: everything else is made again.
    cpSync(join(base, 'cache'), join(other, 'cache'), { recursive: true });
    for (const folder of ['packs', 'index', 'notes', 'runs', 'settled'])
      rmSync(join(other, 'cache', folder), { recursive: true, force: true });
    const before = (await server.stats()).requests;
    const again = await run(other);
    assert.is((await server.stats()).requests, before, `no request at concurrency ${concurrency}`);
    assert.ok(finishOf(again).rowsRun > 0);
    assert.equal(digestsUnder(join(other, 'out')), outputs);
    assert.is(readFileSync(join(other, 'pipeline.lock.yaml'), 'utf8'), lock);
  }
}

async function checkOnlyWhatIsNew(base: string, project: DuelProject, server: ServerProcess): Promise<void> {
  const requests = async () => (await server.stats()).requests;
  const edit = (change: Partial<DuelProject>) => writeDuelProject(base, { ...project, ...change });
  let before = await requests();
  const madeSince = async () => {
    const now = await requests();
    const made = now - before;
    before = now;
    return made;
  };

  const nothing = await run(base);
  assert.is(finishOf(nothing).rowsRun, 0);
  assert.is(await madeSince(), 0, 'a rerun');

  edit({ margin: 30 });
  assert.equal(nodesThatRan(await run(base)), ['verdict', 'report'], 'a changed threshold');
  assert.is(await madeSince(), 0);

  edit({ panel: ['b', 'a'] });
  await run(base);
  assert.is(await madeSince(), 0, 'a panel in another order');

  edit({ panel: ['a', 'b', 'c'] });
  const third = await run(base);
  const duels = countsOf(third).get('duel')?.in ?? 0;
  const made = await madeSince();
  assert.is(made, finishOf(third).calls);
  assert.ok(made > 0 && made <= 2 * duels, 'only the new judge is asked, in both orders');

  const added = Math.min(50, project.turns);
  edit({ turns: project.turns + added });
  const more = await run(base);
  const counts = countsOf(more);
  const expected = added + ((counts.get('challenger')?.in ?? 0) - countOf(nothing, 'challenger'));
  assert.is(counts.get('king')?.in, project.turns + added);
  const calls = await madeSince();
  assert.ok(calls >= expected && calls <= 6 * added, `${calls} calls for ${added} new turns`);

  edit({ kingPrompt: `${KING_PROMPT}{% comment %}the same prompt, in other words{% endcomment %}` });
  const reworded = await run(base);
  assert.is(await madeSince(), 0, 'a prompt that renders alike');
  assert.ok(!nodesThatRan(reworded).includes('verdict'), 'equal answers re-run nothing after them');
}

function countOf(result: Ended, node: string): number {
  return countsOf(result).get(node)?.in ?? 0;
}

/** The journal is believed over a server that answers otherwise each time. */
export async function checkJournal(turns: number): Promise<void> {
  if (!hasRealData) return void console.log(NO_REAL_DATA);
  await inTemp((dir) =>
    withServer(async (server) => {
      writeDuelProject(dir, { url: server.url, turns });
      await run(dir);
      const outputs = digestsUnder(join(dir, 'out'));
      for (const folder of ['packs', 'index', 'notes', 'settled'])
        rmSync(join(dir, 'cache', folder), { recursive: true, force: true });
      rmSync(join(dir, 'out'), { recursive: true });
      await run(dir);
      assert.equal(digestsUnder(join(dir, 'out')), outputs);
    }),
  );
}
