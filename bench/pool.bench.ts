/**
 * HumanEval pools through the command line: mutated, labelled twice, packed and reported; and again with nothing changed. First
 * the pool of 5,000 candidates that the aim speaks of, then every mutant that there is.
 */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HumanEvalTask, humanEval } from '#rig/code-tasks.ts';
import { jsonl, SHARED_DATA } from '#rig/data-sources.ts';
import type { Bench, Figure } from './figure.ts';
import { expect, finishOf, measured } from './measured.ts';
import { inScratch } from './process.ts';
import { ensureBuilt, forgetSettled, writeProject } from './project.ts';

/** Fewer tasks for a quick look: `SLUICE_BENCH_TASKS=20 npm run bench -- pool`. */
const TASKS = Number(process.env['SLUICE_BENCH_TASKS'] ?? 164);

/** A task, by quota over the classes and with what `mutate` makes beyond it for pools to choose from: about 5,000 over all tasks. */
const OF_5000 = 16;

const pipelineOf = (poolSize: number | 'all') => `nodes:
  tasks: { kind: read, dataset: tasks.jsonl, key: task_id }
  candidates: { kind: mutate, from: tasks, language: python, before: before, pool_size: ${poolSize} }
  labels:
    kind: sandbox-label
    from: candidates
    reference: reference
    tests: { type: script, field: test, entry: entry_point }
  pools: { kind: pool, from: labels, size: 12 }
  report: { kind: label-report, from: { from: labels, yields: candidates.yields, pool: pools }, to: out/report }
`;

export const bench: Bench = async (report) => {
  if (!existsSync(SHARED_DATA)) {
    process.stderr.write('pool: there is no ../shared/data, nothing is measured\n');
    return;
  }
  const tasks = humanEval().slice(0, TASKS);
  const sizes = process.env['SLUICE_BENCH_POOL'] === '5000' ? ([OF_5000] as const) : ([OF_5000, 'all'] as const);
  for (const poolSize of sizes) await inScratch((dir) => pool(dir, tasks, poolSize, report));
};

async function pool(
  dir: string,
  tasks: readonly HumanEvalTask[],
  poolSize: number | 'all',
  report: (figure: Figure) => void,
): Promise<void> {
  ensureBuilt();
  const cwd = writeProject(dir, pipelineOf(poolSize));
  const rows = tasks.map(({ id, prompt, reference, tests: { script, entry } }) => ({
    task_id: id,
    before: `${prompt}    pass\n`,
    reference,
    test: script,
    entry_point: entry,
  }));
  writeFileSync(join(cwd, 'tasks.jsonl'), jsonl(rows));
  const first = await measured(['run', '--json'], cwd);
  const labelled = rowsOut(first.stdout, 'labels');
  const what = `${tasks.length} tasks, ${poolSize === 'all' ? 'all candidates' : `${poolSize} candidates each`}`;
  report({ metric: `${what}: labelled twice`, value: labelled, unit: 'candidates' });
  const target = poolSize === 'all' ? {} : { target: '< 60 s' };
  report({ metric: `${what}: from nothing to pools, wall`, value: first.seconds, unit: 's', ...target });
  report({ metric: `${what}: runs of candidates`, value: (2 * labelled) / first.seconds, unit: 'a second' });
  report({ metric: `${what}: sluice itself, without the sandbox, processor time`, value: first.cpuSeconds, unit: 's' });
  report({ metric: `${what}: peak memory of sluice`, value: first.peakBytes / 1e6, unit: 'MB' });
  // Without --json, as a user would: the events of a run that did nothing are only told when asked for.
  await measured(['run'], cwd);
  const again = await measured(['run'], cwd);
  if (!/^rows run 0,/m.test(again.stdout)) throw new Error('the second run did something');
  report({ metric: `${what}: again, nothing changed`, value: again.seconds, unit: 's', target: '< 1 s' });
  forgetSettled(cwd);
  const planned = await measured(['run', '--json'], cwd);
  expect('rows run when planned anew', finishOf(planned).rowsRun, 0);
  report({ metric: `${what}: again, every node looked up`, value: planned.seconds, unit: 's', target: '< 1 s' });
}

function rowsOut(events: string, node: string): number {
  const ends = events.split('\n').filter((line) => line.includes('"node-state"') && line.includes(`"${node}"`));
  return JSON.parse(ends.at(-1) ?? '{}').counts.out;
}
