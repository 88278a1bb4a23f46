/** How many sandboxes are at work: as many as the pool `sandbox` of a manifest says, also when that changes from run to run. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { UnitPool } from '#services/sandbox/unit-pool.ts';

const turn = { priority: [0], signal: new AbortController().signal };
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test('no more at once than its size, and those that wait follow', async () => {
  const pool = new UnitPool(4);
  pool.resize(1);
  const atWork = new Set<number>();
  const ends: (() => void)[] = [];
  const runs = [0, 1, 2, 3].map((nth) =>
    pool.inTurn(turn, async () => {
      atWork.add(nth);
      await new Promise<void>((resolve) => ends.push(resolve));
      atWork.delete(nth);
    }),
  );
  await settled();
  assert.equal([...atWork], [0]);
  ends.shift()?.();
  await settled();
  assert.equal([...atWork], [1]);
  pool.resize(3);
  await settled();
  assert.equal([...atWork], [1, 2, 3]);
  pool.resize(1);
  for (const end of ends) end();
  await Promise.all(runs);
  const late = [4, 5].map((nth) => pool.inTurn(turn, async () => void atWork.add(nth)));
  await Promise.all(late);
  assert.equal([...atWork], [4, 5]);
  pool.close();
});

test.run();
