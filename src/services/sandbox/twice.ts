/** One more try where the sandbox broke, and a named failure where it breaks again: no label is ever made of it. */

import { Failure } from '#contract/failure.ts';
import { Infrastructure } from './backend.ts';

const PAUSE_MS = 50;

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
      hint: '`sluice doctor` tries every backend; lower `sandbox.limits` if the machine is short of memory',
    });
  }
}
