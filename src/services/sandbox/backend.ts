/** What stands behind the sandbox service: one way to run a candidate against tests, or a program. */

import type {
  ProgramResult,
  ProgramRun,
  SandboxLanguage,
  SandboxLimits,
  ServedBy,
  TestRun,
  TestStatus,
} from '#contract/sandbox.ts';

/** One execution, with everything decided that may be. */
export interface Job {
  readonly language: SandboxLanguage;
  readonly source: string;
  readonly tests: TestRun['tests'];
  readonly mode: 'split' | 'script';
  readonly limits: SandboxLimits;
  readonly hashSeed: number;
  readonly files: NonNullable<TestRun['files']>;
}

export interface Turn {
  readonly priority: readonly number[];
  readonly signal: AbortSignal;
}

export interface Verdict {
  /** `unsplittable`: the tests hand over what has no data form. */
  readonly status: TestStatus | 'unsplittable';
  readonly detail: string;
  readonly passed: number;
  readonly total: number;
  readonly behaviour: string;
  /** Names other than the entry that the tests took from the candidate. */
  readonly taken: readonly string[];
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly peakBytes: number;
}

export type ProgramJob = ProgramRun & { readonly limits: SandboxLimits };
export type ProgramOutcome = Omit<ProgramResult, 'served' | 'policy'>;

/** The sandbox broke, not the candidate: worth one more try. */
export class Infrastructure extends Error {
  readonly code: 'sandbox-died' | 'sandbox-full' | 'sandbox-out-of-memory';

  constructor(message: string) {
    super(message);
    this.code = /memory|ENOMEM/i.test(message)
      ? 'sandbox-out-of-memory'
      : /No space|ENOSPC|quota|File too large/i.test(message)
        ? 'sandbox-full'
        : 'sandbox-died';
  }
}

export interface Backend {
  readonly served: ServedBy;
  /** @throws Infrastructure; Failure `sandbox-tests-invalid`, `stopped` */
  test(job: Job, turn: Turn): Promise<Verdict>;
  program?(job: ProgramJob, turn: Turn): Promise<ProgramOutcome>;
  bytecode?(sources: readonly string[], limits: SandboxLimits, turn: Turn): Promise<readonly (string | null)[]>;
}
