/** A candidate against its tests: mode and limits from the reference, one execution a hash seed, and one status of all of them. */

import { Failure } from '#contract/failure.ts';
import type { SandboxPolicy, TestExecution, TestResult, TestRun, TestStatus } from '#contract/sandbox.ts';
import { sha256 } from '#util/sha256.ts';
import type { Backend, Turn, Verdict } from './backend.ts';
import { cpuLimit, wallLimit } from './policy.ts';
import { type References, takes } from './references.ts';
import { twice } from './twice.ts';

export interface CandidateContext {
  readonly backend: Backend;
  readonly policy: SandboxPolicy;
  readonly references: References;
  readonly turn: Turn;
}

/** @throws Failure `sandbox-*`, `stopped` */
export async function runCandidate(run: TestRun, context: CandidateContext): Promise<TestResult> {
  const { backend, policy, references, turn } = context;
  const { language, candidate, tests, files = {}, hashSeeds = [0] } = run;
  const fit = await references.fit(run, backend, policy.limits, turn);
  const cpuMs = cpuLimit(policy.limits, fit.referenceMs);
  const limits = { ...policy.limits, cpuMs, wallMs: wallLimit(policy.limits, cpuMs) };
  const verdicts: { readonly hashSeed: number; readonly verdict: Verdict }[] = [];
  if (fit.invalid === null) {
    for (const hashSeed of hashSeeds.length === 0 ? [0] : hashSeeds) {
      const job = { language, source: candidate, tests, mode: fit.mode, files, hashSeed, limits };
      verdicts.push({ hashSeed, verdict: await verdictOf(() => backend.test(job, turn), run) });
    }
  }
  const runs = verdicts.map(({ hashSeed, verdict }) => toExecution(hashSeed, verdict, run));
  const taken = [...new Set(verdicts.flatMap(({ verdict }) => verdict.taken))].sort();
  const forgeableBecause = fit.forgeableBecause ?? (taken.length > 0 ? takes(taken) : null);
  return {
    ...merge(runs, fit.invalid),
    mode: fit.mode,
    forgeable: forgeableBecause !== null,
    forgeableBecause,
    runs,
    served: backend.served,
    policy: { version: policy.version, digest: policy.digest },
    cpuLimitMs: cpuMs,
  };
}

/** Tests that the reference got through are no wrong tests, whatever a candidate makes of them. */
async function verdictOf(test: () => Promise<Verdict>, run: TestRun): Promise<Verdict> {
  try {
    return await twice(test);
  } catch (error) {
    const isTests = error instanceof Failure && error.code === 'sandbox-tests-invalid';
    if (!isTests || run.reference === undefined) throw error;
    const nothing = { passed: 0, total: 0, behaviour: sha256(''), taken: [], cpuMs: 0, wallMs: 0, peakBytes: 0 };
    return { status: 'fail_exception', detail: error.message, ...nothing };
  }
}

function toExecution(hashSeed: number, verdict: Verdict, run: TestRun): TestExecution {
  const { status, detail, behaviour, passed, total, cpuMs, wallMs, peakBytes } = verdict;
  return { hashSeed, status: decided(status, detail, run), detail, behaviour, passed, total, cpuMs, wallMs, peakBytes };
}

/** @throws Failure `sandbox-unsplittable` where nobody has shown that these tests can be split */
function decided(status: Verdict['status'], detail: string, run: TestRun): TestStatus {
  if (status !== 'unsplittable') return status;
  // The reference got through: this candidate led the tests to a value that they cannot hand back to it.
  if (run.reference !== undefined) return 'fail_exception';
  throw new Failure('sandbox-unsplittable', `these tests cannot be split from the candidate: ${detail}`, {
    hint: 'give a reference, which decides, or `mode: script`, whose labels can be forged',
  });
}

type Merged = Pick<
  TestResult,
  'status' | 'detail' | 'behaviour' | 'passed' | 'total' | 'cpuMs' | 'wallMs' | 'peakBytes' | 'isStable'
>;

function merge(runs: readonly TestExecution[], invalid: string | null): Merged {
  const [first] = runs;
  if (first === undefined) {
    const nothing = { behaviour: sha256(''), passed: 0, total: 0, cpuMs: 0, wallMs: 0, peakBytes: 0, isStable: true };
    return { status: 'reference_invalid', detail: invalid ?? '', ...nothing };
  }
  const statuses = [...new Set(runs.map(({ status }) => status))];
  const agree = statuses.length === 1;
  const { behaviour, passed, total } = first;
  return {
    status: agree ? first.status : 'nondeterministic',
    detail: agree ? first.detail : runs.map(({ hashSeed, status }) => `hash seed ${hashSeed}: ${status}`).join(', '),
    behaviour,
    passed,
    total,
    isStable: runs.every((run) => run.behaviour === behaviour),
    cpuMs: Math.max(...runs.map(({ cpuMs }) => cpuMs)),
    wallMs: Math.max(...runs.map(({ wallMs }) => wallMs)),
    peakBytes: Math.max(...runs.map(({ peakBytes }) => peakBytes)),
  };
}
