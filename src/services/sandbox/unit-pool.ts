/** Warm units, as many at work as there are cores. Waiting runs are served in the order of their priority, then of their coming. */

import { availableParallelism } from 'node:os';
import { Failure } from '#contract/failure.ts';
import type { JsonObject } from '#contract/json.ts';
import { stopped } from '../llm/stopped.ts';
import type { Turn } from './backend.ts';
import type { Interpreter, User } from './find-python.ts';
import { Keeper } from './keeper.ts';
import { Unit } from './unit.ts';

interface Waiting {
  readonly priority: readonly number[];
  go(): void;
}

export class UnitPool {
  readonly #keepers = new Map<string, Keeper>();
  readonly #idle = new Map<string, Unit[]>();
  readonly #busy = new Set<Unit>();
  readonly #queue: Waiting[] = [];
  readonly #user: User | null;
  #size: number;
  #free: number;
  readonly #closers: (() => void)[] = [];
  #isClosed = false;

  constructor(size = availableParallelism(), user: User | null = null) {
    this.#size = size;
    this.#free = size;
    this.#user = user;
  }

  /** Starts what will be needed, while the process is small. Trouble is told to whoever needs it. */
  warm(python: Interpreter, hashSeed: number): void {
    this.#keeper(python, hashSeed)
      .open()
      .catch(() => {});
  }

  /** Makes a unit and keeps it. @returns why none can be made, or null */
  async trial(python: Interpreter): Promise<string | null> {
    try {
      const unit = await this.#open(python, 0);
      unit.ref(false);
      this.#idle.set(keyOf(python, 0), [unit]);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /**
   * One order to a warm unit.
   * @param deadlineMs after which the unit is given up
   * @throws UnitGone where it died, Failure `stopped`, `sandbox-unavailable`
   */
  async ask(
    python: Interpreter,
    hashSeed: number,
    order: JsonObject,
    deadlineMs: number,
    turn: Turn,
  ): Promise<JsonObject> {
    return this.inTurn(turn, async () => {
      const key = keyOf(python, hashSeed);
      const unit = this.#take(key) ?? (await this.#open(python, hashSeed));
      this.#busy.add(unit);
      unit.ref(true);
      const giveUp = () => unit.end();
      const timer = setTimeout(giveUp, deadlineMs);
      turn.signal.addEventListener('abort', giveUp, { once: true });
      try {
        const answer = await unit.ask(order);
        unit.ref(false);
        if (!this.#isClosed) this.#idle.set(key, [...(this.#idle.get(key) ?? []), unit]);
        return answer;
      } catch (error) {
        unit.end();
        if (turn.signal.aborted || this.#isClosed) throw stopped('the sandboxed run');
        throw error;
      } finally {
        clearTimeout(timer);
        turn.signal.removeEventListener('abort', giveUp);
        this.#busy.delete(unit);
      }
    });
  }

  /** A connection of its own, for a program. The caller ends it. */
  async open(python: Interpreter, hashSeed: number): Promise<Unit> {
    const unit = new Unit(await this.#keeper(python, hashSeed).connect());
    this.#busy.add(unit);
    return unit;
  }

  release(unit: Unit): void {
    unit.end();
    this.#busy.delete(unit);
  }

  /** Runs `work` when it is its turn; as many at once as there are cores. @throws Failure `stopped` */
  async inTurn<T>(turn: Turn, work: () => Promise<T>): Promise<T> {
    await this.#wait(turn);
    try {
      return await work();
    } finally {
      this.#free += 1;
      this.#next();
    }
  }

  /** Fewer take effect as those at work end. */
  resize(size: number): void {
    this.#free += size - this.#size;
    this.#size = size;
    while (this.#free > 0 && this.#queue.length > 0) this.#next();
  }

  onClose(close: () => void): void {
    this.#closers.push(close);
  }

  close(): void {
    this.#isClosed = true;
    for (const close of this.#closers) close();
    for (const unit of [...this.#busy, ...[...this.#idle.values()].flat()]) unit.end();
    this.#idle.clear();
    for (const keeper of this.#keepers.values()) keeper.close();
    this.#keepers.clear();
    for (const waiting of this.#queue.splice(0)) waiting.go();
  }

  #take(key: string): Unit | null {
    const idle = this.#idle.get(key) ?? [];
    for (let unit = idle.pop(); unit !== undefined; unit = idle.pop()) if (!unit.isGone) return unit;
    return null;
  }

  async #open(python: Interpreter, hashSeed: number): Promise<Unit> {
    const unit = new Unit(await this.#keeper(python, hashSeed).connect());
    unit.send({ role: 'unit' });
    const first = await unit.next();
    if (first['ready'] === true) return unit;
    unit.end();
    throw new Failure('sandbox-unavailable', `no sandbox can be made: ${String(first['unsupported'])}`, {
      scope: 'infrastructure',
      hint: '`sluice doctor` says what is missing and what would serve instead',
    });
  }

  #keeper(python: Interpreter, hashSeed: number): Keeper {
    const key = keyOf(python, hashSeed);
    const known = this.#keepers.get(key);
    if (known !== undefined) return known;
    const keeper = new Keeper(python, hashSeed, this.#user);
    this.#keepers.set(key, keeper);
    return keeper;
  }

  #wait({ priority, signal }: Turn): Promise<void> {
    if (signal.aborted || this.#isClosed) return Promise.reject(stopped('the sandboxed run'));
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        const at = this.#queue.indexOf(waiting);
        if (at >= 0) this.#queue.splice(at, 1);
        reject(stopped('the sandboxed run'));
      };
      const waiting = {
        priority,
        go: () => {
          signal.removeEventListener('abort', giveUp);
          if (this.#isClosed) reject(stopped('the sandboxed run'));
          else resolve();
        },
      };
      signal.addEventListener('abort', giveUp, { once: true });
      const at = this.#queue.findIndex((other) => isBefore(priority, other.priority));
      this.#queue.splice(at < 0 ? this.#queue.length : at, 0, waiting);
    });
  }

  #next(): void {
    if (this.#free <= 0) return;
    const waiting = this.#queue.shift();
    if (waiting === undefined) return;
    this.#free -= 1;
    waiting.go();
  }
}

function keyOf(python: Interpreter, hashSeed: number): string {
  return `${python.path}\0${hashSeed}`;
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
