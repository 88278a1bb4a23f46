/** One node from `wanted` to its end: waits for what it needs, reuses what is there, runs what is not, closes its ports. */

import type { NodeState } from '#contract/event.ts';
import { Failure } from '#contract/failure.ts';
import type { TreeFile } from '#contract/files.ts';
import type { Digest } from '#contract/json.ts';
import type { PlanNode } from '#contract/plan.ts';
import { encodeRow } from '#keys/row-body.ts';
import { awaitInputs, blockedByPartial, type Reason, type Upstream } from './await-inputs.ts';
import { Counts } from './counts.ts';
import type { NodeEntry } from './entries.ts';
import type { Shared } from './environment.ts';
import { inspectStored } from './inspect-stored.ts';
import { LookupTable } from './lookup.ts';
import { poolOf } from './pools.ts';
import { Port } from './port.ts';
import { publishTree } from './publish.ts';
import { RowNode } from './row-node.ts';
import type { Rows } from './rows.ts';
import { runSource } from './source-node.ts';
import { tellEvidence, tellMissing, tellProvisional, tellStale } from './tell.ts';
import { runWhole } from './whole-node.ts';
import { nodeKeyOf, portsOf, projectedKeyOf, type Wired } from './wired.ts';

type Ports = { readonly [port: string]: Port };

const STOPPED: Reason = { code: 'stopped', message: 'the run was stopped' };

export class NodeRun implements Upstream {
  readonly node: PlanNode;
  readonly counts = new Counts();
  state: NodeState = 'wanted';
  reason: Reason | null = null;
  /** There from `running` on. */
  ports: Ports | null = null;
  key: Digest | null = null;
  isReused = false;
  waiting: string | null = null;
  tree: readonly TreeFile[] | null = null;
  readonly started: Promise<void>;
  readonly ended: Promise<void>;
  readonly #shared: Shared;
  readonly #others: ReadonlyMap<string, NodeRun>;
  readonly #limit: number | null;
  #markStarted!: () => void;
  #markEnded!: () => void;

  constructor(node: PlanNode, others: ReadonlyMap<string, NodeRun>, limit: number | null, shared: Shared) {
    this.node = node;
    this.#others = others;
    this.#limit = limit;
    this.#shared = shared;
    this.started = new Promise((resolve) => {
      this.#markStarted = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#markEnded = resolve;
    });
  }

  /** Never rejects for trouble of the node; @throws LostBody, failures of the store, engine bugs */
  async execute(): Promise<void> {
    try {
      await this.#execute();
    } finally {
      for (const port of Object.values(this.ports ?? {})) if (!port.isClosed) port.close(true);
      this.#markStarted();
      this.#markEnded();
    }
  }

