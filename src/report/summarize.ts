/** The one fold from events to what can be shown: live views and replays of a log run the same steps, so they agree. */

import type { EventBody, NodeCounts, NodeHeader, NodeState, RunEvent } from '#contract/event.ts';
import { type Flights, NO_FLIGHTS, senderOf, withFlight, withoutFlight } from './flights.ts';
import { itemAt, toNodeList, withItem } from './node-list.ts';
import {
  doneRows,
  EMPTY_SUMMARY,
  type ModelView,
  NO_COUNTS,
  type NodeView,
  type Summary,
  type Totals,
} from './summary.ts';

const KEPT_NOTICES = 200;
/** A kind that makes a code of every message must not fill the memory. */
const KEPT_TROUBLES = 100;
const PACE_MARKS = 12;
const PACE_STEP_MS = 1000;

type Of<T extends EventBody['type']> = Extract<RunEvent, { type: T }>;

/** Pure: the state that is given stays as it was. An event about a node that was never announced adds it. */
export function summarize(state: Summary, event: RunEvent): Summary {
  const next = step(state, event);
  return { ...next, at: Math.max(next.at, event.at), events: next.events + 1 };
}

export function summarizeAll(events: Iterable<RunEvent>): Summary {
  let state = EMPTY_SUMMARY;
  for (const event of events) state = summarize(state, event);
  return state;
}

function step(state: Summary, event: RunEvent): Summary {
  switch (event.type) {
    case 'run-started':
      return start(event);
    case 'node-state':
      return changeNode(state, event.node, (node) => changeState(node, event));
    case 'node-progress':
      return changeNode(state, event.node, (node) =>
        withPace({ ...node, counts: event.counts, waiting: event.waiting ?? null }, event.at),
      );
    case 'row-trouble':
      return changeNode(state, event.node, (node) => addTrouble(node, event));
    case 'call-started':
    case 'call-retry':
    case 'call-finished':
      return changeCall(state, event);
    case 'evidence':
      return changeNode(state, event.node, (node) => ({ ...node, evidence: event.values }));
    case 'data-fetched': {
      const { node, requests, bytes, retries, cachedBytes } = event;
      return { ...state, fetched: new Map(state.fetched).set(node, { requests, bytes, retries, cachedBytes }) };
    }
    case 'published': {
      const { to, files, written, removed } = event;
      return changeNode(state, event.node, (node) => ({ ...node, published: { to, files, written, removed } }));
    }
    case 'notice':
      return {
        ...state,
        noticeCount: state.noticeCount + 1,
        notices: state.notices.length < KEPT_NOTICES ? [...state.notices, event] : state.notices,
      };
    case 'run-finished':
      return finish(state, event);
    default:
      // A log of a later version may hold events that this one does not know.
      return state;
  }
}

/** A second run on the same reporter (`--watch`) begins anew. */
function start(event: Of<'run-started'>): Summary {
  const { run, pipeline, profile, file, argv, budgetUsd, spentUsd, at } = event;
  return {
    ...EMPTY_SUMMARY,
    ...{ run, pipeline, profile, file, argv, budgetUsd, spentUsd, startedAt: at, at },
    nodes: toNodeList(event.nodes.map(toView)),
    places: new Map(event.nodes.map((header, place) => [header.id, place])),
    states: new Map(event.nodes.length > 0 ? [['wanted', event.nodes.length]] : []),
  };
}

function toView(header: NodeHeader): NodeView {
  return {
    header,
    state: 'wanted',
    isReused: false,
    reason: null,
    counts: NO_COUNTS,
    ports: {},
    waiting: null,
    startedAt: null,
    endedAt: null,
    pace: [],
    troubles: new Map(),
    evidence: null,
    published: null,
    callsInFlight: 0,
  };
}

// ---- nodes ------------------------------------------------------------------------------------------------------

function changeNode(state: Summary, id: string, change: (node: NodeView) => NodeView): Summary {
  const known = state.places.get(id);
  const place = known ?? state.nodes.length;
  const before = itemAt(state.nodes, place) ?? toView({ id, kind: '', scope: 'row', depth: 0, inputs: [] });
  const after = change(before);
  return {
    ...state,
    nodes: withItem(state.nodes, place, after),
    places: known === undefined ? new Map(state.places).set(id, place) : state.places,
    states:
      known !== undefined && before.state === after.state
        ? state.states
        : moveState(state.states, known === undefined ? null : before.state, after.state),
    totals: before.counts === after.counts ? state.totals : addCounts(state.totals, before, after),
  };
}

function moveState(
  states: ReadonlyMap<NodeState, number>,
  from: NodeState | null,
  to: NodeState,
): ReadonlyMap<NodeState, number> {
  const moved = new Map(states);
  if (from !== null) moved.set(from, (moved.get(from) ?? 0) - 1);
  return moved.set(to, (moved.get(to) ?? 0) + 1);
}

