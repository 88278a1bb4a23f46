/**
 * Backends that build walls by another program: bubblewrap, a container engine, or none (`process`, weak). Each run gets a unit of
 * its own, cold: nothing is left for the next.
 */

import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { Failure } from '#contract/failure.ts';
import type { JsonObject } from '#contract/json.ts';
import type { SandboxLimits, ServedBy } from '#contract/sandbox.ts';
import { stopped } from '../llm/stopped.ts';
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
import type { Interpreter, User } from './find-python.ts';
import { LOADER, sourcesMessage } from './loader.ts';
import { readVerdict } from './read-verdict.ts';
import { runGuarded } from './run-guarded.ts';
import { testOrder } from './test-order.ts';
import { Unit, UnitGone } from './unit.ts';
import type { UnitPool } from './unit-pool.ts';

const GRACE_MS = 30_000;
const ENDING_MS = 5000;
const SILENCE_MS = 500;
const KEPT_WORDS = 2000;

export interface Walls {
  readonly served: ServedBy;
  readonly python: Interpreter;
  /** As root, whom the program is started as: limits on processes do not hold for root. */
  readonly user: User | null;
  /** Where limits on processes count those of others too. */
  readonly processesBeside: number;
  /** The whole command line around `inner`. */
  argv(inner: readonly string[], limits: SandboxLimits, program: ProgramJob | null): readonly string[];
}

export class WalledBackend implements Backend {
  readonly served: ServedBy;
  readonly #walls: Walls;
  readonly #pool: UnitPool;

  constructor(walls: Walls, pool: UnitPool) {
    this.served = walls.served;
    this.#walls = walls;
    this.#pool = pool;
  }

  async test(job: Job, turn: Turn): Promise<Verdict> {
    if (job.tests.type === 'command') return testByCommand(this, job, turn);
    const { order, runs } = testOrder({ ...job, limits: this.#widen(job.limits) });
    return readVerdict(await this.#ask(job.hashSeed, order, job.limits, runs * job.limits.wallMs, turn));
  }

  bytecode(sources: readonly string[], limits: SandboxLimits, turn: Turn): Promise<readonly (string | null)[]> {
    const held = this.#widen(limits);
    return bytecodeDigests((order) => this.#ask(0, order, limits, limits.wallMs, turn), sources, held);
  }

  program(job: ProgramJob, turn: Turn): Promise<ProgramOutcome> {
    const { python } = this.#walls;
    return this.#pool.inTurn(turn, () =>
      this.#with(job.limits, job.hashSeed ?? 0, job, turn, job.deadlineMs, (unit) =>
        runGuarded(unit, { ...job, limits: this.#widen(job.limits) }, python, turn.signal),
      ),
    );
  }

  #ask(hashSeed: number, order: JsonObject, limits: SandboxLimits, wallMs: number, turn: Turn): Promise<JsonObject> {
    return this.#pool.inTurn(turn, () =>
      this.#with(limits, hashSeed, null, turn, wallMs, async (unit) => {
        const first = await unit.ask({ role: 'unit' });
        return first['ready'] === true ? unit.ask(order) : first;
      }),
    );
  }

  #widen(limits: SandboxLimits): SandboxLimits {
    return { ...limits, processes: limits.processes + this.#walls.processesBeside };
  }

  async #with<T>(
    limits: SandboxLimits,
    hashSeed: number,
    program: ProgramJob | null,
    { signal }: Turn,
    wallMs: number,
    work: (unit: Unit) => Promise<T>,
  ): Promise<T> {
    if (signal.aborted) throw stopped('the sandboxed run');
    const { unit, lastWords, end } = this.#start(limits, hashSeed, program);
    const timer = setTimeout(end, wallMs + GRACE_MS);
    signal.addEventListener('abort', end, { once: true });
    try {
      return await work(unit);
    } catch (error) {
      if (signal.aborted) throw stopped('the sandboxed run');
      if (error instanceof UnitGone || (error instanceof Infrastructure && error.message === 'the sandbox is gone'))
        throw new Infrastructure((await lastWords()) || 'the sandbox is gone');
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      end();
    }
  }

  #start(limits: SandboxLimits, hashSeed: number, program: ProgramJob | null) {
    const { python, user } = this.#walls;
    const flags = ['-s', '-S', ...(python.hasSafePath ? ['-P'] : []), '-B', '-c', LOADER];
    const [command = '', ...args] = this.#walls.argv([python.path, ...flags], limits, program);
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...INNER_ENV, PYTHONHASHSEED: String(hashSeed) },
      cwd: '/',
      detached: true,
      ...(user ?? {}),
    });
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      words = (words + piece).slice(-KEPT_WORDS);
    });
    // They may arrive after the end of its output, which is heard first.
    const silent = new Promise<void>((resolve) => child.stderr.on('close', resolve));
    child.on('error', (error) => {
      words += error.message;
    });
    child.stdin.on('error', () => {});
    child.stdin.write(sourcesMessage());
    const unit = new Unit(Duplex.from({ readable: child.stdout, writable: child.stdin }));
    const end = () => {
      unit.end();
      // Without its input it ends by itself and takes its folder along.
      setTimeout(() => endGroup(child.pid), ENDING_MS).unref();
    };
    const lastWords = async () => {
      const enough = new Promise<void>((resolve) => setTimeout(resolve, SILENCE_MS));
      await Promise.race([silent, enough]);
      return words.trim().split('\n').at(-1);
    };
    return { unit, lastWords, end };
  }
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

export const INNER_ENV = { PATH: '/usr/bin:/bin', HOME: '/tmp', TMPDIR: '/tmp', LANG: 'C.UTF-8', TZ: 'UTC' };

/** Of a backend that cannot show a folder of this machine to a program. */
export function noMounts(name: string): Failure {
  return new Failure('sandbox-unavailable', `the backend ${name} cannot mount folders`, {
    scope: 'infrastructure',
    hint: 'use zygote or bwrap for programs that read mounted data',
  });
}
