/** The failure that a piece of work must end in. */

import { Failure } from '#contract/failure.ts';

/** @throws whatever else it ends in, and an error where it does not fail */
export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('did not fail');
}

/** Its code, or `answered`. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'answered',
    (error) => (error instanceof Failure ? error.code : String(error)),
  );
}
