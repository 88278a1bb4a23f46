/** Adds up what a pipeline has paid, and what it may still owe for calls that never came back. */

import type { Usage } from '#contract/services.ts';
import type { Ledger } from '#contract/store.ts';

interface Sums {
  calls: number;
  usd: number;
  input: number;
  output: number;
}

interface Open {
  readonly pipeline: string;
  readonly reserveUsd: number;
  /** Of this process only. */
  readonly run?: string;
}

const noSums = (): Sums => ({ calls: 0, usd: 0, input: 0, output: 0 });

/** Sums and open intents as JSON, so that a journal is not read again from its beginning. */
export interface LedgerState {
  readonly sums: readonly (readonly [pipeline: string, sums: Readonly<Sums>])[];
  readonly open: readonly (readonly [intent: string, pipeline: string, reserveUsd: number])[];
}

export class LedgerBook {
  readonly #sums = new Map<string, Sums>();
  /** The part of `#sums` that each run of this process has. */
  readonly #runs = new Map<string, Sums>();
  readonly #open = new Map<string, Open>();

  constructor(state?: LedgerState) {
    for (const [pipeline, sums] of state?.sums ?? []) this.#sums.set(pipeline, { ...sums });
    for (const [intent, pipeline, reserveUsd] of state?.open ?? []) this.#open.set(intent, { pipeline, reserveUsd });
  }

  intend(intent: string, pipeline: string, reserveUsd: number, run?: string): void {
    this.#open.set(intent, { pipeline, reserveUsd, ...(run === undefined ? {} : { run }) });
  }

  answer(intent: string, pipeline: string, usd: number, usage: Usage): void {
    for (const sums of this.#end(intent, pipeline)) {
      sums.calls++;
      sums.usd += usd;
      sums.input += usage.input;
      sums.output += usage.output;
    }
  }

  void(intent: string, pipeline: string, usd: number): void {
    for (const sums of this.#end(intent, pipeline)) sums.usd += usd;
  }

  isOpen(intent: string): boolean {
    return this.#open.has(intent);
  }

  toState(): LedgerState {
    return {
      sums: [...this.#sums],
      open: [...this.#open].map(([intent, { pipeline, reserveUsd }]) => [intent, pipeline, reserveUsd] as const),
    };
  }

  /** The sums that an intent belongs to, which is open no more. */
  #end(intent: string, pipeline: string): Sums[] {
    const run = this.#open.get(intent)?.run;
    this.#open.delete(intent);
    const all = sumsOf(this.#sums, pipeline);
    return run === undefined ? [all] : [all, sumsOf(this.#runs, runName(pipeline, run))];
  }

  ledger(pipeline: string, except?: string): Ledger {
    return sumLedgers([this], pipeline, except);
  }

  addTo(total: { -readonly [name in keyof Ledger]: Ledger[name] }, pipeline: string, except?: string): void {
    const sums = this.#sums.get(pipeline) ?? noSums();
    const left = (except === undefined ? undefined : this.#runs.get(runName(pipeline, except))) ?? noSums();
    total.calls += sums.calls - left.calls;
    total.usd += sums.usd - left.usd;
    total.input += sums.input - left.input;
    total.output += sums.output - left.output;
    for (const open of this.#open.values()) {
      if (open.pipeline !== pipeline || (except !== undefined && open.run === except)) continue;
      total.openCalls++;
      total.openUsd += open.reserveUsd;
    }
  }
}

export function sumLedgers(books: Iterable<LedgerBook>, pipeline: string, except?: string): Ledger {
  const total = { calls: 0, usd: 0, openCalls: 0, openUsd: 0, input: 0, output: 0 };
  for (const book of books) book.addTo(total, pipeline, except);
  return total;
}

function runName(pipeline: string, run: string): string {
  return JSON.stringify([pipeline, run]);
}

function sumsOf(all: Map<string, Sums>, name: string): Sums {
  let sums = all.get(name);
  if (sums === undefined) {
    sums = noSums();
    all.set(name, sums);
  }
  return sums;
}
