/** Plan in, events out: one attempt after another until no stored body is found damaged, and the outcome of the last. */

import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import type { EventBody, NodeState, RunOutcome } from '#contract/event.ts';
import { Failure } from '#contract/failure.ts';
import type { TreeFile } from '#contract/files.ts';
import type { Digest } from '#contract/json.ts';
import type { Plan } from '#contract/plan.ts';
import type { Reason } from './await-inputs.ts';
import type { Counts } from './counts.ts';
import { type ActionEntry, EntryBook, type NodeEntry } from './entries.ts';
import type { RunEnvironment, RunOptions, Shared } from './environment.ts';
import type { ActionKeysEntry } from './known-actions.ts';
import { NodeRun } from './node-run.ts';
import { Pool, Turns } from './pools.ts';
import type { PortEntry } from './port.ts';
import { LostBody, Rows } from './rows.ts';

export interface NodeResult {
  readonly state: NodeState;
  readonly reason: Reason | null;
  readonly key: Digest | null;
  readonly isReused: boolean;
  /** Whether rows were passed on that the next run does again. */
  readonly isProvisional: boolean;
  /** With the chunks of each port, so that a run's rows can be read back even where no entry was kept. */
  readonly ports: { readonly [port: string]: PortEntry & { readonly partial: boolean } };
  readonly tree: readonly TreeFile[] | null;
}

export interface RunResult {
  readonly outcome: RunOutcome;
  readonly nodes: ReadonlyMap<string, NodeResult>;
  readonly rowsRun: number;
  readonly rowsReused: number;
  readonly calls: number;
  readonly reusedCalls: number;
  /** Paid in this run. */
  readonly usd: number;
}

/** How often progress is told. */
const TICK_MS = 100;

/** @throws Failure `store-*` when the store cannot go on; everything else ends as the state of a node */
export async function runPlan(plan: Plan, options: RunOptions, env: RunEnvironment): Promise<RunResult> {
  const losses = new Map<string, number>();
  let paid: Paid = new Map();
  for (;;) {
    const attempt = await runAttempt(plan, options, env, new Set(losses.keys()), paid);
    if (attempt.type === 'ended') return attempt.result;
    paid = attempt.paid;
    const { node, digest } = attempt.lost;
    const times = (losses.get(node) ?? 0) + 1;
    losses.set(node, times);
    // A value that a node only carried comes from further up.
    if (times > 1) for (const upstream of upstreamOf(plan, node)) losses.set(upstream, losses.get(upstream) ?? 1);
    if (times > LOSSES_BORNE) {
      throw new Failure(
        'store-damaged',
        `bodies of ${node} (last ${digest.slice(0, 12)}) are lost again after they were made anew`,
        {
          scope: 'infrastructure',
          hint: 'the disk under the store is failing, or another program changes it; `sluice verify` tells more',
        },
      );
    }
    env.emit({
      type: 'notice',
      level: 'warning',
      code: 'body-lost',
      message: `a stored body of ${node} (${digest.slice(0, 12)}) is missing or damaged; the node makes it again`,
      node,
    });
  }
}

/** How often one node's bodies may be found lost in a run. */
const LOSSES_BORNE = 5;

function upstreamOf(plan: Plan, id: string): Set<string> {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]));
  const found = new Set<string>();
  const queue = [id];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const { node } of Object.values(byId.get(at)?.inputs ?? {}).flat()) {
      if (found.has(node)) continue;
      found.add(node);
      queue.push(node);
    }
  }
  return found;
}

type Attempt =
  | { readonly type: 'ended'; readonly result: RunResult }
  | { readonly type: 'lost'; readonly lost: LostBody; readonly paid: Paid };

/** By node: what this run has paid so far. */
type Paid = ReadonlyMap<string, Pick<Counts, 'calls' | 'usd'>>;

async function runAttempt(
  plan: Plan,
  options: RunOptions,
  env: RunEnvironment,
  distrusted: ReadonlySet<string>,
  paid: Paid,
): Promise<Attempt> {
  const abandon = new AbortController();
  const drain = AbortSignal.any([env.drain, abandon.signal]);
  // Every node and action listens; there may be thousands.
  setMaxListeners(0, drain, env.stop);
  const rows = new Rows(env.store.blobs);
  const shared: Shared = {
    plan,
    options,
    env: { ...env, drain, emit: env.emit.bind(env) },
    rows,
    nodes: new EntryBook<NodeEntry>(env.store.entries, 'node', env.origin, () => rows.stored()),
    actions: new EntryBook<ActionEntry>(env.store.entries, 'action', env.origin, () => rows.stored()),
    // They name no bodies.
    actionKeys: new EntryBook<ActionKeysEntry>(env.store.entries, 'action', env.origin, async () => undefined),
    turns: new Turns(),
    pools: makePools(plan),
    distrusted,
  };
  const runs = new Map<string, NodeRun>();
  const limited = options.limit === null ? new Set<string>() : mainSources(plan);
  for (const node of plan.nodes) {
    const run = new NodeRun(node, runs, limited.has(node.id) ? options.limit : null, shared);
    run.counts.earlier = paid.get(node.id) ?? null;
    runs.set(node.id, run);
  }
  const ticker = setInterval(() => {
    tellProgress(runs, env.emit);
    shared.actions.flush();
    shared.actionKeys.flush();
    shared.nodes.flush();
  }, TICK_MS);
  try {
    const failures = await settleAll(runs, abandon);
    await rows.flush();
    await shared.actions.settle();
    await shared.actionKeys.settle();
    await shared.nodes.settle();
    await env.store.sync();
    const fatal = failures.find((error) => !(error instanceof LostBody));
    if (fatal !== undefined) throw fatal;
    const lost = failures.find((error) => error instanceof LostBody);
    if (lost instanceof LostBody)
      return { type: 'lost', lost, paid: new Map([...runs].map(([id, { counts }]) => [id, counts])) };
    return { type: 'ended', result: toResult(runs, env) };
  } finally {
    clearInterval(ticker);
  }
}

