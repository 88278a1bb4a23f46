/** A run as far as it has been told: what every view shows, and nothing that is not in the events. */

import type { EventBody, NodeCounts, NodeHeader, NodeState, PortSummary } from '#contract/event.ts';
import type { Usage } from '#contract/services.ts';
import { type Flights, NO_FLIGHTS } from './flights.ts';
import { itemAt, itemsOf, type NodeList, toNodeList } from './node-list.ts';

type Finished = Omit<Extract<EventBody, { type: 'run-finished' }>, 'type'>;
export type Notice = Omit<Extract<EventBody, { type: 'notice' }>, 'type' | 'at'>;

/** Rows of one node that met the same trouble. Counts are of events seen; `NodeCounts` holds the true ones. */
export interface Trouble {
  readonly disposition: 'rejected' | 'failed' | 'untried';
  readonly code: string;
  readonly seen: number;
  /** The first one. */
  readonly row: string;
  readonly message: string;
  readonly hint: string | null;
}

export interface NodeView {
  readonly header: NodeHeader;
  readonly state: NodeState;
  /** The whole node was reused without reading a row. */
  readonly isReused: boolean;
  readonly reason: { readonly code: string; readonly message: string } | null;
  readonly counts: NodeCounts;
  readonly ports: { readonly [port: string]: PortSummary };
  readonly waiting: string | null;
  /** Milliseconds since the epoch. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Rows done at some moments of the last seconds, oldest first: what a rate is worked out from. */
  readonly pace: readonly { readonly at: number; readonly done: number }[];
  /** By `disposition code`. */
  readonly troubles: ReadonlyMap<string, Trouble>;
  /** What the node measured. */
  readonly evidence: { readonly [name: string]: string | number | boolean } | null;
  readonly published: {
    readonly to: string;
    readonly files: number;
    readonly written: number;
    readonly removed: number;
  } | null;
  readonly callsInFlight: number;
}

export interface ModelView {
  readonly endpoint: string;
  readonly model: string;
  readonly answered: number;
  readonly reused: number;
  readonly failed: number;
  readonly retries: number;
  /** Of answered calls. */
  readonly latencyMs: number;
  readonly usage: Usage;
  /** Spent in this run. */
  readonly usd: number;
}

/** What was fetched of remote datasets. */
export type Fetched = Omit<Extract<EventBody, { type: 'data-fetched' }>, 'type' | 'node'>;

/** Sums over nodes while the run goes on; the engine's own once it has finished. */
export interface Totals {
  readonly rowsRun: number;
  readonly rowsReused: number;
  readonly calls: number;
  readonly reusedCalls: number;
  readonly callsInFlight: number;
  readonly usd: number;
}

export interface Summary {
  readonly run: string;
  readonly pipeline: string;
  readonly profile: string;
  readonly file: string;
  readonly argv: readonly string[];
  readonly startedAt: number;
  /** Time of the last event. */
  readonly at: number;
  readonly events: number;
  readonly budgetUsd: number | null;
  readonly spentUsd: number;
  readonly totals: Totals;
  /** How many nodes are in each state. */
  readonly states: ReadonlyMap<NodeState, number>;
  readonly places: ReadonlyMap<string, number>;
  /** In the order of the plan. */
  readonly nodes: NodeList<NodeView>;
  /** By `endpoint model`. */
  readonly models: ReadonlyMap<string, ModelView>;
  /** By node; null for names that were looked up before the run began. */
  readonly fetched: ReadonlyMap<string | null, Fetched>;
  /** Calls that were sent and are not back: call key to the node that sent it. */
  readonly flights: Flights;
  /** The first of them; `noticeCount` counts all. */
  readonly notices: readonly Notice[];
  readonly noticeCount: number;
  readonly finished: Finished | null;
}

export const NO_COUNTS: NodeCounts = {
  in: 0,
  emitted: 0,
  consumed: 0,
  rejected: 0,
  failed: 0,
  untried: 0,
  reused: 0,
  out: 0,
  considered: 0,
  dropped: 0,
  inFlight: 0,
  codes: {},
  failures: {},
  calls: 0,
  reusedCalls: 0,
  usage: { input: 0, output: 0 },
  usd: 0,
};

export const NO_TOTALS: Totals = { rowsRun: 0, rowsReused: 0, calls: 0, reusedCalls: 0, callsInFlight: 0, usd: 0 };

export const EMPTY_SUMMARY: Summary = {
  run: '',
  pipeline: '',
  profile: '',
  file: '',
  argv: [],
  startedAt: 0,
  at: 0,
  events: 0,
  budgetUsd: null,
  spentUsd: 0,
  totals: NO_TOTALS,
  states: new Map(),
  places: new Map(),
  nodes: toNodeList<NodeView>([]),
  models: new Map(),
  fetched: new Map(),
  flights: NO_FLIGHTS,
  notices: [],
  noticeCount: 0,
  finished: null,
};

export function nodesOf(summary: Summary): Iterable<NodeView> {
  return itemsOf(summary.nodes);
}

export function nodeOf(summary: Summary, id: string): NodeView | undefined {
  const place = summary.places.get(id);
  return place === undefined ? undefined : itemAt(summary.nodes, place);
}

const ENDED: ReadonlySet<NodeState> = new Set(['done', 'failed', 'blocked', 'stopped', 'skipped', 'unwanted']);

export function hasEnded(node: NodeView): boolean {
  return ENDED.has(node.state);
}

/** Rows that have their disposition; for a source, rows drawn. */
export function doneRows({ header, counts }: NodeView): number {
  return header.scope === 'source'
    ? counts.out
    : counts.emitted + counts.consumed + counts.rejected + counts.failed + counts.untried;
}

/** Whether `in = emitted + consumed + rejected + failed + untried`, which must hold once a node has ended. */
export function isBalanced({ header, counts }: NodeView): boolean {
  const disposed = counts.emitted + counts.consumed + counts.rejected + counts.failed + counts.untried;
  return counts.in === disposed || (header.scope === 'source' && counts.in === 0);
}
