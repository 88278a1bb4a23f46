/** What labels of real programs must be, over every how many-th of them: tests/long takes all, the daily tests a slice. */

import { setMaxListeners } from 'node:events';
import * as assert from 'uvu/assert';
import type { SandboxService } from '#contract/sandbox.ts';
import { makeSandboxHub } from '#services/sandbox/sandbox-service.ts';
import { type CodeTask, humanEval, labelAll, mbpp, quixBugs } from './code-tasks.ts';
import { hasSharedData } from './data-sources.ts';
import { mutantPool } from './mutant-pool.ts';
import { plainRuns } from './plain-run.ts';

async function withSandbox(work: (sandbox: SandboxService) => Promise<void>): Promise<void> {
  const hub = makeSandboxHub({ env: process.env });
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  try {
    await work(hub.bind({ priority: [0], signal }));
  } finally {
    await hub.close();
  }
}

const everyNth = <T>(list: readonly T[], stride: number): readonly T[] => list.filter((_, at) => at % stride === 0);

async function statusesOf<T extends CodeTask>(
  sandbox: SandboxService,
  tasks: readonly T[],
  textOf: (task: T) => string,
): Promise<string[]> {
  const results = await labelAll(
    sandbox,
    tasks.map((task) => ({ task, text: textOf(task) })),
    [0, 1],
  );
  return results.map(({ status, detail }, at) => `${tasks[at]?.id} ${status}${status === 'pass' ? '' : ` ${detail}`}`);
}

const reference = (task: CodeTask): string => task.reference;
const notPassing = (statuses: readonly string[]): string[] => statuses.filter((one) => !one.endsWith(' pass'));

export async function checkReferences(stride: number): Promise<void> {
  if (!hasSharedData('HumanEval and MBPP')) return;
  const sets = { HumanEval: humanEval(), MBPP: mbpp() };
  assert.equal([sets.HumanEval.length, sets.MBPP.length], [164, 427]);
  await withSandbox(async (sandbox) => {
    for (const tasks of Object.values(sets))
      assert.equal(notPassing(await statusesOf(sandbox, everyNth<CodeTask>(tasks, stride), reference)), []);
  });
}

/** Correct programs may be too slow for their limits, by name; a buggy one may do anything but pass. */
export async function checkQuixBugs(stride: number): Promise<void> {
  if (!hasSharedData('QuixBugs')) return;
  const tasks = everyNth(quixBugs(), stride);
  await withSandbox(async (sandbox) => {
    const correct = notPassing(await statusesOf(sandbox, tasks, reference));
    assert.equal(
      correct.filter((one) => !/ (?:reference_invalid|timeout_\w+)\b/.test(one)),
      [],
    );
    const buggy = await statusesOf(sandbox, tasks, (task) => task.buggy);
    assert.equal(
      buggy.filter((one) => one.endsWith(' pass')),
      [],
    );
  });
}

/** Labels against plain runs of the same programs, apart from those that no two runs need agree on. */
export async function checkMutantPool(stride: number): Promise<void> {
  if (!hasSharedData('the mutant pool')) return;
  const pool = everyNth(await mutantPool(humanEval()), stride);
  assert.ok(pool.length * stride > 5_000);
  await withSandbox(async (sandbox) => {
    const labels = await labelAll(sandbox, pool, [0, 1]);
    const isApart = (at: number): boolean => /^(?:nondeterministic|timeout)/.test(labels[at]?.status ?? '');
    const judged = pool.flatMap((one, at) => (isApart(at) ? [] : [{ ...one, label: labels[at] }]));
    const plain = await plainRuns(judged);
    const different: string[] = [];
    for (const [at, { task, sidecar, label }] of judged.entries()) {
      const passes = label?.status === 'pass';
      if (plain[at] === 'timeout' ? !passes : passes === (plain[at] === 'pass')) continue;
      const where = `${task.id} ${sidecar.operator} ${sidecar.span?.join('-')} ${sidecar.before} -> ${sidecar.after}`;
      different.push(`${where}: ${label?.status} (${label?.detail}), plain ${plain[at]}`);
    }
    console.log(`${judged.length} of ${pool.length} compared; the others are nondeterministic or timed out`);
    assert.ok(judged.length > pool.length * 0.8);
    assert.equal(different, []);
  });
}
