/** Which sources compile to the same bytecode, asked of a unit; a source that takes the compiler down is found by halving. */

import type { JsonObject } from '#contract/json.ts';
import type { SandboxLimits } from '#contract/sandbox.ts';
import { refuseTrouble } from './read-verdict.ts';

/** @returns a digest for each source, null for what does not compile */
export async function bytecodeDigests(
  ask: (order: JsonObject) => Promise<JsonObject>,
  sources: readonly string[],
  limits: SandboxLimits,
): Promise<readonly (string | null)[]> {
  const answer = await ask({ op: 'bytecode', sources: [...sources], limits: { ...limits } });
  refuseTrouble(answer);
  const { digests } = answer;
  if (Array.isArray(digests)) return digests.map((digest) => (typeof digest === 'string' ? digest : null));
  if (sources.length === 1) return [null];
  const half = Math.ceil(sources.length / 2);
  return [
    ...(await bytecodeDigests(ask, sources.slice(0, half), limits)),
    ...(await bytecodeDigests(ask, sources.slice(half), limits)),
  ];
}
