/** What a run would do, node by node, without doing any of it: reuse, run, or not known until something upstream has run. */

import type { Digest } from '#contract/json.ts';
import type { Plan, PlanNode, PortAddress } from '#contract/plan.ts';
import type { Store } from '#contract/store.ts';
import { hashKey, type NodeKeyInput, writeNodeKey } from '#keys/key-writer.ts';
import { estimateNode, type NodeEstimate, outputRows } from './estimate.ts';
import type { LockSection } from './lock.ts';
import { measuredOf, type StoredNode, toStoredNode } from './stored-node.ts';

/**
 * `reuse`: the whole node is stored. `run`: its inputs are known and it is not stored. `unknown`: decided once what feeds it
 * has run. `unwanted`: not selected; its stored result, if there is one, is lent. `blocked`: needs a node that is not selected
 * and not stored.
 */
export type AssessedState = 'reuse' | 'run' | 'unknown' | 'unwanted' | 'blocked';

export interface Assessment extends NodeEstimate {
  readonly node: string;
  readonly kind: string;
  readonly state: AssessedState;
  readonly reason: { readonly code: string; readonly message: string };
  /** Rows that arrive and that come out; null where nobody can say yet. */
  readonly rows: { readonly in: number | null; readonly out: number | null };
  /** Rows whose action has to be performed; an upper bound unless `isExact`. */
  readonly fresh: { readonly rows: number | null; readonly isExact: boolean };
}

export interface AssessOptions {
  /** The lock's section: rows and tokens of the last complete run, where this one's are not known. */
  readonly previous?: LockSection | undefined;
  /** Counts the rows of a row node whose actions are not stored; its inputs are closed. Null where it cannot tell. */
  readonly countFresh?: (node: PlanNode, inputs: readonly StoredNode[]) => Promise<number | null>;
}

interface Known {
  readonly assessment: Assessment;
  /** There when its ports can be read now. */
  readonly stored: StoredNode | null;
}

/** In the order of the plan. Reads entries only, level by level, so that many nodes cost few requests. */
export async function assessPlan(plan: Plan, store: Store, options: AssessOptions = {}): Promise<Assessment[]> {
  const known = new Map<string, Known>();
  const measured = await readMeasured(options.previous, store);
  for (const level of byDepth(plan.nodes)) {
    const keys = level.map((node) => nodeKey(node, known));
    const asked = keys.filter((key) => key !== null);
    const entries = await store.entries.get('node', asked);
    const found = new Map(asked.map((key, index) => [key, entries[index]]));
    for (const [index, node] of level.entries()) {
      const key = keys[index] ?? null;
      const entry = key === null ? undefined : found.get(key);
      const stored = entry === undefined ? null : toStoredNode(node.id, entry.body);
      known.set(node.id, await assessNode(node, key, stored, known, measured.get(node.id) ?? null, options));
    }
  }
  return plan.nodes.flatMap((node) => known.get(node.id)?.assessment ?? []);
}

/** USD of the whole run. `high` is infinite where a node with paid calls cannot be bounded yet. */
export function totalUsd(assessments: readonly Assessment[]): { readonly low: number; readonly high: number } {
  const sum = { low: 0, high: 0 };
  for (const { usd, isBounded } of assessments) {
    sum.low += usd?.low ?? 0;
    sum.high += isBounded ? (usd?.high ?? 0) : Number.POSITIVE_INFINITY;
  }
  return sum;
}

async function assessNode(
  node: PlanNode,
  key: Digest | null,
  stored: StoredNode | null,
  known: ReadonlyMap<string, Known>,
  measured: StoredNode | null,
  options: AssessOptions,
): Promise<Known> {
  const rowsIn = rowsInto(node, known);
  const [state, code, message] = stateOf(node, key, stored, known, options.previous);
  const base = { node: node.id, kind: node.kind.name, state, reason: { code, message } };
  if (stored !== null && (state === 'reuse' || state === 'unwanted')) {
    const nothing = estimateNode(node, 0, null);
    const rows = { in: rowsIn, out: outputRows(stored) };
    return { assessment: { ...nothing, ...base, rows, fresh: { rows: 0, isExact: true }, notes: [] }, stored };
  }
  if (state === 'unwanted' || state === 'blocked') {
    const nothing = estimateNode(node, 0, null);
    const rows = { in: rowsIn, out: null };
    return { assessment: { ...nothing, ...base, rows, fresh: { rows: 0, isExact: true }, notes: [] }, stored: null };
  }
  const sources = inputsOf(node).map((address) => known.get(address.node)?.stored ?? null);
  const isClosed = sources.every((source) => source !== null);
  const counted =
    isClosed && node.kind.scope === 'row' && options.countFresh !== undefined
      ? await options.countFresh(
          node,
          sources.filter((source) => source !== null),
        )
      : null;
  const fresh = counted ?? rowsIn;
  const estimate = estimateNode(node, fresh, measuredOf(measured));
  const out =
    estimate.rowsOut ??
    (measured !== null ? expectRows(node, measured, rowsIn) : node.kind.scope === 'row' ? rowsIn : null);
  const assessment = {
    ...estimate,
    ...base,
    rows: { in: rowsIn, out },
    fresh: { rows: fresh, isExact: counted !== null },
  };
  return { assessment, stored: null };
}

