/** A row node at work: takes rows as they come, has them performed or recalled, and commits results in the order of its input. */

import { setMaxListeners } from 'node:events';
import { Failure } from '#contract/failure.ts';
import type { RowKind } from '#contract/kind.ts';
import type { PlanNode } from '#contract/plan.ts';
import type { RowRef } from '#contract/row.ts';
import type { Counts } from './counts.ts';
import type { Shared } from './environment.ts';
import type { KnownActions } from './known-actions.ts';
import type { LookupTable } from './lookup.ts';
import type { Port } from './port.ts';
import { RowActions, type Stretch } from './row-actions.ts';
import type { RowResult } from './row-result.ts';

/** Rows read from an edge at once. */
const FRAME = 64;
/** Results that may wait for a slower row before them; they are refs, a few hundred bytes each. */
const WINDOW = 8192;
/** Actions in flight: enough to keep endpoints busy, few enough that their bodies fit in memory. */
const IN_FLIGHT = 256;

interface Slot {
  readonly ref: RowRef;
  /** Place in the order of arrival; the lowest row is served first. */
  readonly place: number;
  result: RowResult | null;
  isCommitted: boolean;
}

/** The uncommitted rows of one edge, in the order of its log. */
class Edge {
  readonly port: Port;
  readonly queue: Slot[] = [];
  /** Rows begun before their turn, by key; two edges may have one key each. */
  readonly early = new Map<string, Slot>();
  head = 0;
  /** Rows read from the log; the rest of it is what arrived but was not taken. */
  position = 0;
  isTaken = false;
  readonly known: KnownActions | null;

  constructor(port: Port, known: KnownActions | null) {
    this.port = port;
    this.known = known;
  }

  get waiting(): number {
    return this.queue.length - this.head;
  }

  shift(): void {
    this.head++;
    if (this.head > 1024 && this.head * 2 > this.queue.length) {
      this.queue.splice(0, this.head);
      this.head = 0;
    }
  }
}

function toStretch({ known }: Edge, position: number): Stretch | null {
  return known === null ? null : { known, position };
}

export class RowNode {
  readonly #node: PlanNode;
  readonly #kind: RowKind;
  readonly #shared: Shared;
  readonly #counts: Counts;
  readonly #ports: { readonly [port: string]: Port };
  readonly #edges: readonly Edge[];
  readonly #actions: RowActions;
  /** First row of each action of a `distinct` kind. */
  readonly #distinct = new Set<string>();
  #edgeToCommit = 0;
  #place = 0;
  #broken: { error: unknown } | null = null;
  /** Why no more rows are taken. */
  #halt: Failure | null = null;
  /** Fires with it: actions that still wait for room are not begun. */
  readonly #halted = new AbortController();
  /** Rows that failed, committed or not. */
  #failed = 0;
  #waiters: (() => void)[] = [];

