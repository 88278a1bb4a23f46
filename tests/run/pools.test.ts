/** Which pool an action takes its slot of. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PlanNode } from '#contract/plan.ts';
import { Pool, poolOf } from '#run/pools.ts';

const node = (pool: string, ...needs: string[]) => ({ pool, kind: { needs } }) as unknown as PlanNode;

test('cpu limits what starts programs; sandbox and llm limit where they have a size', () => {
  const cpu = new Pool(2);
  const sandbox = new Pool(1);
  const gpu = new Pool(1);
  const sized = new Map([
    ['cpu', cpu],
    ['sandbox', sandbox],
    ['gpu', gpu],
  ]);
  const plain = new Map([['cpu', cpu]]);
  assert.is(poolOf(node('cpu'), sized), undefined);
  assert.is(poolOf(node('cpu', 'process'), sized), cpu);
  assert.is(poolOf(node('gpu', 'sandbox'), sized), gpu);
  assert.is(poolOf(node('sandbox', 'sandbox'), sized), sandbox);
  assert.is(poolOf(node('sandbox', 'sandbox'), plain), undefined);
  assert.is(poolOf(node('sandbox', 'process'), plain), cpu, 'programs are never without a limit');
});

test.run();
