/** The actions of one row node: recalled by key, else performed, kept, and handed back as results. */

import { Failure } from '#contract/failure.ts';
import type { Digest } from '#contract/json.ts';
import type { RowInput, RowKind, RowOutcome } from '#contract/kind.ts';
import type { PlanNode } from '#contract/plan.ts';
import type { RowBody, RowRef } from '#contract/row.ts';
import { NotCanonical } from '#keys/canonical.ts';
import type { Counts } from './counts.ts';
import { type ActionEntry, toCallEntries } from './entries.ts';
import type { Shared } from './environment.ts';
import { bodyOf, type Candidate, Framer } from './frame.ts';
import type { KnownActions } from './known-actions.ts';
import type { LookupTable } from './lookup.ts';
import { type Performed, Performer } from './perform.ts';
import type { Port } from './port.ts';
import { applyEntry, isMade, type RowResult, toActionEntry, toFailedResult, toRejection } from './row-result.ts';

/** More names than this help nobody. */
const NAMES_NOTED = 200;

type Settle = (nth: number, result: RowResult) => void;

interface Work {
  readonly nth: number;
  readonly place: number;
  readonly candidate: Candidate;
  readonly input: RowInput;
}

/** Rows that follow one another in a log. */
export interface Stretch {
  readonly known: KnownActions;
  readonly position: number;
}

/** What is left of an action once it is done: what every row with this key is given. */
type Kept = ActionEntry | Failure;

export class RowActions {
  readonly #node: PlanNode;
  readonly #kind: RowKind;
  readonly #shared: Shared;
  readonly #counts: Counts;
  readonly #framer: Framer;
  readonly #performer: Performer;
  /** Rows may be recalled one by one, and are. */
  readonly #isKept: boolean;
  readonly #isForced: boolean;
  /** Actions being performed now, by key: rows with equal projections in flight together are performed once. */
  readonly #running = new Map<Digest, Promise<Kept>>();
  readonly #batched = new Map<Work, { resolve(kept: Kept): void; reject(error: unknown): void }>();

  /** @param drain from when it fires no action is begun */
  constructor(
    node: PlanNode,
    kind: RowKind,
    tables: readonly LookupTable[],
    counts: Counts,
    shared: Shared,
    drain: AbortSignal,
  ) {
    this.#node = node;
    this.#kind = kind;
    this.#shared = shared;
    this.#counts = counts;
    const { options, rows } = shared;
    this.#isForced = options.rerun.has(node.id) || options.resample.has(node.id);
    this.#isKept = kind.reuse !== 'node';
    this.#framer = new Framer(node, rows, tables, this.#isKept || kind.distinct === true, options.freeze);
    this.#performer = new Performer(node, kind, shared, drain, (use) => counts.call(use));
  }

