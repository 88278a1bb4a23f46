/** Running code that nobody trusts: what may be asked of the sandbox and what it answers. docs/design/0016-sandbox.md says why. */

import type { Digest, Json } from './json.ts';

// ---- backends and policy ------------------------------------------------------------------------------------------

/** From the embedded default downwards. `process` only limits resources: it keeps neither files nor network away. */
export type BackendName = 'zygote' | 'bwrap' | 'container' | 'quickjs' | 'process';

export type SandboxLanguage = 'python' | 'javascript';

export type SandboxUse = SandboxLanguage | 'program';

/** Who runs what, in order of preference. */
export const BACKENDS_OF: { readonly [use in SandboxUse]: readonly BackendName[] } = {
  python: ['zygote', 'bwrap', 'container', 'process'],
  javascript: ['quickjs'],
  program: ['zygote', 'bwrap', 'container', 'process'],
};

/** Who can show folders of this machine to a program, and who sees from outside which files of them it opens. */
export const PROGRAM_POWERS = {
  mounts: ['zygote', 'bwrap', 'container'],
  opened: ['zygote'],
} as const satisfies { readonly [power: string]: readonly BackendName[] };

/** What every run is held to; each is in the policy's digest and so in keys. */
export interface SandboxLimits {
  /**
   * Processor time of all threads of a run: the most of this and `cpuFactor` times the reference's. A run without a reference, and
   * the reference's own, has at least 10 s.
   */
  readonly cpuMs: number;
  readonly cpuFactor: number;
  /** A backstop only: verdicts must not depend on the speed of the machine. 0: ten times the processor limit, at least 5 s. */
  readonly wallMs: number;
  /** Address space of a process. */
  readonly memoryBytes: number;
  readonly fileBytes: number;
  /** Everything written below the scratch folder together. */
  readonly scratchBytes: number;
  readonly scratchFiles: number;
  /** Processes and threads. */
  readonly processes: number;
  readonly openFiles: number;
  /** Standard output and error together. */
  readonly outputBytes: number;
}

/** What a node's config may say about its sandbox, under the name `sandbox`. */
export interface SandboxOptions {
  /** Exactly this one, or a Failure; unless told the strongest that works for the language. */
  readonly backend?: BackendName;
  /** Refuse a weak backend (`sandbox-weak`). */
  readonly strict?: boolean;
  /** Interpreter of candidates and programs in Python; else the first real `python3` of the PATH. */
  readonly python?: string;
  readonly limits?: Partial<SandboxLimits>;
}

export interface ServedBy {
  readonly backend: BackendName;
  readonly strength: 'strong' | 'weak';
  /** e.g. `cpython 3.11.7`, `quickjs 2024-01-13`; no paths. */
  readonly interpreter: string;
}

export interface SandboxPolicy {
  readonly version: number;
  /** Covers the limits, the system call filter and the sources of what runs inside. */
  readonly digest: Digest;
  readonly limits: SandboxLimits;
}

// ---- tests of a candidate -----------------------------------------------------------------------------------------

/** JSON, or `{"$literal": "<text>"}` for what JSON lacks: a Python literal such as `(1, 2)`, `{1, 2}`, `b"x"`, `1j`. */
export type TestValue = Json;

export type FunctionCase = {
  readonly args: readonly TestValue[];
  readonly kwargs?: { readonly [name: string]: TestValue };
  /** Compared with `==` and by exact type, all the way down; true is not 1 and 1.0 is not 1. */
  readonly expected?: TestValue;
  /** Name of the exception (or error class) that must be thrown, instead of `expected`. */
  readonly throws?: string;
  /** Numbers may differ by this much, absolutely or relatively. */
  readonly tolerance?: number;
};

export type CandidateTests =
  | { readonly type: 'cases'; readonly entry: string; readonly cases: readonly FunctionCase[] }
  /**
   * Python: assert lines, a `check(candidate)` function, unittest classes or `test_*` functions. JavaScript: statements that throw,
   * with `assert` and `assert.equal`, `assert.deepEqual` …, `test` and `expect` at hand.
   */
  | {
      readonly type: 'script';
      /** The function under test. Without it the script runs beside the candidate and its verdict can be forged. */
      readonly entry?: string;
      readonly script: string;
      /** Trusted code that the script leans on (imports, helpers of the task); run before it, never taken from the candidate. */
      readonly setup?: string;
    }
  | {
      readonly type: 'stdio';
      readonly cases: readonly { readonly stdin: string; readonly stdout: string; readonly args?: readonly string[] }[];
      /** `exact`; `lines`: spaces at the ends of lines and blank lines at the end do not count (default). */
      readonly compare?: 'exact' | 'lines';
    }
  /** A project's own command in a folder that holds `files` and the candidate at `path`; exit code 0 passes, and can be forged. */
  | { readonly type: 'command'; readonly argv: readonly string[]; readonly path: string };

/** What a run came to. An infrastructure error is a Failure, never one of these. */
export type TestStatus =
  | 'pass'
  | 'fail_assert'
  | 'fail_exception'
  | 'syntax_error'
  | 'timeout_cpu'
  | 'timeout_wall'
  | 'memory'
  | 'output_limit'
  | 'crash_signal'
  | 'nondeterministic'
  | 'policy_violation'
  | 'forged'
  | 'reference_invalid';

