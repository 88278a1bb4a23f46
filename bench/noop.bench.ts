/** A run with nothing to do: from the settled record, and, where that is gone, by planning and looking every node up. */

import { join } from 'node:path';
import type { Bench } from './figure.ts';
import { findPeers } from './peers.ts';
import { inScratch, median, sluice, timed } from './process.ts';
import { cleanEnv, ensureBuilt, forgetSettled, writeProject, writeRecords } from './project.ts';
import { inTurn, ratioOf, type Subject } from './sample.ts';

const ROUNDS = 9;
const ROWS = 100_000;
const PEERS = ['make', 'ninja', 'turbo', 'wireit', 'nx', 'moon'];

export const bench: Bench = (report) =>
  inScratch(async (dir) => {
    ensureBuilt();
    const tools = join(dir, 'tools');
    await measure('10 nodes x 100k rows', wide(join(dir, 'rows')), [], null);
    await measure('1,000 nodes', many(join(dir, 'n1000'), 1000), PEERS, '< 0.2 s');
    await measure('10,000 nodes', many(join(dir, 'n10000'), 10_000), ['make', 'ninja'], '< 0.5 s');

    async function measure(what: string, project: Project, peerNames: readonly string[], target: string | null) {
      const cwd = project.dir;
      const env = cleanEnv();
      const run = async () => (await sluice(['run'], { cwd, env })).seconds;
      await run();
      const settled = async () => {
        const result = await sluice(['run'], { cwd, env });
        if (!result.stdout.includes('nothing to do')) throw new Error(`something was to do\n${result.stdout}`);
        return result.seconds;
      };
      const peers = findPeers(peerNames, dir, project.nodes, tools);
      for (const peer of peers) await peer.run();
      const floor: Subject = {
        name: 'node -e 0',
        run: async () => (await timed([process.execPath, '-e', '0'], { env })).seconds,
      };
      const planned: Subject = {
        name: 'planned',
        run() {
          forgetSettled(cwd);
          return run();
        },
      };
      // The planned run comes first: it leaves the settled record that the next one ends by.
      const all = await inTurn([planned, { name: 'settled', run: settled }, floor, ...peers], ROUNDS);
      const of = (name: string) => all.get(name) ?? [];
      report({
        metric: `${what}, nothing to do`,
        value: median(of('settled')),
        unit: 's',
        target: target ?? '< 2x node -e 0',
        peer: { name: 'node -e 0', value: median(of('node -e 0')) },
        ratio: ratioOf(of('settled'), of('node -e 0')),
      });
      report({
        metric: `${what}, nothing to do, record of the last run gone`,
        value: median(of('planned')),
        unit: 's',
        peer: { name: 'node -e 0', value: median(of('node -e 0')) },
        ratio: ratioOf(of('planned'), of('node -e 0')),
      });
      for (const { name } of peers)
        report({
          metric: `${what}, nothing to do`,
          value: median(of('settled')),
          unit: 's',
          peer: { name, value: median(of(name)) },
          ratio: ratioOf(of('settled'), of(name)),
        });
    }
  });

interface Project {
  readonly dir: string;
  readonly nodes: number;
}

/** A source and nine filters in a row, all of which keep every row. */
function wide(dir: string): Project {
  const filters = Array.from(
    { length: 9 },
    (_, nth) => `  f${nth + 1}: { kind: filter, from: ${nth === 0 ? 'read' : `f${nth}`}, where: n >= 0 }`,
  );
  writeProject(dir, `nodes:\n  read: { kind: read, dataset: rows.jsonl, key: id }\n${filters.join('\n')}\n`);
  writeRecords(join(dir, 'rows.jsonl'), 0, ROWS, 200);
  return { dir, nodes: 10 };
}

/** Nodes that hang on one source. */
function many(dir: string, nodes: number): Project {
  const filters = Array.from(
    { length: nodes - 1 },
    (_, nth) => `  f${nth}: { kind: filter, from: read, where: n + ${nth} >= 0 }`,
  );
  writeProject(dir, `nodes:\n  read: { kind: read, dataset: rows.jsonl, key: id }\n${filters.join('\n')}\n`);
  writeRecords(join(dir, 'rows.jsonl'), 0, 3, 200);
  return { dir, nodes };
}
