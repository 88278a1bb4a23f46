/**
 * What a sandboxed run costs as the runner grows: a warm unit, and a program from the keeper, beside a process started from Node
 * itself, which copies its page tables and holds up its one thread meanwhile.
 */

import { spawn } from 'node:child_process';
import type { SandboxService } from '#contract/sandbox.ts';
import { makeSandboxHub } from '#services/sandbox/sandbox-service.ts';
import type { Bench } from './figure.ts';
import { median } from './process.ts';

const ROUNDS = 60;
const FAT_MB = 800;
const CANDIDATE = 'def f(x):\n    return x + 1\n';

interface Costs {
  /** Medians in ms, of the whole run. */
  readonly label: number;
  readonly program: number;
  readonly spawn: number;
}

export const bench: Bench = async (report) => {
  const hub = makeSandboxHub({ env: process.env, workers: 1 });
  const service = hub.bind({ priority: [], signal: new AbortController().signal });
  try {
    await label(service);
    const small = process.memoryUsage.rss() / 1e6;
    const lean = await measure(service);
    const ballast = Array.from({ length: FAT_MB }, () => Buffer.alloc(1e6, 1));
    const large = process.memoryUsage.rss() / 1e6;
    const fat = await measure(service);
    if (ballast.length !== FAT_MB) throw new Error('the ballast is gone');
    const at = (mb: number) => `at ${Math.round(mb)} MB`;
    for (const [what, of] of [
      ['a run in a warm sandbox', 'label'],
      ['a sandboxed program', 'program'],
      ['a process started by Node', 'spawn'],
    ] as const) {
      report({ metric: `${what}, ${at(small)}`, value: lean[of], unit: 'ms' });
      report({
        metric: `${what}, ${at(large)}`,
        value: fat[of],
        unit: 'ms',
        ...(of === 'spawn' ? {} : { target: `as ${at(small)}` }),
        peer: { name: at(small), value: lean[of] },
        ratio: fat[of] / lean[of],
      });
    }
  } finally {
    await hub.close();
  }
};

async function measure(service: SandboxService): Promise<Costs> {
  return {
    label: await timed(() => label(service)),
    program: await timed(() => service.runProgram({ argv: ['true'], files: {}, deadlineMs: 60_000 })),
    spawn: await timed(spawnTrue),
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const all: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await work();
    all.push(performance.now() - started);
  }
  return median(all);
}

async function label(service: SandboxService): Promise<void> {
  const { status } = await service.runTests({
    language: 'python',
    candidate: CANDIDATE,
    tests: { type: 'cases', entry: 'f', cases: [{ args: [1], expected: 2 }] },
  });
  if (status !== 'pass') throw new Error(`the trivial candidate ends with ${status}`);
}

function spawnTrue(): Promise<void> {
  return new Promise((resolve, reject) => {
    spawn('true', { stdio: 'ignore' })
      .once('exit', () => resolve())
      .once('error', reject);
  });
}
