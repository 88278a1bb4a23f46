/** The sandbox as kinds see it: chooses the backend, decides mode and limits by the reference, runs once a hash seed, merges. */

import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import { Failure } from '#contract/failure.ts';
import type {
  ProgramResult,
  ProgramRun,
  SandboxLanguage,
  SandboxOptions,
  SandboxPolicy,
  SandboxService,
  ServedBy,
  TestResult,
  TestRun,
} from '#contract/sandbox.ts';
import type { ActionScope } from '#contract/services.ts';
import type { Backend, Turn } from './backend.ts';
import { Backends } from './backends.ts';
import type { User } from './find-python.ts';
import { cpuLimit, makePolicy, wallLimit } from './policy.ts';
import { References } from './references.ts';
import { runCandidate } from './run-candidate.ts';
import { twice } from './twice.ts';
import { UnitPool } from './unit-pool.ts';

export interface SandboxHubOptions {
  readonly env: { readonly [name: string]: string | undefined };
  /** How many sandboxes are at work at once; one a core unless told. */
  readonly workers?: number;
  /** As root: the sandboxes belong to this user instead. */
  readonly user?: User;
}

export interface SandboxHub {
  bind(scope: Pick<ActionScope, 'priority' | 'signal'>): SandboxService;
  /** What would serve; nothing is started that stays. */
  served(
    language: SandboxLanguage | 'program',
    options?: SandboxOptions,
  ): Promise<{ served: ServedBy; policy: SandboxPolicy }>;
  /** Starts what Python candidates will need, while this process is small. */
  warm(options: SandboxOptions): Promise<void>;
  /** How many are at work at once from now on: the pool `sandbox` of a manifest; null for as many as at the start. */
  resize(workers: number | null): void;
  readonly backends: Backends;
  close(): Promise<void>;
}

export function makeSandboxHub({ env, workers = availableParallelism(), user }: SandboxHubOptions): SandboxHub {
  const pool = new UnitPool(workers, user);
  const backends = new Backends(pool, env);
  const references = new References();
  const served: SandboxHub['served'] = async (language, options = {}) => {
    const backend = await backends.choose(language, options);
    return { served: backend.served, policy: makePolicy(options, language === 'program' ? 'program' : 'tests') };
  };
  return {
    served,
    backends,
    resize: (size) => pool.resize(size ?? workers),
    bind: ({ priority, signal }) => {
      // Every run that waits listens to it.
      setMaxListeners(0, signal);
      const turn = { priority, signal };
      return {
        served,
        runTests: (run) => runTests(run, backends, references, turn),
        runProgram: (run) => runProgram(run, backends, turn),
        bytecode: async (sources, options = {}) => {
          const backend = await backends.choose('python', options);
          if (backend.bytecode === undefined) throw cannot(backend, 'compare bytecode');
          const { limits } = makePolicy(options, 'tests');
          const cpuMs = cpuLimit(limits, null);
          return backend.bytecode(sources, { ...limits, cpuMs, wallMs: wallLimit(limits, cpuMs) }, turn);
        },
      };
    },
    async warm(options) {
      const backend = await backends.choose('python', options).catch(() => null);
      if (backend?.served.backend === 'zygote') await backends.warm(options);
    },
    async close() {
      pool.close();
      await backends.close();
    },
  };
}

async function runTests(run: TestRun, backends: Backends, references: References, turn: Turn): Promise<TestResult> {
  const { tests, sandbox = {} } = run;
  const policy = makePolicy(sandbox, tests.type === 'command' ? 'program' : 'tests');
  const backend = await backends.choose(tests.type === 'command' ? 'program' : run.language, sandbox);
  return runCandidate(run, { backend, policy, references, turn });
}

async function runProgram(run: ProgramRun, backends: Backends, turn: Turn): Promise<ProgramResult> {
  const options = run.sandbox ?? {};
  const backend = await backends.choose('program', options);
  if (backend.program === undefined) throw cannot(backend, 'run programs');
  const policy = makePolicy(options, 'program');
  const job = { ...run, limits: policy.limits };
  const outcome = await twice(() => backend.program?.(job, turn) ?? Promise.reject(cannot(backend, 'run programs')));
  return { ...outcome, served: backend.served, policy: { version: policy.version, digest: policy.digest } };
}

function cannot(backend: Backend, what: string): Failure {
  return new Failure('sandbox-unavailable', `the backend ${backend.served.backend} cannot ${what}`, {
    scope: 'infrastructure',
    hint: 'leave `sandbox.backend` out, and the strongest that can is taken',
  });
}