  async #execute(): Promise<void> {
    const { node } = this;
    const start = await awaitInputs(node, this.#others, this.#shared, (waiting) => {
      this.waiting = waiting;
    });
    if (!node.wanted) return this.#adopt(start.type === 'go' ? start.wired : null);
    if (start.type === 'end') {
      if (start.state === 'skipped') await tellStale(node, this.#shared);
      return this.#end(start.state, start.reason);
    }
    const { wired } = start;
    if (this.#shared.env.drain.aborted) return this.#end('stopped', STOPPED);
    const blocked = blockedByPartial(node, wired, this.#others);
    if (blocked !== null) return this.#end('blocked', blocked);
    if (portsOf(wired).every((port) => port.isClosed) && (await this.#reuse(wired))) return;
    this.#open();
    await this.#run(wired);
  }

  /** A node that is not selected lends its stored ports, if it has them. */
  async #adopt(wired: Wired | null): Promise<void> {
    if (wired !== null) {
      for (const port of portsOf(wired)) await port.closed();
      if (portsOf(wired).every((port) => !port.isPartial) && (await this.#reuse(wired))) return;
    }
    const message = `${this.node.id} is not selected and has no stored result for these inputs`;
    this.#end('unwanted', { code: 'not-selected', message });
  }

  get failures(): ReadonlyMap<string, number> {
    return this.counts.failures;
  }

  get #isForced(): boolean {
    const { options, distrusted } = this.#shared;
    const { id } = this.node;
    return options.rerun.has(id) || options.resample.has(id) || distrusted.has(id);
  }

  // ---- reuse ------------------------------------------------------------------------------------------------------

  async #reuse(wired: Wired): Promise<boolean> {
    const { node } = this;
    const { distrusted, nodes, rows, env } = this.#shared;
    this.key = nodeKeyOf(node, wired);
    if (distrusted.has(node.id)) await inspectStored((await nodes.recall([this.key]))[0], env.store.blobs);
    if (this.#isForced && node.wanted) return false;
    let [entry] = await nodes.recall([this.key]);
    if (entry === undefined) {
      const projected = await projectedKeyOf(node, wired, rows);
      if (projected !== null) [entry] = await nodes.recall([projected]);
      if (entry !== undefined) nodes.keep(this.key, entry, false);
    }
    if (entry === undefined) return false;
    this.isReused = true;
    await this.#restore(entry);
    await this.#finish();
    return true;
  }

  async #restore(entry: NodeEntry): Promise<void> {
    const { rows } = this.#shared;
    const { id } = this.node;
    const limit = this.node.kind.scope === 'source' ? this.#limit : null;
    const ports: { [port: string]: Port } = {};
    for (const [name, stored] of Object.entries(entry.ports)) {
      const port = Port.restore(id, name, rows, stored);
      ports[name] = limit !== null && name !== 'tally' && port.count > limit ? await prefixOf(port, limit, rows) : port;
    }
    this.counts.restore(entry.counts);
    if (limit !== null) this.counts.limit(sumOf(ports));
    this.ports = ports;
    this.tree = entry.tree;
  }

  // ---- running ----------------------------------------------------------------------------------------------------

  #open(): void {
    const { node } = this;
    this.ports = Object.fromEntries(
      Object.keys(node.outputs).map((name) => [name, new Port(node.id, name, this.#shared.rows)]),
    );
    this.state = 'running';
    this.#shared.env.emit({ type: 'node-state', node: node.id, state: 'running' });
    this.#markStarted();
  }

  async #run(wired: Wired): Promise<void> {
    const { node, counts } = this;
    const ports = this.ports ?? {};
    const lease = node.kind.scope === 'whole' && this.key !== null ? await this.#lease(this.key) : null;
    try {
      if (lease === 'made-elsewhere' && (await this.#reuse(wired))) return;
      let isWhole = true;
      if (node.kind.scope === 'source') {
        isWhole = await runSource(node, node.kind, ports, counts, this.#limit, this.#shared);
      } else if (node.kind.scope === 'row') {
        const tables: LookupTable[] = [];
        for (const [name, lookup] of Object.entries(node.lookups)) {
          tables.push(await LookupTable.build(name, lookup, wired.lookups[name] ?? [], this.#shared.rows));
        }
        await new RowNode(node, node.kind, wired.inputs['from'] ?? [], ports, tables, counts, this.#shared).run();
      } else {
        const release = await this.#slot();
        try {
          this.tree = await runWhole(node, node.kind, wired.inputs, ports, counts, this.#shared);
        } finally {
          release();
        }
      }
      await this.#conclude(wired, isWhole);
    } catch (error) {
      if (!(error instanceof Failure) || error.code.startsWith('store-')) throw error;
      this.#fail(error, wired);
    } finally {
      if (typeof lease === 'object') await lease?.release();
    }
  }

  /** A thousand commands without inputs are not a thousand programs at once. */
  #slot(): Promise<() => void> {
    const slots = poolOf(this.node, this.#shared.pools);
    return slots === undefined ? Promise.resolve(() => undefined) : slots.take([-this.node.depth, 0]);
  }

  /** Exactly one computation of a whole node over all processes on the store. */
  async #lease(key: Digest): Promise<{ release(): Promise<void> } | 'made-elsewhere'> {
    const { store, drain } = this.#shared.env;
    const isMade = async (): Promise<boolean> => (await this.#shared.nodes.recall([key]))[0] !== undefined;
    for (let waited = false; ; waited = true) {
      // Asked before the lease: a thousand nodes of one key would else pass it on one by one.
      if (waited && (await isMade())) return 'made-elsewhere';
      const lease = await store.leases.reserve(`node:${key}`);
      if (lease !== undefined) {
        if (!waited || !(await isMade())) return lease;
        await lease.release();
        return 'made-elsewhere';
      }
      if (drain.aborted) throw new Failure('stopped', 'the run was stopped', { scope: 'stopped' });
      this.waiting = 'another run of this node';
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async #conclude(wired: Wired, isWhole: boolean): Promise<void> {
    const { node, counts } = this;
    const { failed, untried } = counts.dispositions;
    for (const port of Object.values(this.ports ?? {})) await port.confirmKeys();
    if (!counts.isBalanced) throw new Error(`balance of ${node.id} is off: ${JSON.stringify(counts.snapshot())}`);
    const mayBePartial = node.allowPartial && node.kind.scope === 'whole';
    const isCut = !isWhole && this.#limit === null;
    const isPartial = isCut || failed + untried > 0 || (portsOf(wired).some((port) => port.isPartial) && !mayBePartial);
    this.#tally();
    for (const port of Object.values(this.ports ?? {})) port.close(isPartial);
    tellMissing(node, counts, this.#shared);
    if (counts.provisional.size > 0) tellProvisional(node, counts, this.#shared);
    else if (!isPartial && isWhole) await this.#keep(wired);
    if (failed > 0) this.#end('failed', this.#failureReason());
    else if (isCut || untried > 0) this.#end('stopped', this.#failureReason());
    else await this.#finish();
  }

  /** Publishes what it has, on every run, and is done. A partial node publishes nothing. */
  async #finish(): Promise<void> {
    const isPartial = Object.values(this.ports ?? {}).some((port) => port.isPartial);
    if (this.tree !== null && !isPartial) await publishTree(this.node, this.tree, this.#shared);
    await tellEvidence(this.node, this.ports?.['evidence'], this.#shared);
    this.#end('done', null);
  }

  #failureReason(): Reason {
    const [[code, count] = ['stopped', 0]] = [...this.counts.failures].sort((a, b) => b[1] - a[1]);
    const { failed, untried } = this.counts.dispositions;
    const parts = [failed > 0 ? `${failed} rows failed` : '', untried > 0 ? `${untried} rows were not tried` : ''];
    const most = count > 0 ? `, most often for ${code}` : '';
    return { code, message: `${parts.filter((part) => part !== '').join(', ') || 'cut short'}${most}` };
  }

  #tally(): void {
    const port = this.ports?.['tally'];
    if (port === undefined) return;
    for (const { key, fields } of this.counts.tally()) {
      const row = encodeRow(fields);
      this.#shared.rows.putRow(row);
      port.append({ key, digest: row.digest, action: '' });
    }
  }

  async #keep(wired: Wired): Promise<void> {
    const { node } = this;
    const { nodes, distrusted, rows } = this.#shared;
    this.key = nodeKeyOf(node, wired);
    const entry: NodeEntry = {
      ports: Object.fromEntries(Object.entries(this.ports ?? {}).map(([name, port]) => [name, port.toEntry()])),
      tree: this.tree,
      counts: this.counts.toStored(),
    };
    if (distrusted.has(node.id)) await this.#demandSame(entry);
    await rows.stored();
    nodes.keep(this.key, entry, this.#isForced);
    const projected = await projectedKeyOf(node, wired, rows);
    if (projected !== null) nodes.keep(projected, entry, this.#isForced);
  }

  /** What is made again because its body was lost must come out as it was. */
  async #demandSame(entry: NodeEntry): Promise<void> {
    const [old] = await this.#shared.nodes.recall([this.key ?? '']);
    for (const [name, port] of Object.entries(old?.ports ?? {})) {
      const made = entry.ports[name];
      if (made === undefined || made.digest === port.digest) continue;
      throw new Failure(
        'not-reproducible',
        `${this.node.id}.${name} was made again and differs: ${port.digest} before, ${made.digest} now`,
        {
          hint: `\`--rerun ${this.node.id}\` accepts the new rows`,
        },
      );
    }
  }

  // ---- ends -------------------------------------------------------------------------------------------------------

  #fail(failure: Failure, { inputs }: Wired): void {
    const arrived = Object.values(inputs)
      .flat()
      .reduce((sum, port) => sum + port.count, 0);
    const { emitted, consumed, rejected, failed, untried } = this.counts.dispositions;
    const disposed = emitted + consumed + rejected + failed + untried;
    this.counts.in = Math.max(arrived, disposed);
    const isUntried = failure.scope === 'stopped' || failure.scope === 'budget' || failure.scope === 'blocked';
    this.counts.dispose(isUntried ? 'untried' : 'failed', failure.code, this.counts.in - disposed);
    if (this.ports?.['tally']?.isClosed === false) this.#tally();
    const message = failure.hint === undefined ? failure.message : `${failure.message} (${failure.hint})`;
    this.#end(isUntried ? 'stopped' : 'failed', { code: failure.code, message });
  }

  #end(state: NodeState, reason: Reason | null): void {
    this.state = state;
    this.reason = reason;
    this.waiting = null;
    for (const port of Object.values(this.ports ?? {})) if (!port.isClosed) port.close(true);
    const ports = Object.fromEntries(
      Object.entries(this.ports ?? {}).map(([name, port]) => [
        name,
        { digest: port.digest, count: port.count, partial: port.isPartial },
      ]),
    );
    this.#shared.env.emit({
      type: 'node-state',
      node: this.node.id,
      state,
      ...(this.isReused ? { reused: true } : {}),
      ...(reason === null ? {} : { reason }),
      counts: this.counts.snapshot(),
      ports,
    });
  }
}

/** Rows on the ports of the kind. */
function sumOf(ports: Ports): number {
  return Object.entries(ports).reduce(
    (sum, [name, port]) => sum + (name === 'tally' || name === 'rejected' ? 0 : port.count),
    0,
  );
}

/** The first rows of a port, as a port of their own: a trial's input. */
async function prefixOf(port: Port, limit: number, rows: Rows): Promise<Port> {
  const prefix = new Port(port.node, port.name, rows);
  for (let at = 0; at < limit; ) {
    const refs = await port.read(at, limit - at);
    if (refs.length === 0) break;
    for (const ref of refs) prefix.append(ref);
    at += refs.length;
  }
  prefix.close(false);
  return prefix;
}
