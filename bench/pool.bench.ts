/** The whole HumanEval pool through the command line: mutated, labelled twice, packed and reported; and again with nothing changed. */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { humanEval } from '#rig/code-tasks.ts';
import { jsonl, SHARED_DATA } from '#rig/data-sources.ts';
import type { Bench } from './figure.ts';
import { expect, finishOf, measured } from './measured.ts';
import { inScratch } from './process.ts';
import { ensureBuilt, forgetSettled, writeProject } from './project.ts';

/** Fewer tasks for a quick look: `SLUICE_BENCH_TASKS=20 npm run bench -- pool`. */
const TASKS = Number(process.env['SLUICE_BENCH_TASKS'] ?? 164);

const PIPELINE = `nodes:
  tasks: { kind: read, dataset: tasks.jsonl, key: task_id }
  candidates: { kind: mutate, from: tasks, language: python, before: before, pool_size: all }
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
  await inScratch(async (dir) => {
    ensureBuilt();
    const cwd = writeProject(dir, PIPELINE);
    const tasks = humanEval().slice(0, TASKS);
    const rows = tasks.map(({ id, prompt, reference, tests: { script, entry } }) => ({
      task_id: id,
      before: `${prompt}    pass\n`,
      reference,
      test: script,
      entry_point: entry,
    }));
    writeFileSync(join(cwd, 'tasks.jsonl'), jsonl(rows));
    const first = await measured(['run', '--json'], cwd);
    const { rowsRun } = finishOf(first);
    const what = `${tasks.length} tasks`;
    report({ metric: `${what}: rows made, labelled twice, packed`, value: rowsRun, unit: 'rows' });
    report({ metric: `${what}: from nothing to pools, wall`, value: first.seconds, unit: 's', target: '< 60 s' });
    report({
      metric: `${what}: sluice itself, without the sandbox, processor time`,
      value: first.cpuSeconds,
      unit: 's',
    });
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
  });
};
