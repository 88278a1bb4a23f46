/** What became of every row of a node: counted once, balanced, and turned into the rows of port `tally`. */

import type { NodeCounts } from '#contract/event.ts';
import type { JsonObject } from '#contract/json.ts';
import type { Disposition } from '#contract/row.ts';
import type { CallUse } from '#contract/services.ts';

export class Counts {
  in = 0;
  readonly dispositions: { [D in Disposition]: number } = {
    emitted: 0,
    consumed: 0,
    rejected: 0,
    failed: 0,
    untried: 0,
  };
  reused = 0;
  out = 0;
  considered = 0;
  dropped = 0;
  inFlight = 0;
  readonly codes = new Map<string, number>();
  readonly failures = new Map<string, number>();
  /** Actions that were passed on but may not be reused, by code, with the reason of the first. */
  readonly provisional = new Map<string, { count: number; reason: string }>();
  /** Fields that rows were rejected for not having, with what those rows do have. */
  readonly missing = new Map<string, { count: number; row: string; fields: Set<string> }>();
  #calls = 0;
  reusedCalls = 0;
  input = 0;
  output = 0;
  /** Calls behind the committed rows, whenever they were paid. */
  attributedCalls = 0;
  /** The same by model, for the tally. */
  readonly #models = new Map<string, { calls: number; input: number; output: number }>();
  #usd = 0;
  isDirty = true;
  /** Of an attempt of this run that was given up: its calls count, those still in flight too. */
  earlier: Pick<Counts, 'calls' | 'usd'> | null = null;

  /** Made in this run. */
  get calls(): number {
    return this.#calls + (this.earlier?.calls ?? 0);
  }

  /** Of the calls made in this run. */
  get usd(): number {
    return this.#usd + (this.earlier?.usd ?? 0);
  }

  dispose(disposition: Disposition, code: string | null, count = 1): void {
    this.dispositions[disposition] += count;
    this.isDirty = true;
    if (code === null || count === 0) return;
    const codes = disposition === 'failed' || disposition === 'untried' ? this.failures : this.codes;
    codes.set(code, (codes.get(code) ?? 0) + count);
  }

  drop(code: string, count: number): void {
    this.dropped += count;
    this.considered += count;
    this.codes.set(code, (this.codes.get(code) ?? 0) + count);
    this.isDirty = true;
  }

  /** A call made or recalled now; its usage is attributed when the row is committed. */
  call(use: CallUse): void {
    if (use.outcome === 'answered') {
      this.#calls++;
      this.#usd += use.usd;
    } else this.reusedCalls++;
    this.isDirty = true;
  }

  /** A call behind a committed row. */
  attribute({
    model,
    input,
    output,
  }: {
    readonly model: string;
    readonly input: number;
    readonly output: number;
  }): void {
    const sums = this.#models.get(model) ?? { calls: 0, input: 0, output: 0 };
    this.#models.set(model, { calls: sums.calls + 1, input: sums.input + input, output: sums.output + output });
    this.attributedCalls++;
    this.input += input;
    this.output += output;
  }

  /** Whether every row that arrived has exactly one disposition. A false answer is a bug of the engine. */
  get isBalanced(): boolean {
    const { emitted, consumed, rejected, failed, untried } = this.dispositions;
    return this.in === emitted + consumed + rejected + failed + untried;
  }

  /** As kept in a node entry: what depends on the rows, nothing of how this run came by them. */
  toStored(): NodeCounts {
    return { ...this.snapshot(), reused: 0, inFlight: 0, calls: 0, reusedCalls: this.attributedCalls, usd: 0 };
  }

  /** Takes over the counts of a reused node: every row of it counts as reused. */
  restore(stored: NodeCounts): void {
    this.in = stored.in;
    for (const name of Object.keys(this.dispositions) as Disposition[]) this.dispositions[name] = stored[name];
    this.reused = stored.in;
    this.out = stored.out;
    this.considered = stored.considered;
    this.dropped = stored.dropped;
    for (const [code, count] of Object.entries(stored.codes)) this.codes.set(code, count);
    this.input = stored.usage.input;
    this.output = stored.usage.output;
  }

  /** Of a restored source, only a prefix is used; which drops came before its end is not known any more. */
  limit(out: number): void {
    if (out >= this.out) return;
    this.out = out;
    this.considered = out;
    this.dropped = 0;
    this.codes.clear();
  }

  snapshot(): NodeCounts {
    return {
      in: this.in,
      ...this.dispositions,
      reused: this.reused,
      out: this.out,
      considered: this.considered,
      dropped: this.dropped,
      inFlight: this.inFlight,
      codes: sorted(this.codes),
      failures: sorted(this.failures),
      calls: this.calls,
      reusedCalls: this.reusedCalls,
      usage: { input: this.input, output: this.output },
      usd: this.usd,
    };
  }

  /**
   * Rows of port `tally`: independent of what was reused, of times and of prices. `in` is the sum of the five dispositions;
   * a complete node has no failed or untried rows, so these two only ever stand in a partial port.
   */
  tally(): { key: string; fields: JsonObject }[] {
    const rows: { key: string; fields: JsonObject }[] = [];
    const { emitted, consumed, rejected, failed, untried } = this.dispositions;
    for (const [disposition, count] of [
      ['in', this.in],
      ['emitted', emitted],
      ['consumed', consumed],
      ['rejected', rejected],
      ['failed', failed],
      ['untried', untried],
      ['considered', this.considered],
      ['dropped', this.dropped],
      ['out', this.out],
    ] as const) {
      if (count > 0) rows.push({ key: disposition, fields: { disposition, code: null, count } });
    }
    for (const [code, count] of Object.entries(sorted(this.codes))) {
      rows.push({ key: `code/${code}`, fields: { disposition: 'code', code, count } });
    }
    for (const [code, count] of Object.entries(sorted(this.failures))) {
      if (count > 0) rows.push({ key: `failure/${code}`, fields: { disposition: 'failure', code, count } });
    }
    for (const [model, { calls, input, output }] of [...this.#models].sort(([a], [b]) => (a < b ? -1 : 1))) {
      rows.push({ key: `usage/${model}`, fields: { disposition: 'usage', code: model, count: calls, input, output } });
    }
    return rows;
  }
}

function sorted(codes: ReadonlyMap<string, number>): { [code: string]: number } {
  return Object.fromEntries([...codes].sort(([a], [b]) => (a < b ? -1 : 1)));
}
