/** Mutants a second and core, over HumanEval's solutions: every operator, every edit reparsed, every filter but the one that runs Python. */

import { existsSync } from 'node:fs';
import { humanEval } from '#rig/code-tasks.ts';
import { SHARED_DATA } from '#rig/data-sources.ts';
import { digestOf, mutantPool } from '#rig/mutant-pool.ts';
import { makeCodeService } from '#services/code/code-service.ts';
import type { Bench } from './figure.ts';
import { median } from './process.ts';

const ROUNDS = 5;

export const bench: Bench = async (report) => {
  if (!existsSync(SHARED_DATA)) {
    process.stderr.write('mutate: there is no ../shared/data, nothing is measured\n');
    return;
  }
  const tasks = humanEval();
  const code = makeCodeService();
  const first = await mutantPool(tasks, {}, code);
  const mutants = first.filter(
    ({ sidecar }) =>
      sidecar.operator !== null && sidecar.class !== 'neutral_reference' && sidecar.class !== 'near_no_action_bait',
  );
  const digest = digestOf(first);
  const [wall, cpu]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const [began, used] = [performance.now(), process.cpuUsage()];
    const pool = await mutantPool(tasks, {}, code);
    const { user, system } = process.cpuUsage(used);
    wall.push((1000 * mutants.length) / (performance.now() - began));
    cpu.push((1e6 * mutants.length) / (user + system));
    if (digestOf(pool) !== digest) throw new Error('another pool than before');
  }
  report({ metric: 'mutants of HumanEval', value: mutants.length, unit: 'mutants', target: '>= 5,000' });
  report({
    metric: 'reparsed and filtered, processor time',
    value: median(cpu),
    unit: 'mutants/CPU s',
    target: '>= 10,000',
  });
  report({ metric: 'reparsed and filtered, wall', value: median(wall), unit: 'mutants/s' });
};