/** Runs every node; the first error that ends an attempt lets the others finish what is in flight. */
async function settleAll(runs: ReadonlyMap<string, NodeRun>, abandon: AbortController): Promise<unknown[]> {
  const errors: unknown[] = [];
  await Promise.all(
    [...runs.values()].map((run) =>
      run.execute().catch((error: unknown) => {
        errors.push(error);
        abandon.abort();
      }),
    ),
  );
  return errors;
}

function makePools(plan: Plan): ReadonlyMap<string, Pool> {
  const sizes = { cpu: Math.max(2, availableParallelism()), ...plan.pools };
  return new Map(Object.entries(sizes).map(([name, size]) => [name, new Pool(size)]));
}

/** Sources that feed `from` edges. Those that are only looked up stay whole, or a trial could join nothing. */
function mainSources(plan: Plan): Set<string> {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]));
  const lookedUp = new Set(
    plan.nodes.flatMap((node) => Object.values(node.lookups).flatMap(({ from }) => from.map(({ node: id }) => id))),
  );
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (id: string): void => {
    const node = byId.get(id);
    if (node === undefined || seen.has(id)) return;
    seen.add(id);
    if (node.kind.scope === 'source') found.add(id);
    for (const { node: upstream } of Object.values(node.inputs).flat()) visit(upstream);
  };
  const isRead = new Set(
    plan.nodes.flatMap((node) =>
      Object.values(node.inputs)
        .flat()
        .map(({ node: id }) => id),
    ),
  );
  for (const node of plan.nodes) if (!isRead.has(node.id) && !lookedUp.has(node.id)) visit(node.id);
  return found;
}

function tellProgress(runs: ReadonlyMap<string, NodeRun>, emit: (event: EventBody) => void): void {
  for (const run of runs.values()) {
    if (run.state !== 'running' && run.waiting === null) continue;
    if (!run.counts.isDirty) continue;
    run.counts.isDirty = false;
    emit({
      type: 'node-progress',
      node: run.node.id,
      counts: run.counts.snapshot(),
      ...(run.waiting === null ? {} : { waiting: run.waiting }),
    });
  }
}

function toResult(runs: ReadonlyMap<string, NodeRun>, env: RunEnvironment): RunResult {
  const nodes = new Map<string, NodeResult>();
  const sums = { rowsRun: 0, rowsReused: 0, calls: 0, reusedCalls: 0, usd: 0 };
  for (const [id, run] of runs) {
    const ports = Object.entries(run.ports ?? {}).map(([name, port]) => [
      name,
      { ...port.toEntry(), partial: port.isPartial },
    ]);
    nodes.set(id, {
      state: run.state,
      reason: run.reason,
      key: run.key,
      isReused: run.isReused,
      isProvisional: run.counts.provisional.size > 0,
      ports: Object.fromEntries(ports),
      tree: run.tree,
    });
    const { emitted, consumed, rejected, failed } = run.counts.dispositions;
    const disposed = run.node.kind.scope === 'source' ? run.counts.out : emitted + consumed + rejected + failed;
    const reused = run.isReused ? disposed : run.counts.reused;
    sums.rowsReused += reused;
    sums.rowsRun += disposed - reused;
    sums.calls += run.counts.calls;
    sums.reusedCalls += run.counts.reusedCalls;
    sums.usd += run.counts.usd;
  }
  return { outcome: toOutcome(runs, env), nodes, ...sums };
}

function toOutcome(runs: ReadonlyMap<string, NodeRun>, env: RunEnvironment): RunOutcome {
  const all = [...runs.values()].filter((run) => run.node.wanted);
  if (env.drain.aborted) return 'stopped';
  if (all.some((run) => run.counts.failures.has('budget-spent'))) return 'spent';
  if (all.some((run) => run.state === 'failed' || run.state === 'blocked' || run.state === 'stopped')) return 'failed';
  return 'done';
}