export interface TestRun {
  readonly language: SandboxLanguage;
  readonly candidate: string;
  readonly tests: CandidateTests;
  /**
   * A solution that must pass. It decides, once a set of tests, whether they can be split, and the processor limit; the candidate has
   * no say in either. Where it fails, every candidate is `reference_invalid`.
   */
  readonly reference?: string;
  /** Unless told: as the reference decides; without one `split` wherever the tests name an entry. */
  readonly mode?: 'split' | 'script';
  /** One run for each; runs that differ are `nondeterministic`. Default [0]. */
  readonly hashSeeds?: readonly number[];
  /** Laid into the scratch folder, by relative path. */
  readonly files?: { readonly [path: string]: string | Uint8Array };
  readonly sandbox?: SandboxOptions;
}

/** One execution. Times and memory are evidence: they belong in no row. */
export interface TestExecution {
  readonly hashSeed: number;
  readonly status: TestStatus;
  /** Why, in a line: the assertion, the exception, the limit. Never an expected value that the candidate could have read. */
  readonly detail: string;
  /** Of everything that the candidate returned, threw or printed, in order; equal digests are equal behaviour on these tests. */
  readonly behaviour: Digest;
  /** Cases (or calls, or test functions) that passed, and all. */
  readonly passed: number;
  readonly total: number;
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly peakBytes: number;
}

export interface TestResult extends Omit<TestExecution, 'hashSeed'> {
  readonly mode: 'split' | 'script';
  /** Whether hostile code could have made a pass; then `forgeableBecause` says how. */
  readonly forgeable: boolean;
  readonly forgeableBecause: string | null;
  readonly runs: readonly TestExecution[];
  /** Whether all runs behaved alike. Where only the verdict is alike (a list in the order of a set), the status is that verdict. */
  readonly isStable: boolean;
  readonly served: ServedBy;
  readonly policy: Pick<SandboxPolicy, 'version' | 'digest'>;
  /** The processor limit that was held. */
  readonly cpuLimitMs: number;
}

// ---- programs -----------------------------------------------------------------------------------------------------

export interface ReadOnlyMount {
  /** Absolute folder or file of this machine. Never in a key: key by digests of what it holds. */
  readonly source: string;
  /** Absolute path inside. */
  readonly target: string;
}

export interface ProgramRun {
  /** `python3` (or `python`) is the interpreter of `sandbox.python`. */
  readonly argv: readonly string[];
  /** Laid into a fresh folder, the working folder, by relative path. */
  readonly files: { readonly [path: string]: string | Uint8Array };
  readonly mounts?: readonly ReadOnlyMount[];
  readonly env?: { readonly [name: string]: string };
  readonly stdin?: string;
  /** Then the whole tree of processes is killed. */
  readonly deadlineMs: number;
  /** Fired before the deadline: SIGTERM to the program, and the file `name` appears in the working folder. */
  readonly stopHint?: { readonly afterMs: number; readonly file: string };
  /** What to bring back of the files that are new or changed since the start; unless told all of them. */
  readonly collect?: { readonly globs?: readonly string[]; readonly maxBytes?: number; readonly maxFiles?: number };
  readonly hashSeed?: number;
  readonly sandbox?: SandboxOptions;
}

export interface ProgramResult {
  /** What ended it. `exit`: by itself, see `code` and `signal`. */
  readonly ended: 'exit' | 'deadline' | 'cpu' | 'memory' | 'output_limit' | 'scratch_full' | 'policy_violation';
  readonly code: number | null;
  readonly signal: string | null;
  /** The beginning and the end of each, where it was longer than `outputBytes`. */
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly files: readonly {
    readonly path: string;
    readonly bytes: Uint8Array;
    readonly change: 'new' | 'changed';
  }[];
  /** Files that were not brought back, with the reason (`too-large`, `too-many`, `not-a-file`). */
  readonly left: readonly { readonly path: string; readonly reason: string }[];
  /** Files below mounts that were opened, as seen from outside the program; null where this backend cannot see it. */
  readonly opened: readonly string[] | null;
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly peakBytes: number;
  readonly served: ServedBy;
  readonly policy: Pick<SandboxPolicy, 'version' | 'digest'>;
}

// ---- the service --------------------------------------------------------------------------------------------------

/**
 * @throws Failure of scope `infrastructure` with codes `sandbox-*`: `sandbox-unavailable` (no backend serves this here),
 * `sandbox-weak` (`strict`, and only a weak one does), `sandbox-died` (twice), `sandbox-full`, `sandbox-out-of-memory`,
 * `sandbox-mount-unreadable`;
 * of scope `row`: `sandbox-tests-invalid` (the tests themselves cannot run); `stopped`
 */
export interface SandboxService {
  /** What would serve this language, and under which policy. */
  served(
    language: SandboxLanguage | 'program',
    options?: SandboxOptions,
  ): Promise<{ served: ServedBy; policy: SandboxPolicy }>;
  runTests(run: TestRun): Promise<TestResult>;
  runProgram(run: ProgramRun): Promise<ProgramResult>;
  /** Digest of each Python source's code, free of names of files, line numbers and docstring positions; null where it does not compile. */
  bytecode(sources: readonly string[], options?: SandboxOptions): Promise<readonly (Digest | null)[]>;
}
