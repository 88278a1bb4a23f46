/** What a node waits for before it may start, and the end that others may force upon it instead. */

import type { NodeState } from '#contract/event.ts';
import type { PlanNode, PortAddress } from '#contract/plan.ts';
import type { Shared } from './environment.ts';
import { decideGate } from './gate.ts';
import type { Port } from './port.ts';
import { barriersOf, type Wired } from './wired.ts';

export interface Reason {
  readonly code: string;
  readonly message: string;
}

/** A node as those that depend on it see it. */
export interface Upstream {
  readonly node: PlanNode;
  readonly state: NodeState;
  readonly reason: Reason | null;
  readonly ports: { readonly [port: string]: Port } | null;
  readonly failures: ReadonlyMap<string, number>;
  /** Resolves when its ports are there to be read, or never will be. */
  readonly started: Promise<void>;
  readonly ended: Promise<void>;
}

export type Start =
  | { readonly type: 'go'; readonly wired: Wired }
  | { readonly type: 'end'; readonly state: NodeState; readonly reason: Reason };

/** @param say told what is being waited for; null when nothing is */
export async function awaitInputs(
  node: PlanNode,
  others: ReadonlyMap<string, Upstream>,
  shared: Shared,
  say: (waiting: string | null) => void,
): Promise<Start> {
  const start = await awaitAll(node, others, shared, say);
  say(null);
  return start;
}

async function awaitAll(
  node: PlanNode,
  others: ReadonlyMap<string, Upstream>,
  shared: Shared,
  say: (waiting: string) => void,
): Promise<Start> {
  for (const id of node.after) {
    const other = upstream(id, others);
    say(`after ${id}`);
    await other.ended;
    if (other.state === 'failed' || other.state === 'blocked') return passOn(other);
  }
  const gate = node.when === null ? null : await awaitGate(node.when, others, shared, say);
  if (gate !== null) return gate;
  const addresses = [...Object.values(node.inputs).flat(), ...Object.values(node.lookups).flatMap(({ from }) => from)];
  for (const { node: id } of addresses) {
    const other = upstream(id, others);
    say(`for ${id}`);
    await other.started;
    if (other.ports === null) return passOn(other);
  }
  const wired: Wired = {
    inputs: mapValues(node.inputs, (list) => list.map((address) => portAt(address, others))),
    lookups: mapValues(node.lookups, ({ from }) => from.map((address) => portAt(address, others))),
  };
  for (const port of barriersOf(node, wired)) {
    say(`close of ${port.node}.${port.name}`);
    await port.closed();
  }
  return { type: 'go', wired };
}

async function awaitGate(
  when: NonNullable<PlanNode['when']>,
  others: ReadonlyMap<string, Upstream>,
  shared: Shared,
  say: (waiting: string) => void,
): Promise<Start | null> {
  const evidence = new Map<string, Port>();
  for (const id of when.nodes) {
    const other = upstream(id, others);
    say(`gate ${id}`);
    await other.ended;
    if (other.state === 'failed' || other.state === 'blocked' || other.state === 'stopped') return passOn(other);
    const port = other.ports?.['evidence'];
    if (other.state === 'done' && port !== undefined) evidence.set(id, port);
  }
  const verdict = await decideGate(when, evidence, shared.rows);
  if (verdict.type === 'open') return null;
  return { type: 'end', state: 'skipped', reason: { code: verdict.code, message: verdict.message } };
}

/** A whole node, and a join, over rows of which some are missing would be taken for the whole. */
export function blockedByPartial(node: PlanNode, wired: Wired, others: ReadonlyMap<string, Upstream>): Reason | null {
  if (node.allowPartial) return null;
  const port = barriersOf(node, wired).find((candidate) => candidate.isPartial);
  if (port === undefined) return null;
  const codes = [...upstream(port.node, others).failures].sort().map(([code, count]) => `${count} ${code}`);
  const why = codes.length > 0 ? ` (${codes.join(', ')})` : '';
  return {
    code: 'partial-input',
    message: `${port.node}.${port.name} is partial${why}; mend it and rerun, or set allow_partial: true`,
  };
}

/** The end that the node before makes necessary. */
function passOn(other: Upstream): Start {
  const why = other.reason === null ? '' : `: ${other.reason.message}`;
  const ends: { [S in NodeState]?: [NodeState, string] } = {
    skipped: ['skipped', 'upstream-skipped'],
    stopped: ['stopped', 'stopped'],
    unwanted: ['blocked', 'upstream-not-selected'],
  };
  const [state, code] = ends[other.state] ?? ['blocked', 'upstream-failed'];
  // What was passed on to it is passed on as it is: it names the node where it began.
  const message = other.reason?.code === code ? other.reason.message : `${other.node.id} is ${other.state}${why}`;
  return { type: 'end', state, reason: { code, message } };
}

function upstream(id: string, others: ReadonlyMap<string, Upstream>): Upstream {
  const other = others.get(id);
  if (other === undefined) throw new Error(`plan names node ${id}, which is not in it`);
  return other;
}

function portAt(address: PortAddress, others: ReadonlyMap<string, Upstream>): Port {
  const port = upstream(address.node, others).ports?.[address.port];
  if (port === undefined) throw new Error(`plan wires ${address.node}.${address.port}, which does not exist`);
  return port;
}

function mapValues<V, R>(object: { readonly [name: string]: V }, map: (value: V) => R): { readonly [name: string]: R } {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
}
