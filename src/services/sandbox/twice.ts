/** One more try where the sandbox broke, and a named failure where it breaks again: no label is ever made of it. */

import { Failure } from '#contract/failure.ts';
import { Infrastructure } from './backend.ts';

/** Whatever broke that is not the program's doing is tried once more. @throws Failure `sandbox-died` and its kin */
export async function twice<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Infrastructure)) throw error;
  }
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
