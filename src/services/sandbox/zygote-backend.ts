/** Python on Linux: warm units out of keepers, one family for each hash seed. Strong, as root and as an ordinary user. */

import type { JsonObject } from '#contract/json.ts';
import type { SandboxLimits } from '#contract/sandbox.ts';
import {
  type Backend,
  Infrastructure,
  type Job,
  type ProgramJob,
  type ProgramOutcome,
  type Turn,
  type Verdict,
} from './backend.ts';
import { bytecodeDigests } from './bytecode-digests.ts';
import { testByCommand } from './command-tests.ts';
import type { Interpreter } from './find-python.ts';
import { readVerdict } from './read-verdict.ts';
import { runGuarded } from './run-guarded.ts';
import { testOrder } from './test-order.ts';
import { UnitGone } from './unit.ts';
import type { UnitPool } from './unit-pool.ts';

/** Beyond the wall limit, before the unit itself is given up. */
const GRACE_MS = 10_000;

export class ZygoteBackend implements Backend {
  readonly served: Backend['served'];
  readonly #python: Interpreter;
  readonly #pool: UnitPool;

  constructor(python: Interpreter, pool: UnitPool) {
    this.served = { backend: 'zygote', strength: 'strong', interpreter: python.build };
    this.#python = python;
    this.#pool = pool;
  }

  async test(job: Job, turn: Turn): Promise<Verdict> {
    if (job.tests.type === 'command') return testByCommand(this, job, turn);
    const { order, runs } = testOrder(job);
    return readVerdict(await this.#ask(job.hashSeed, order, runs * job.limits.wallMs, turn));
  }

  bytecode(sources: readonly string[], limits: SandboxLimits, turn: Turn): Promise<readonly (string | null)[]> {
    return bytecodeDigests((order) => this.#ask(0, order, limits.wallMs, turn), sources, limits);
  }

  program(job: ProgramJob, turn: Turn): Promise<ProgramOutcome> {
    return this.#pool.inTurn(turn, async () => {
      const unit = await this.#pool.open(this.#python, job.hashSeed ?? 0);
      try {
        return await runGuarded(unit, job, this.#python, turn.signal);
      } finally {
        this.#pool.release(unit);
      }
    });
  }

  async #ask(hashSeed: number, order: JsonObject, wallMs: number, turn: Turn): Promise<JsonObject> {
    try {
      return await this.#pool.ask(this.#python, hashSeed, order, wallMs + GRACE_MS, turn);
    } catch (error) {
      if (error instanceof UnitGone) throw new Infrastructure(error.message);
      throw error;
    }
  }
}
