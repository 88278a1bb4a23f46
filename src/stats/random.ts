/** A seeded stream of numbers for resampling. Row kinds must not use it: their chance comes from hashes (util/sha256.ts). */

import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export interface Random {
  /** A whole number in [0, n), n at most 2^32. Scaled raw output: its bias is below n / 2^32. */
  index(n: number): number;
  /** 32 random bits as a signed integer. */
  bits(): number;
}

/** @param seed a whole number; seeds that differ only beyond 32 bits give the same stream */
export function makeRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed | 0);
  return {
    index: (n) => Math.floor(((generator.next() >>> 0) * n) / 4294967296),
    bits: () => generator.next(),
  };
}
