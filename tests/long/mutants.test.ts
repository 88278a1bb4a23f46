/** Each operator taken away in turn, over real tasks: no choice of another class moves, and no rank of its own. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { OPERATORS } from '#domain/mutate/operators.ts';
import { humanEval } from '#rig/code-tasks.ts';
import { hasSharedData } from '#rig/data-sources.ts';
import { mutantPool, type PoolCandidate } from '#rig/mutant-pool.ts';
import { makeCodeService } from '#services/code/code-service.ts';

const STRIDE = 8;

test('an operator more or less moves nothing of another class', async () => {
  if (!hasSharedData('mutants of HumanEval')) return;
  const code = makeCodeService();
  const tasks = humanEval().filter((_, at) => at % STRIDE === 0);
  const choose = (without: readonly string[]) => mutantPool(tasks, { pool_size: 12, oversample: 2, without }, code);
  const told = (pool: readonly PoolCandidate[]) =>
    pool.map(({ task, id, text, sidecar }) => JSON.stringify([task.id, id, text, sidecar]));
  const all = await choose([]);
  let moved = 0;
  for (const { name, class: own } of OPERATORS) {
    const fewer = await choose([name]);
    const others = (pool: readonly PoolCandidate[]) => told(pool.filter(({ sidecar }) => sidecar.class !== own));
    assert.equal(others(fewer), others(all), name);
    const left = told(all.filter(({ sidecar }) => sidecar.class === own && sidecar.operator !== name));
    const now = new Set(told(fewer));
    assert.equal(
      left.filter((each) => !now.has(each)),
      [],
      name,
    );
    moved += all.filter(({ sidecar }) => sidecar.operator === name).length;
  }
  assert.ok(moved > 100, 'the operators were in use');
});

test.run();
