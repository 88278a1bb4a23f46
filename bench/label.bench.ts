/**
 * Labels a second over HumanEval's solutions, in split mode (unforgeable), beside HumanEval's own method, and the trivial candidate
 * beside a bare fork in C. By processor time as well, because wall times on a machine with other work say little.
 */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxService } from '#contract/sandbox.ts';
import { type HumanEvalTask, humanEval, labelAll } from '#rig/code-tasks.ts';
import { SHARED_DATA } from '#rig/data-sources.ts';
import { makeSandboxHub } from '#services/sandbox/sandbox-service.ts';
import type { Bench, Figure } from './figure.ts';
import { inScratch, median } from './process.ts';
import { treeCpu } from './tree-cpu.ts';

const ROUNDS = Number(process.env['SLUICE_BENCH_ROUNDS'] ?? 3);
/** Candidates of each task in a pool, where one set of tests serves them all. */
const COPIES = 4;
const TRIVIAL_RUNS = 600;
const here = import.meta.dirname;

interface Speed {
  /** Labels a second of the wall, and of processor time. */
  readonly wall: number;
  readonly cpu: number;
}

export const bench: Bench = async (report) => {
  if (!existsSync(SHARED_DATA)) {
    process.stderr.write('label: there is no ../shared/data, nothing is measured\n');
    return;
  }
  const tasks = humanEval();
  for (const workers of [1, 2]) {
    const [ours, pooled, twice, theirs]: [Speed[], Speed[], Speed[], Speed[]] = [[], [], [], []];
    await withSandbox(workers, async (sandbox) => {
      await labelled(sandbox, tasks, [0, 1]);
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(await labelled(sandbox, tasks, [0]));
        pooled.push(await labelled(sandbox, tasks, [0], COPIES));
        twice.push(await labelled(sandbox, tasks, [0, 1]));
        theirs.push(peer(tasks, workers));
      }
    });
    const what = workers === 1 ? 'one core' : 'two cores';
    const name = "HumanEval's method (forgeable)";
    const aim = workers === 1 ? '>= 300' : '>= 600';
    const figure = (metric: string, of: readonly Speed[], by: keyof Speed, target?: string): Figure => {
      const [value, other] = [median(of.map((one) => one[by])), median(theirs.map((one) => one[by]))];
      const unit = by === 'wall' ? 'labels/s' : 'labels/CPU s';
      return {
        metric,
        value,
        unit,
        ...(target === undefined ? {} : { target }),
        peer: { name, value: other },
        ratio: value / other,
      };
    };
    report(figure(`unforgeable labels of one run, ${what}`, ours, 'wall', aim));
    report(figure(`unforgeable labels of one run, ${what}`, ours, 'cpu', '>= 300'));
    report(figure(`the same, ${COPIES} candidates a task, ${what}`, pooled, 'wall', aim));
    report(figure(`the same, ${COPIES} candidates a task, ${what}`, pooled, 'cpu', '>= 300'));
    report(figure(`unforgeable labels of two runs, ${what}`, twice, 'wall'));
    report(figure(`unforgeable labels of two runs, ${what}`, twice, 'cpu'));
  }
  await trivial(report);
};

async function withSandbox(workers: number, work: (sandbox: SandboxService) => Promise<void>): Promise<void> {
  const hub = makeSandboxHub({ env: process.env, workers });
  try {
    await hub.warm({});
    await work(hub.bind({ priority: [0], signal: new AbortController().signal }));
  } finally {
    await hub.close();
  }
}

async function labelled(
  sandbox: SandboxService,
  tasks: readonly HumanEvalTask[],
  hashSeeds: readonly number[],
  copies = 1,
): Promise<Speed> {
  const candidates = tasks.flatMap((task) =>
    Array.from({ length: copies }, (_, nth) => ({ task, text: `${task.reference}\n# ${nth}\n` })),
  );
  const [began, cpu] = [performance.now(), treeCpu()];
  const results = await labelAll(sandbox, candidates, hashSeeds);
  const speed = {
    wall: (1000 * candidates.length) / (performance.now() - began),
    cpu: candidates.length / (treeCpu() - cpu),
  };
  const bad = results.filter(({ status, mode }) => status !== 'pass' || mode !== 'split');
  if (bad.length > 0)
    throw new Error(`${bad.length} references are not labelled pass in split mode: this measures something else`);
  return speed;
}

function peer(tasks: readonly HumanEvalTask[], workers: number): Speed {
  const input = tasks
    .map(
      ({ reference, tests }) =>
        `${JSON.stringify({ program: `${reference}\n${tests.script}\ncheck(${tests.entry})` })}\n`,
    )
    .join('');
  const { stdout, status, stderr } = spawnSync('python3', [join(here, 'humaneval-method.py'), String(workers)], {
    input,
  });
  if (status !== 0) throw new Error(`the peer failed: ${stderr}`);
  const { seconds, cpu, passed, total } = JSON.parse(stdout.toString());
  if (passed !== total) throw new Error(`the peer passes ${passed} of ${total}`);
  return { wall: total / seconds, cpu: total / cpu };
}

const TRIVIAL = {
  reference: 'def f():\n    return 1\n',
  tests: { type: 'cases', entry: 'f', cases: [{ args: [], expected: 1 }] },
} as const;

async function trivial(report: (figure: Figure) => void): Promise<void> {
  const floor = await inScratch(async (dir) => {
    const built = spawnSync('cc', ['-O2', '-o', join(dir, 'floor'), join(here, 'fork-floor.c')]);
    if (built.status !== 0) return null;
    const measure = () => spawnSync(join(dir, 'floor'), ['1000']).stdout.toString().split(' ').map(Number);
    return median([measure(), measure(), measure()].map(([, cpu = 0]) => cpu * 1000));
  });
  await withSandbox(1, async (sandbox) => {
    const run = () =>
      sandbox.runTests({
        language: 'python',
        candidate: TRIVIAL.reference,
        reference: TRIVIAL.reference,
        tests: TRIVIAL.tests,
      });
    await run();
    const [began, cpu] = [performance.now(), treeCpu()];
    for (let nth = 0; nth < TRIVIAL_RUNS; nth++) await run();
    const wall = (performance.now() - began) / TRIVIAL_RUNS;
    const used = ((treeCpu() - cpu) * 1000) / TRIVIAL_RUNS;
    report({ metric: 'the trivial candidate, wall', value: wall, unit: 'ms/run' });
    const beside = floor === null ? {} : { peer: { name: 'fork and exit in C', value: floor }, ratio: used / floor };
    report({
      metric: 'the trivial candidate, processor time',
      value: used,
      unit: 'ms/run',
      target: '<= 2x fork and exit',
      ...beside,
    });
  });
}
