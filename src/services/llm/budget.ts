/**
 * The hard limit on what a pipeline may spend: paid + possibly paid + reserved never exceeds it. What others on the same
 * store spend is read from the journal's ledger without this run; our own part is known exactly.
 */

import { Failure } from '#contract/failure.ts';
import type { CallJournal } from '#contract/store.ts';
import type { Clock } from '#util/clock.ts';
import type { StopSignal } from '#util/on-abort.ts';
import { WaitingLine } from './waiting-line.ts';

export interface Reservation {
  settle(usd: number): void;
  /** The call may have been billed and nobody knows: it stays counted in full. */
  lose(): void;
}

/** Views of the ledger older than this are renewed before the next grant. */
const LEDGER_AGE_MS = 1000;

/** USD; sums of many small floating-point amounts differ by less. */
const ROUNDING = 1e-9;

/** A call that wants to be paid for: at most how much, and what it is called in the message. */
interface Need {
  readonly usd: number;
  readonly what: string;
}

export class Budget {
  readonly #limit: number | null;
  readonly #journal: CallJournal;
  readonly #pipeline: string;
  readonly #run: string;
  readonly #clock: Clock;
  /** Reserved by calls that have not ended. */
  #outstanding = 0;
  /** Paid, or perhaps paid, by calls of this run that have ended. */
  #spent = 0;
  #others = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;
  readonly #waiting = new WaitingLine<Reservation, Need>();
  #isGranting = false;
  #mayGrant = false;

  constructor(
    limitUsd: number | null,
    journal: CallJournal,
    { pipeline, run }: { readonly pipeline: string; readonly run: string },
    clock: Clock,
  ) {
    this.#limit = limitUsd;
    this.#journal = journal;
    this.#pipeline = pipeline;
    this.#run = run;
    this.#clock = clock;
  }

  /**
   * Waits while calls in flight may still leave enough; the smallest priority first, so that what is left finishes the
   * rows that are furthest.
   * @throws Failure `budget-spent`, `stopped`
   */
  reserve(usd: number, what: string, priority: readonly number[], signal: StopSignal): Promise<Reservation> {
    if (this.#limit === null) return Promise.resolve(FREE);
    const reservation = this.#waiting.wait(priority, { usd, what }, signal);
    void this.#grant();
    return reservation;
  }

  /** With the intent on disk: false if another process has meanwhile reserved what was thought to be free. */
  async confirm(usd: number): Promise<boolean> {
    if (this.#limit === null) return true;
    if (this.#limit - this.#total() > Math.max(this.#limit / 20, 32 * usd)) return true;
    await this.#read();
    return this.#total() <= this.#limit + ROUNDING;
  }

  #total(): number {
    return this.#others + this.#spent + this.#outstanding;
  }

  async #grant(): Promise<void> {
    this.#mayGrant = true;
    if (this.#isGranting) return;
    this.#isGranting = true;
    try {
      // A call that ends while the first in line is told to wait asks again: that must not be lost.
      while (this.#mayGrant && this.#waiting.first() !== undefined) {
        this.#mayGrant = false;
        if (await this.#grantFirst(this.#limit ?? 0)) this.#mayGrant = true;
      }
    } catch (error) {
      // The ledger cannot be read: nobody may spend on a guess.
      this.#waiting.refuseAll(toLedgerFailure(error));
    } finally {
      this.#isGranting = false;
    }
  }

  /** @returns false if the first in line has to wait for a call to end */
  async #grantFirst(limit: number): Promise<boolean> {
    if (this.#clock.now() - this.#readAt > LEDGER_AGE_MS) await this.#read();
    let answer = this.#answerFirst(limit);
    if (answer === 'refuse') {
      // Nobody is refused on an old view of what others spent.
      await this.#read();
      answer = this.#answerFirst(limit);
    }
    // Nothing may come between the answer and the deed: who is first changes with every arrival.
    const first = this.#waiting.first();
    if (answer === 'wait' || first === undefined) return false;
    if (answer === 'grant') this.#waiting.grantFirst(this.#toReservation(first.need.usd));
    else this.#waiting.refuseFirst(this.#toSpent(first.need, limit));
    return true;
  }

  #answerFirst(limit: number): 'grant' | 'wait' | 'refuse' {
    const usd = this.#waiting.first()?.need.usd ?? 0;
    if (this.#total() + usd <= limit + ROUNDING) return 'grant';
    const leastUsd = this.#others + this.#spent + usd;
    return this.#outstanding > 0 && leastUsd <= limit + ROUNDING ? 'wait' : 'refuse';
  }

  #toSpent({ usd, what }: Need, limit: number): Failure {
    const left = Math.max(0, limit - this.#total());
    return new Failure(
      'budget-spent',
      `${what} could cost up to $${usd.toFixed(4)} and $${left.toFixed(4)} of the budget of $${limit} is left`,
      {
        scope: 'budget',
        detail: { limitUsd: limit, leftUsd: left, neededUsd: usd },
        hint: 'raise `budget.usd` (or --budget) and run again: what was paid is reused',
      },
    );
  }

  #toReservation(reserved: number): Reservation {
    const end = (usd: number) => {
      this.#outstanding -= reserved;
      this.#spent += usd;
      void this.#grant();
    };
    this.#outstanding += reserved;
    return { settle: end, lose: () => end(reserved) };
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readLedger().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readLedger(): Promise<void> {
    const { usd, openUsd } = await this.#journal.ledger(this.#pipeline, this.#run);
    this.#others = usd + openUsd;
    this.#readAt = this.#clock.now();
  }
}

const nothing = () => {};
const FREE: Reservation = { settle: nothing, lose: nothing };

function toLedgerFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure('ledger-unreadable', `what was spent so far cannot be read: ${String(error)}`, {
    scope: 'infrastructure',
    cause: error,
  });
}
