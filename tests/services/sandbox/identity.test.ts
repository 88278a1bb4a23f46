/** What is refused while planning, because what serves here cannot do it. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '#contract/failure.ts';
import type { BackendName } from '#contract/sandbox.ts';
import { makePolicy } from '#services/sandbox/policy.ts';
import { sandboxIdentity } from '#services/sandbox/sandbox-identity.ts';

/** A machine where this backend, and no other, runs programs. */
const machine = (backend: BackendName) => ({
  served: async () => ({
    served: { backend, strength: 'strong' as const, interpreter: 'cpython 3.11.7' },
    policy: makePolicy({}, 'program'),
  }),
});

async function told(backend: BackendName, config: object): Promise<unknown> {
  try {
    await sandboxIdentity(machine(backend), { ...config });
    return null;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [error.code, error.detail];
  }
}

test('datasets need a backend that can show them, and evidence one that sees them opened', async () => {
  const refused = ['sandbox-unavailable', { at: ['datasets'] }];
  const datasets = { toy: 'data/toy' };
  assert.equal(await told('process', { datasets, evidence: 'off' }), refused);
  assert.equal(await told('bwrap', { datasets, evidence: 'required' }), refused);
  assert.is(await told('bwrap', { datasets, evidence: 'off' }), null);
  assert.is(await told('zygote', { datasets, evidence: 'required' }), null);
  assert.is(await told('process', { datasets: {}, evidence: 'required' }), null);
});

test.run();
