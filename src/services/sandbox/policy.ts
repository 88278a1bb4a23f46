/** The one policy of all backends: limits, and a version and digest that stand for them in keys and labels. */

import type { SandboxLimits, SandboxOptions, SandboxPolicy } from '#contract/sandbox.ts';
import { canonicalize } from '#keys/canonical.ts';
import { sha256 } from '#util/sha256.ts';
import { pythonDigest } from './python-sources.ts';
import { candidateCode, testerCode } from './quickjs-code.ts';

/** Raised when the same limits and sources would let something else through. */
const POLICY_VERSION = 2;
const MiB = 2 ** 20;

const DEFAULT_LIMITS: SandboxLimits = {
  cpuMs: 100,
  cpuFactor: 10,
  wallMs: 0,
  memoryBytes: 512 * MiB,
  fileBytes: 16 * MiB,
  scratchBytes: 32 * MiB,
  scratchFiles: 1024,
  processes: 16,
  openFiles: 64,
  outputBytes: MiB,
};

/** For programs: training code loads libraries and data. */
const PROGRAM_LIMITS: SandboxLimits = {
  ...DEFAULT_LIMITS,
  memoryBytes: 8192 * MiB,
  fileBytes: 512 * MiB,
  scratchBytes: 1024 * MiB,
  scratchFiles: 100_000,
  processes: 256,
  openFiles: 1024,
  outputBytes: 16 * MiB,
};

/** Processor time of what nothing is known about: a reference, or a candidate without one. */
const UNKNOWN_CPU_MS = 10_000;
const LEAST_WALL_MS = 5000;

let digest: string | null = null;

/** Of what runs inside, in either language. */
function sourcesDigest(): string {
  digest ??= sha256([pythonDigest(), candidateCode(0), testerCode(0)].join('\n'));
  return digest;
}

export function makePolicy(options: SandboxOptions, use: 'tests' | 'program'): SandboxPolicy {
  const base = use === 'tests' ? DEFAULT_LIMITS : PROGRAM_LIMITS;
  const limits = { ...base, ...options.limits };
  return {
    version: POLICY_VERSION,
    digest: sha256(canonicalize({ version: POLICY_VERSION, limits: { ...limits }, sources: sourcesDigest() })),
    limits,
  };
}

/** @param referenceMs what the reference took, where there is one that passes */
export function cpuLimit(limits: SandboxLimits, referenceMs: number | null): number {
  return Math.ceil(
    referenceMs === null
      ? Math.max(limits.cpuMs, UNKNOWN_CPU_MS)
      : Math.max(limits.cpuMs, limits.cpuFactor * referenceMs),
  );
}

export function wallLimit(limits: SandboxLimits, cpuLimitMs: number): number {
  return limits.wallMs > 0 ? limits.wallMs : Math.max(LEAST_WALL_MS, 10 * cpuLimitMs);
}