  constructor(
    node: PlanNode,
    kind: RowKind,
    inputs: readonly Port[],
    ports: { readonly [port: string]: Port },
    tables: readonly LookupTable[],
    counts: Counts,
    shared: Shared,
  ) {
    // Every action in flight listens.
    setMaxListeners(0, this.#halted.signal);
    this.#node = node;
    this.#kind = kind;
    this.#shared = shared;
    this.#counts = counts;
    this.#ports = ports;
    this.#actions = new RowActions(node, kind, tables, counts, shared, this.#halted.signal);
    this.#edges = inputs.map((port) => new Edge(port, this.#actions.knownActions(port)));
  }

  /** Ends when every row that arrived has its disposition. @throws LostBody, Failure of the store, or an engine bug */
  async run(): Promise<void> {
    const { drain } = this.#shared.env;
    const onDrain = () => this.#stopTaking(new Failure('stopped', 'the run was stopped', { scope: 'stopped' }));
    drain.addEventListener('abort', onDrain, { once: true });
    if (drain.aborted) onDrain();
    if (this.#edges.length > 1 || this.#kind.reuse !== 'node') {
      for (const port of Object.values(this.#ports)) port.demandUniqueKeys();
    }
    for (const edge of this.#edges) edge.port.onOffer((ref) => this.#takeEarly(ref, edge));
    try {
      await Promise.all(this.#edges.map((edge) => this.#take(edge)));
      this.#advance();
      while (this.#broken === null && this.#edges.some((edge) => edge.waiting > 0)) await this.#progress();
      if (this.#broken !== null) throw this.#broken.error;
      await this.#countUntaken();
    } finally {
      drain.removeEventListener('abort', onDrain);
      this.#halt ??= new Failure('stopped', 'the node ended', { scope: 'stopped' });
      await this.#actions.close();
    }
  }

  async #take(edge: Edge): Promise<void> {
    while (this.#halt === null && this.#broken === null) {
      if (edge.waiting >= WINDOW || this.#counts.inFlight >= IN_FLIGHT) {
        await this.#progress();
        continue;
      }
      if (edge.port.count <= edge.position) {
        if (edge.port.isClosed) break;
        await edge.port.changed(edge.position);
        continue;
      }
      await this.#shared.turns.take(this.#node.depth);
      await this.#shared.rows.room();
      const { position } = edge;
      const refs = await edge.port.read(position, FRAME);
      edge.position += refs.length;
      const slots: Slot[] = [];
      for (const ref of refs) {
        const early = edge.early.get(ref.key);
        if (early !== undefined) edge.early.delete(ref.key);
        const slot = early ?? this.#slot(ref);
        if (early === undefined) slots.push(slot);
        edge.queue.push(slot);
      }
      this.#counts.in += refs.length;
      const stretch = slots.length === refs.length ? toStretch(edge, position) : null;
      if (slots.length > 0) await this.#start(slots, edge, stretch);
      this.#advance();
    }
    edge.known?.keep();
    edge.isTaken = true;
  }

  #takeEarly(ref: RowRef, edge: Edge): void {
    const isBusy = this.#counts.inFlight >= IN_FLIGHT || edge.early.size >= WINDOW;
    if (isBusy || this.#halt !== null || this.#broken !== null || edge.early.has(ref.key)) return;
    const slot = this.#slot(ref);
    edge.early.set(ref.key, slot);
    this.#start([slot], edge, null).catch((error: unknown) => this.#break(error));
  }

  #slot(ref: RowRef): Slot {
    return { ref, place: this.#place++, result: null, isCommitted: false };
  }

  async #start(slots: readonly Slot[], edge: Edge, stretch: Stretch | null): Promise<void> {
    try {
      await this.#actions.start(
        slots.map(({ ref, place }) => ({ ref, place })),
        edge.port.node,
        (nth, result) => {
          const slot = slots[nth];
          if (slot !== undefined) this.#settle(slot, result);
        },
        (error) => this.#break(error),
        stretch,
      );
    } catch (error) {
      this.#break(error);
    }
  }

  #settle(slot: Slot, result: RowResult): void {
    slot.result = result;
    if (result.disposition === 'failed') this.#judgeFailure();
    this.#advance();
    if (!slot.isCommitted && !this.#kind.distinct) for (const out of result.outs) this.#ports[out.port]?.offer(out.ref);
  }

  /** Failure policy: the first one ends the node under `stop`, too many do under `max_failures`. */
  #judgeFailure(): void {
    const { onFailure, maxFailures } = this.#node;
    const failed = ++this.#failed;
    if (onFailure === 'stop' || (maxFailures !== null && failed > maxFailures)) {
      this.#stopTaking(new Failure('stopped-after-failures', `${failed} rows failed`, { scope: 'stopped' }));
    }
  }

  #stopTaking(why: Failure): void {
    this.#halt ??= why;
    this.#halted.abort();
    for (const edge of this.#edges) edge.port.wake();
    this.#notify();
  }

  #break(error: unknown): void {
    this.#broken ??= { error };
    for (const edge of this.#edges) edge.port.wake();
    this.#notify();
  }

  /** Commits every result whose turn it is. */
  #advance(): void {
    try {
      for (let edge = this.#edges[this.#edgeToCommit]; edge !== undefined; edge = this.#edges[this.#edgeToCommit]) {
        for (let slot = edge.queue[edge.head]; slot?.result; slot = edge.queue[edge.head]) {
          this.#commit(slot, slot.result);
          edge.shift();
        }
        if (!edge.isTaken || edge.waiting > 0) break;
        this.#edgeToCommit++;
      }
    } catch (error) {
      this.#break(error);
    }
    this.#notify();
  }

  #commit(slot: Slot, result: RowResult): void {
    slot.isCommitted = true;
    const counts = this.#counts;
    let { disposition } = result;
    if (this.#kind.distinct && disposition === 'emitted') {
      if (this.#distinct.has(result.action)) disposition = 'consumed';
      else this.#distinct.add(result.action);
    }
    counts.dispose(disposition, result.code);
    if (result.reused) counts.reused++;
    if (disposition !== 'consumed') for (const call of result.calls) counts.attribute(call);
    if (disposition !== 'consumed') for (const out of result.outs) this.#append(out.port, out.ref, out.isSuffixed);
    if (disposition === 'rejected' || disposition === 'failed') {
      const { code, message, failure } = result;
      this.#shared.env.emit({
        type: 'row-trouble',
        node: this.#node.id,
        row: slot.ref.key,
        disposition,
        code: code ?? '',
        message,
        ...(failure?.hint === undefined ? {} : { hint: failure.hint }),
      });
    }
  }

  #append(name: string, ref: RowRef, isSuffixed: boolean): void {
    const port = this.#ports[name];
    if (port === undefined) throw new Error(`no port ${name} on node ${this.#node.id}`);
    if (isSuffixed) port.demandUniqueKeys();
    port.append(ref);
    if (name !== 'rejected') this.#counts.out++;
  }

  /** What arrived after the node stopped taking, and what was taken without a result: untried, by the reason of the halt. */
  async #countUntaken(): Promise<void> {
    // What comes before may still be finishing its own last rows.
    for (const edge of this.#edges) await edge.port.closed();
    let untaken = 0;
    for (const edge of this.#edges) untaken += edge.port.count - edge.position;
    if (untaken === 0) return;
    this.#counts.in += untaken;
    this.#counts.dispose('untried', this.#halt?.code ?? 'stopped', untaken);
  }

  #progress(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #notify(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}
