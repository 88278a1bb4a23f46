/** One more try where the sandbox broke, and a named failure where it breaks again: no label is ever made of it. */

import { Failure } from '#contract/failure.ts';
import { Infrastructure } from './backend.ts';

const PAUSE_MS = 50;
const HINTS: { readonly [code in Infrastructure['code']]: string } = {
  'sandbox-died': '`sluice doctor` tries every backend',
  'sandbox-full':
    'files laid in must fit `sandbox.limits`: `scratchBytes`, `scratchFiles` and `fileBytes`; else the machine is short of memory',
  'sandbox-out-of-memory':
    'lower `sandbox.limits.memoryBytes` or `pools: { sandbox: 1 }`: the machine is short of memory',
};

/** Whatever broke that is not the program's doing is tried once more. @throws Failure `sandbox-died` and its kin */
export async function twice<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Infrastructure)) throw error;
  }
  // Whatever was killed together with it is seen to be gone by then.
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Infrastructure)) throw error;
    throw new Failure(error.code, `the sandbox broke twice: ${error.message}`, {
      scope: 'infrastructure',
      hint: HINTS[error.code],
    });
  }
}