/** What came out last time; where more comes in, each further row may come out, in the proportion of the last. */
function expectRows(node: PlanNode, measured: StoredNode, rowsIn: number | null): number {
  const before = outputRows(measured);
  if (node.kind.scope !== 'row' || rowsIn === null || rowsIn <= measured.in) return before;
  const perRow = measured.in === 0 ? 1 : Math.max(1, before / measured.in);
  return before + Math.ceil((rowsIn - measured.in) * perRow);
}

function stateOf(
  node: PlanNode,
  key: Digest | null,
  stored: StoredNode | null,
  known: ReadonlyMap<string, Known>,
  previous: LockSection | undefined,
): [AssessedState, string, string] {
  const upstream = [...new Set([...inputsOf(node), ...lookupsOf(node)].map((address) => address.node))];
  if (!node.wanted) {
    if (stored !== null) return ['unwanted', 'not-selected', 'not selected; its stored result is used'];
    return ['unwanted', 'not-selected', 'not selected, and nothing is stored for these inputs'];
  }
  const missing = upstream.find((id) => {
    const other = known.get(id);
    return other?.assessment.state === 'blocked' || (other?.assessment.state === 'unwanted' && other.stored === null);
  });
  if (missing !== undefined)
    return [
      'blocked',
      'upstream-not-selected',
      `${missing} is not selected and has no stored result; select +${node.id}`,
    ];
  const waits = upstream.filter((id) => (known.get(id)?.stored ?? null) === null);
  if (waits.length > 0)
    return ['unknown', 'upstream-runs', `known once ${list(waits)} ${waits.length === 1 ? 'has' : 'have'} run`];
  const gates = (node.when?.nodes ?? []).filter((id) => (known.get(id)?.stored ?? null) === null);
  if (gates.length > 0)
    return ['unknown', 'gate', `\`when\` is decided once ${list(gates)} ${gates.length === 1 ? 'has' : 'have'} run`];
  const [pending] = node.pending;
  if (pending !== undefined) return ['unknown', 'name-unresolved', pending];
  if (stored !== null) return ['reuse', 'stored', 'stored for exactly these inputs'];
  const before = previous?.nodes[node.id];
  if (before === undefined) return ['run', 'new', 'never completed under this profile'];
  if (before.key === key) return ['run', 'lost', 'its stored result is no longer in the cache'];
  return ['run', 'changed', `something in its key changed; \`sluice why . ${node.id}\` says what`];
}

function list(ids: readonly string[]): string {
  return ids.length <= 3 ? ids.join(', ') : `${ids.slice(0, 2).join(', ')} and ${ids.length - 2} more`;
}

/** Null while a port that is in the key is not closed. */
function nodeKey(node: PlanNode, known: ReadonlyMap<string, Known>): Digest | null {
  const ports = (addresses: readonly PortAddress[]) => {
    const found = addresses.map(({ node: id, port }) => known.get(id)?.stored?.ports[port]);
    return found.every((port) => port !== undefined)
      ? found.map((port) => ({ digest: port.digest, partial: false }))
      : null;
  };
  const inputs: { [input: string]: NodeKeyInput['inputs'][string] } = {};
  for (const [name, addresses] of Object.entries(node.inputs)) {
    const closed = ports(addresses);
    if (closed === null) return null;
    inputs[name] = closed;
  }
  const lookups: { [name: string]: NodeKeyInput['lookups'][string] } = {};
  for (const [name, { from }] of Object.entries(node.lookups)) {
    const closed = ports(from);
    if (closed === null) return null;
    lookups[name] = closed;
  }
  return hashKey('node', writeNodeKey({ fingerprint: node.fingerprint, inputs, lookups }));
}

function inputsOf(node: PlanNode): PortAddress[] {
  return Object.values(node.inputs).flat();
}

function lookupsOf(node: PlanNode): PortAddress[] {
  return Object.values(node.lookups).flatMap(({ from }) => from);
}

/** Rows on all ports of all inputs: counted where stored, else at most what the producer is expected to give. */
function rowsInto(node: PlanNode, known: ReadonlyMap<string, Known>): number | null {
  let sum = 0;
  for (const { node: id, port } of inputsOf(node)) {
    const other = known.get(id);
    const rows =
      other?.stored?.ports[port]?.count ?? (port === 'tally' || port === 'evidence' ? 0 : other?.assessment.rows.out);
    if (rows === null || rows === undefined) return null;
    sum += rows;
  }
  return sum;
}

function byDepth(nodes: readonly PlanNode[]): PlanNode[][] {
  const levels: PlanNode[][] = [];
  for (const node of nodes) {
    levels[node.depth] ??= [];
    levels[node.depth]?.push(node);
  }
  return levels.filter((level) => level !== undefined);
}

async function readMeasured(previous: LockSection | undefined, store: Store): Promise<Map<string, StoredNode>> {
  const nodes = Object.entries(previous?.nodes ?? {});
  const entries = await store.entries.get(
    'node',
    nodes.map(([, { key }]) => key),
  );
  return new Map(
    nodes.flatMap(([id], index) => {
      const stored = entries[index] === undefined ? null : toStoredNode(id, entries[index].body);
      return stored === null ? [] : [[id, stored] as const];
    }),
  );
}