  /**
   * Settles what is decided at once before it resolves; slow actions settle later, each when it is done.
   * @param stretch where the rows follow one another on their edge, and what is known of its chunks
   * @param fail told of an error that ends the node (a lost body, a store failure)
   */
  async start(
    refs: readonly { readonly ref: RowRef; readonly place: number }[],
    owner: string,
    settle: Settle,
    fail: (error: unknown) => void,
    stretch: Stretch | null,
  ): Promise<void> {
    const known = stretch === null ? null : await stretch.known.recall(stretch.position, refs.length);
    const framed = await this.#framer.frame(
      refs.map(({ ref }) => ref),
      owner,
      known,
      (keys) => stretch?.known.note(stretch.position, keys),
    );
    const open: { nth: number; candidate: Candidate }[] = [];
    framed.forEach((row, nth) => {
      const ref = refs[nth]?.ref;
      if (ref === undefined) return;
      if ('outcome' in row) settle(nth, this.#decided(row.outcome, ref, row.body, ''));
      else open.push({ nth, candidate: row });
    });
    const entries = await this.#recall(open.map(({ candidate }) => candidate));
    const unread = open.filter(({ candidate }, index) => !isMade(entries[index], candidate.ref));
    await this.#framer.read(unread.map(({ candidate }) => candidate));
    const misses: Work[] = [];
    for (const [index, { nth, candidate }] of open.entries()) {
      const entry = entries[index];
      const { ref, body, action } = candidate;
      if (entry !== undefined) {
        settle(nth, applyEntry(this.#node, ref, body, action, entry, true, this.#shared.rows));
        continue;
      }
      const input = await this.#framer.input(candidate);
      if ('type' in input) settle(nth, this.#decided(input, ref, bodyOf(candidate), action));
      else misses.push({ nth, place: refs[nth]?.place ?? 0, candidate, input });
    }
    this.#perform(misses, settle, fail);
  }

  async #recall(candidates: readonly Candidate[]): Promise<(ActionEntry | undefined)[]> {
    if (!this.#isKept || this.#isForced) return [];
    const entries = await this.#shared.actions.recall(candidates.map(({ action }) => action));
    const { blobs } = this.#shared.env.store;
    if (this.#shared.distrusted.has(this.#node.id)) {
      return Promise.all(
        entries.map(async (entry) => {
          const values = (entry?.emissions ?? []).flatMap(({ set }) => Object.values(set.b));
          return (await blobs.has(values)).every(Boolean) ? withoutMade(entry) : undefined;
        }),
      );
    }
    // The rows that came of it last time are only believed to be there where they are.
    const rows = entries.flatMap((entry, nth) =>
      entry?.made?.from === candidates[nth]?.ref.digest ? (entry?.made?.to ?? []) : [],
    );
    const stored = rows.length === 0 ? [] : await blobs.has(rows);
    const missing = new Set(rows.filter((_, nth) => stored[nth] !== true));
    if (missing.size === 0) return entries;
    return entries.map((entry) => (entry?.made?.to.some((row) => missing.has(row)) ? withoutMade(entry) : entry));
  }

  /** Of an edge, for `start`; null where nothing would be saved. */
  knownActions(port: Port): KnownActions | null {
    return this.#framer.knownActions(port, this.#shared.actionKeys);
  }

  async close(): Promise<void> {
    await this.#performer.close();
  }

  #perform(misses: readonly Work[], settle: Settle, fail: (error: unknown) => void): void {
    const { batch } = this.#kind;
    const open: Work[] = [];
    for (const work of misses) {
      const running = this.#running.get(work.candidate.action);
      if (running !== undefined) this.#follow(work, running, true, settle, fail);
      else if (batch !== undefined) this.#follow(work, this.#promise(work, open), false, settle, fail);
      else this.#performOne(work, settle, fail);
    }
    if (batch === undefined) return;
    for (let at = 0; at < open.length; at += batch.max) this.#performBatch(open.slice(at, at + batch.max));
  }

  #performOne(work: Work, settle: Settle, fail: (error: unknown) => void): void {
    const performed = this.#performer.one(work.input, work.place);
    const { action } = work.candidate;
    if (!(performed instanceof Promise)) {
      settle(work.nth, this.#result(work.candidate, this.#keep(work.candidate, performed), false));
      return;
    }
    const kept = performed.then((value) => this.#keep(work.candidate, value));
    this.#remember(action, kept);
    this.#follow(work, kept, false, settle, fail);
  }

  /** A place in a batch that is about to be performed. */
  #promise(work: Work, open: Work[]): Promise<Kept> {
    open.push(work);
    const kept = new Promise<Kept>((resolve, reject) => this.#batched.set(work, { resolve, reject }));
    this.#remember(work.candidate.action, kept);
    return kept;
  }

  #performBatch(works: readonly Work[]): void {
    const place = works[0]?.place ?? 0;
    const inputs = works.map(({ input }) => input);
    this.#performer.batch(inputs, place).then(
      (all) => {
        works.forEach((work, nth) => {
          const performed = all[nth];
          const waiting = this.#batched.get(work);
          this.#batched.delete(work);
          try {
            if (performed !== undefined) waiting?.resolve(this.#keep(work.candidate, performed));
          } catch (error) {
            waiting?.reject(error);
          }
        });
      },
      (error: unknown) => {
        for (const work of works) this.#batched.get(work)?.reject(error);
      },
    );
  }

  #remember(action: Digest, kept: Promise<Kept>): void {
    if (action === '') return;
    this.#running.set(action, kept);
    const forget = () => void this.#running.delete(action);
    kept.then(forget, forget);
  }

  /** Settles a row when its action (its own, or an equal one of another row) is done. Room is given back first. */
  #follow(work: Work, kept: Promise<Kept>, isShared: boolean, settle: Settle, fail: (error: unknown) => void): void {
    this.#counts.inFlight++;
    this.#counts.isDirty = true;
    kept
      .then((value) => {
        this.#counts.inFlight--;
        settle(work.nth, this.#result(work.candidate, value, isShared));
      })
      .catch(fail);
  }

  /** Keeps what may be kept. Failures never are. */
  #keep(candidate: Candidate, { outcome, calls }: Performed): Kept {
    if (outcome instanceof Failure) return outcome;
    const { rows, actions } = this.#shared;
    const uses = toCallEntries(calls);
    const entry = encode(outcome, (value) => toActionEntry(value, uses, rows));
    const isProvisional = this.#noteProvisional(outcome);
    this.#noteMissing(outcome, candidate.ref, bodyOf(candidate));
    if (!this.#isKept || isProvisional) return entry;
    const { ref, action } = candidate;
    const { outs } = applyEntry(this.#node, ref, bodyOf(candidate), action, entry, false, rows);
    const made = { ...entry, made: { from: ref.digest, to: outs.map((out) => out.ref.digest) } };
    actions.keep(action, made, this.#isForced);
    return made;
  }

  /** Once an action, however many rows it stands for. */
  #noteProvisional(outcome: RowOutcome): boolean {
    if (outcome.type !== 'emit' || outcome.provisional === undefined) return false;
    const { code, reason } = outcome.provisional;
    const noted = this.#counts.provisional.get(code);
    this.#counts.provisional.set(code, { count: (noted?.count ?? 0) + 1, reason: noted?.reason ?? reason });
    return true;
  }

  #noteMissing(outcome: RowOutcome, { key }: RowRef, { i, b }: RowBody): void {
    if (outcome.type !== 'reject' || outcome.missing === undefined) return;
    const { missing } = this.#counts;
    const noted = missing.get(outcome.missing) ?? { count: 0, row: key, fields: new Set<string>() };
    missing.set(outcome.missing, { ...noted, count: noted.count + 1 });
    if (noted.fields.size >= NAMES_NOTED) return;
    for (const name of [...Object.keys(i), ...Object.keys(b)]) noted.fields.add(name);
  }

  #result(candidate: Candidate, kept: Kept, isShared: boolean): RowResult {
    const { ref, action } = candidate;
    if (kept instanceof Failure) return toFailedResult(kept, action);
    return applyEntry(
      this.#node,
      ref,
      bodyOf(candidate),
      this.#isKept ? action : '',
      kept,
      isShared,
      this.#shared.rows,
    );
  }

  #decided(outcome: RowOutcome | Failure, ref: RowRef, body: RowBody, action: string): RowResult {
    if (outcome instanceof Failure) return toFailedResult(outcome, action);
    this.#noteMissing(outcome, ref, body);
    const entry = encode(outcome, (value) => toActionEntry(value, [], this.#shared.rows));
    return applyEntry(this.#node, ref, body, action, entry, false, this.#shared.rows);
  }
}

function withoutMade(entry: ActionEntry | undefined): ActionEntry | undefined {
  if (entry === undefined) return undefined;
  const { made: _, ...rest } = entry;
  return rest;
}

function encode<T>(outcome: RowOutcome, toEntry: (outcome: RowOutcome) => T): T {
  try {
    return toEntry(outcome);
  } catch (error) {
    if (error instanceof NotCanonical) return toEntry(toRejection(error));
    throw error;
  }
}
