/**
 * The sign-flip permutation test of a mean (Fisher 1935): if neither side is better, each cluster's sum is as likely to have the other
 * sign. Honest with few clusters, where bootstrap bounds are too narrow.
 */

import type { Clusters } from './clusters.ts';
import { makeRandom } from './random.ts';

/** Up to this many clusters with a sum other than zero every combination of signs is tried: 1,048,576. */
const EXACT_LIMIT = 20;

export interface PermutationResult {
  /** One-sided: the share of sign combinations whose mean is at least the observed one. Never 0. */
  readonly p: number;
  readonly exact: boolean;
}

export function signFlipTest(
  { sums, total }: Clusters,
  { resamples, seed }: { readonly resamples: number; readonly seed: number },
): PermutationResult {
  // A sum of zero is the same under either sign.
  const moving = sums.filter((sum) => sum !== 0);
  // Sums of the same numbers in another order may differ in the last bits.
  const reach = total - 1e-9 * (1 + moving.reduce((all, sum) => all + Math.abs(sum), 0));
  if (moving.length <= EXACT_LIMIT) return { p: exactShare(moving, reach), exact: true };
  const random = makeRandom(seed);
  let atLeast = 1;
  for (let draw = 0; draw < resamples; draw++) if (signedSum(moving, random.bits) >= reach) atLeast++;
  return { p: atLeast / (resamples + 1), exact: false };
}

/** Gray code: from one combination to the next a single sign turns. */
function exactShare(sums: Float64Array, reach: number): number {
  const combinations = 2 ** sums.length;
  const signs = new Int8Array(sums.length).fill(1);
  let sum = sums.reduce((all, value) => all + value, 0);
  let atLeast = sum >= reach ? 1 : 0;
  for (let step = 1; step < combinations; step++) {
    const at = 31 - Math.clz32(step & -step);
    const sign = signs[at] ?? 1;
    sum -= 2 * sign * (sums[at] ?? 0);
    signs[at] = -sign;
    if (sum >= reach) atLeast++;
  }
  return atLeast / combinations;
}

/** A sum under random signs, 32 of them from one draw. */
function signedSum(sums: Float64Array, bits: () => number): number {
  let sum = 0;
  let signs = 0;
  for (let at = 0; at < sums.length; at++) {
    if (at % 32 === 0) signs = bits();
    const value = sums[at] ?? 0;
    sum += signs & 1 ? -value : value;
    signs >>>= 1;
  }
  return sum;
}
