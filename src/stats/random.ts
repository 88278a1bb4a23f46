/** A seeded stream of numbers for resampling. Row kinds must not use it: their chance comes from hashes (util/sha256.ts). */

import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export interface Random {
  /** A whole number in [0, n), n at most 2^31. Scaled raw output: its bias is below n / 2^32. */
  index(n: number): number;
  /** 32 random bits as a signed integer. */
  bits(): number;
}

/** Seeds near each other begin near each other; their bits are mixed, and what comes first is thrown away. */
const WARM_UP = 32;

/** @param seed a whole number; seeds that differ only beyond 32 bits give the same stream */
export function makeRandom(seed: number): Random {
  const generator = xoroshiro128plus(mixed(seed));
  for (let draw = 0; draw < WARM_UP; draw++) generator.next();
  return {
    index: (n) => ((generator.next() >>> 0) * (n / 4294967296)) | 0,
    bits: () => generator.next(),
  };
}

/** The finaliser of MurmurHash3 (Appleby 2011): a bijection of 32 bits. */
function mixed(seed: number): number {
  // Not 0 for seed 0: the generator would start with nearly all bits alike.
  let bits = (seed | 0) ^ 0x9e3779b9;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