function changeState(node: NodeView, event: Of<'node-state'>): NodeView {
  const { state, at } = event;
  const hasEndedNow = state !== 'wanted' && state !== 'ready' && state !== 'running';
  const counts = event.counts ?? node.counts;
  return withPace(
    {
      ...node,
      state,
      isReused: event.reused ?? (state === 'done' ? node.isReused : false),
      reason: event.reason ?? null,
      counts: hasEndedNow ? { ...counts, inFlight: 0 } : counts,
      ports: event.ports ?? node.ports,
      waiting: hasEndedNow ? null : node.waiting,
      startedAt: node.startedAt ?? (state === 'running' || hasEndedNow ? at : null),
      endedAt: hasEndedNow ? at : null,
      callsInFlight: hasEndedNow ? 0 : node.callsInFlight,
    },
    at,
  );
}

/** Marks are a second apart; the newest one moves until it is. */
function withPace(node: NodeView, at: number): NodeView {
  const mark = { at, done: doneRows(node) };
  const last = node.pace.at(-1);
  const before = node.pace.at(-2);
  const isFresh = last !== undefined && before !== undefined && last.at - before.at < PACE_STEP_MS;
  return { ...node, pace: [...(isFresh ? node.pace.slice(0, -1) : node.pace), mark].slice(-PACE_MARKS) };
}

function addTrouble(node: NodeView, event: Of<'row-trouble'>): NodeView {
  const { disposition, code, row, message, hint = null } = event;
  const name = `${disposition} ${code}`;
  const known = node.troubles.get(name);
  if (known === undefined && node.troubles.size >= KEPT_TROUBLES) return node;
  const trouble = known ? { ...known, seen: known.seen + 1 } : { disposition, code, row, message, hint, seen: 1 };
  return { ...node, troubles: new Map(node.troubles).set(name, trouble) };
}

// ---- totals -----------------------------------------------------------------------------------------------------

function addCounts(totals: Totals, before: NodeView, after: NodeView): Totals {
  const add = (pick: (node: NodeView) => number) => pick(after) - pick(before);
  return {
    ...totals,
    rowsRun: totals.rowsRun + add(rowsRun),
    rowsReused: totals.rowsReused + add(rowsReused),
    calls: totals.calls + add(({ counts }) => counts.calls),
    reusedCalls: totals.reusedCalls + add(({ counts }) => counts.reusedCalls),
    usd: totals.usd + add(({ counts }) => counts.usd),
  };
}

function rowsReused({ isReused, counts }: NodeView): number {
  return isReused ? Math.max(counts.reused, settled(counts)) : counts.reused;
}

function rowsRun(node: NodeView): number {
  const worked = node.header.scope === 'source' ? node.counts.out : settled(node.counts) + node.counts.failed;
  return node.isReused ? 0 : Math.max(0, worked - node.counts.reused);
}

function settled(counts: NodeCounts): number {
  return counts.emitted + counts.consumed + counts.rejected;
}

// ---- calls ------------------------------------------------------------------------------------------------------

/** Several rows may wait for one call, and each is told of its end; only the first of these ends the flight. */
function changeCall(state: Summary, event: Of<'call-started' | 'call-retry' | 'call-finished'>): Summary {
  const name = `${event.endpoint} ${event.model}`;
  const sender = senderOf(state.flights, event.call);
  const model = changeModel(
    state.models.get(name) ?? toModel(event.endpoint, event.model),
    event,
    sender !== undefined,
  );
  const next = { ...state, models: new Map(state.models).set(name, model) };
  if (event.type === 'call-started' && sender === undefined) {
    return withFlights(next, withFlight(state.flights, event.call, event.node), event.node, 1);
  }
  if (event.type === 'call-finished' && sender !== undefined) {
    return withFlights(next, withoutFlight(state.flights, event.call), sender, -1);
  }
  return next;
}

function withFlights(state: Summary, flights: Flights, node: string, change: 1 | -1): Summary {
  const next = { ...state, flights, totals: { ...state.totals, callsInFlight: flights.size } };
  return changeNode(next, node, (view) => ({ ...view, callsInFlight: Math.max(0, view.callsInFlight + change) }));
}

function toModel(endpoint: string, model: string): ModelView {
  const none = { answered: 0, reused: 0, failed: 0, retries: 0, latencyMs: 0, usd: 0 };
  return { endpoint, model, ...none, usage: { input: 0, output: 0 } };
}

/** @param wasSent a call that failed before it was sent (no budget left) is no failed call */
function changeModel(
  model: ModelView,
  event: Of<'call-started' | 'call-retry' | 'call-finished'>,
  wasSent: boolean,
): ModelView {
  if (event.type === 'call-started') return model;
  if (event.type === 'call-retry') return { ...model, retries: model.retries + 1 };
  const { outcome, usage, usd, latencyMs } = event;
  if (outcome === 'reused') return { ...model, reused: model.reused + 1 };
  // A failed call may have cost something too.
  const paid = {
    usage: { input: model.usage.input + usage.input, output: model.usage.output + usage.output },
    usd: model.usd + usd,
  };
  return outcome === 'failed'
    ? { ...model, ...paid, failed: model.failed + (wasSent ? 1 : 0) }
    : { ...model, ...paid, answered: model.answered + 1, latencyMs: model.latencyMs + latencyMs };
}

function finish(state: Summary, event: Of<'run-finished'>): Summary {
  const { rowsRun, rowsReused, calls, reusedCalls, usd } = event;
  return {
    ...state,
    flights: NO_FLIGHTS,
    finished: event,
    totals: { rowsRun, rowsReused, calls, reusedCalls, usd, callsInFlight: 0 },
  };
}
