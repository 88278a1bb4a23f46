/** `sluice run`: plan, confirm, run, report, lock. */

import type { EventBody } from '#contract/event.ts';
import type { Plan } from '#contract/plan.ts';
import type { Store } from '#contract/store.ts';
import { type RunResult, runPlan } from '#run/run.ts';
import { makePublisher } from '#services/files/publisher.ts';
import { makeHub, openStore, type Prepared, prepare, requirePlan, shown } from '../compose.ts';
import { confirmSpending } from '../confirm-spending.ts';
import { checkGates } from '../gates-required.ts';
import { makeInterrupts } from '../interrupts.ts';
import { CommandError, type Io } from '../io.ts';
import { settleLock } from '../lock-file.ts';
import { recordAnswers } from '../record-answers.ts';
import { rememberSettled } from '../remember-settled.ts';
import { toRunRecord, writeRunRecord } from '../run-record.ts';
import { makeTeller } from '../teller.ts';
import type { Round } from '../watch.ts';
import { findWorkspace, type Workspace } from '../workspace.ts';
import { holdYoungGeneration } from '../young-generation.ts';

export interface RunFlags {
  readonly profile?: readonly string[];
  readonly set?: readonly string[];
  readonly cache?: string;
  readonly select?: readonly string[];
  readonly exclude?: readonly string[];
  readonly limit?: number;
  readonly frozen?: boolean;
  readonly update?: boolean;
  readonly rerun?: readonly string[];
  readonly resample?: readonly string[];
  readonly require?: readonly string[];
  readonly budget?: number;
  readonly record?: string;
  readonly watch?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly plain?: boolean;
}

const STOPPING: EventBody = {
  type: 'notice',
  level: 'info',
  code: 'stopping',
  message: 'finishing what is in flight; press Ctrl-C again to stop at once',
};

const EXIT_CODES = { done: 0, failed: 1, frozen: 3, gated: 4, spent: 5, stopped: 130 } as const;

export async function run(target: string | undefined, flags: RunFlags, io: Io): Promise<number> {
  holdYoungGeneration();
  const workspace = findWorkspace(target, flags.cache, io);
  const store = await openStore(workspace.cache);
  try {
    if (flags.watch !== true) return await runOnce(workspace, target, flags, store, io);
    const { watchAndRun } = await import('../watch.ts');
    return await watchAndRun((round) => runOnce(workspace, target, flags, store, io, round), workspace, io);
  } finally {
    await store.close();
  }
}

export async function runOnce(
  workspace: Workspace,
  target: string | undefined,
  flags: RunFlags,
  store: Store,
  io: Io,
  round: Round = { prepared: null },
): Promise<number> {
  const since = Date.now();
  const resolving = flags.frozen === true ? 'offline' : flags.update === true ? 'update' : 'online';
  const prepared = await prepare(workspace, flags, store, io, resolving);
  round.prepared = prepared;
  const plan = await closing(prepared, () => {
    const made = requirePlan(prepared, io);
    checkResolved(made);
    return made;
  });
  checkNodeNames(plan, flags);
  const budgetUsd = flags.budget ?? plan.budget.usd;
  await confirmSpending(plan, store, flags, io);

  const id = newRunId();
  const folder = await store.runs.create(id);
  const interrupts = makeInterrupts(io, () => teller.emit(STOPPING), round.drain);
  const teller = makeTeller({ run: id, folder, flags, prepared, target, io });
  const hub = await makeHub({
    prepared,
    plan,
    store,
    run: id,
    budgetUsd,
    frozen: flags.frozen === true,
    emit: teller.emit,
  });
  try {
    teller.emit(toStart(plan, flags, budgetUsd, await hub.ledgerUsd()));
    await prepared.remotes.listen(teller.emit);
    const result = await runPlan(
      plan,
      {
        limit: flags.limit ?? null,
        rerun: new Set(flags.rerun ?? []),
        resample: new Set(flags.resample ?? []),
        freeze: io.env('SLUICE_FREEZE') === '1',
        publishUnder: flags.limit === undefined ? null : `${folder.path}/out`,
      },
      {
        store,
        hub,
        publisher: makePublisher({ notes: store.notes }),
        storeFolder: workspace.cache,
        emit: teller.emit,
        drain: interrupts.drain,
        stop: interrupts.stop,
        origin: { run: id },
      },
    );
    await prepared.remotes.flush();
    await writeRunRecord(folder, toRunRecord(id, plan, result, flags.limit));
    if (flags.record !== undefined) await recordAnswers(result, plan, store, flags.record, io);
    const { outcome, lock } = await conclude(prepared, plan, result, flags, teller.emit, io);
    const { rowsRun, rowsReused, calls, reusedCalls, usd } = result;
    const exitCode = EXIT_CODES[outcome];
    teller.emit({
      type: 'run-finished',
      outcome,
      exitCode,
      rowsRun,
      rowsReused,
      calls,
      reusedCalls,
      usd,
      ...(lock === null ? {} : { lock }),
    });
    if (exitCode === 0 && maySettle(flags)) rememberSettled(prepared, plan, result, since, io);
    return exitCode;
  } finally {
    interrupts.dispose();
    await hub.close();
    await teller.close();
    await folder.close();
  }
}

/** The outcome of the run as the user asked for it: gates demanded, lock written or compared. */
async function conclude(
  prepared: Prepared,
  plan: Plan,
  result: RunResult,
  flags: RunFlags,
  emit: (event: EventBody) => void,
  io: Io,
) {
  const closed = await checkGates(flags.require ?? [], plan, result);
  for (const message of closed) emit({ type: 'notice', level: 'error', code: 'gate-required', message });
  const isComplete = result.outcome === 'done' && isWholeRun(flags);
  const settled =
    isComplete || flags.frozen === true
      ? await settleLock(prepared.workspace, plan, result, flags.frozen === true)
      : null;
  for (const message of settled?.differences ?? [])
    emit({ type: 'notice', level: 'error', code: 'frozen-differs', message });
  if (result.outcome !== 'done') return { outcome: result.outcome, lock: null };
  if (settled !== null && settled.differences.length > 0) return { outcome: 'frozen' as const, lock: null };
  if (closed.length > 0) return { outcome: 'gated' as const, lock: null };
  return { outcome: 'done' as const, lock: settled?.written === true ? shown(settled.path, io) : null };
}

/** `--set`, `--limit` and partial runs never write the lock. */
function isWholeRun(flags: RunFlags): boolean {
  const isPart =
    flags.limit !== undefined ||
    (flags.set ?? []).length > 0 ||
    (flags.select ?? []).length > 0 ||
    (flags.exclude ?? []).length > 0;
  return !isPart;
}

/** A run that was asked to do something besides what is new must do it each time; one for programs must tell its events. */
function maySettle(flags: RunFlags): boolean {
  const { json, watch, record, frozen, update, rerun, resample, require } = flags;
  return (
    isWholeRun(flags) &&
    [json, watch, record, frozen, update, rerun, resample, require].every((flag) => flag === undefined)
  );
}

function checkNodeNames(plan: Plan, flags: RunFlags): void {
  const ids = new Set(plan.nodes.map((node) => node.id));
  for (const id of [...(flags.rerun ?? []), ...(flags.resample ?? [])]) {
    if (!ids.has(id))
      throw new CommandError('unknown-node', `there is no node ${JSON.stringify(id)}`, {
        hint: `nodes: ${[...ids].join(', ')}`,
      });
  }
}

/** Connections that were opened to look names up keep no process alive. */
async function closing(prepared: Prepared, work: () => Plan): Promise<Plan> {
  try {
    return work();
  } catch (error) {
    await prepared.remotes.close();
    throw error;
  }
}

/** A frozen run looks nothing up, so the lock must have it. */
function checkResolved(plan: Plan): void {
  const [pending] = plan.nodes.flatMap((node) => (node.wanted ? node.pending : []));
  if (pending === undefined) return;
  throw new CommandError('dataset-unresolved', `${pending}, and a frozen run asks nobody`, {
    exitCode: 3,
    hint: 'run once without --frozen, and commit the lock',
  });
}

function toStart(plan: Plan, flags: RunFlags, budgetUsd: number | null, spentUsd: number): EventBody {
  return {
    type: 'run-started',
    pipeline: plan.pipeline,
    profile: plan.profile,
    file: plan.file,
    argv: Object.entries(flags).map(([name, value]) => `--${name}=${String(value)}`),
    nodes: plan.nodes.map(({ id, kind, depth, inputs, at, description }) => ({
      id,
      kind: kind.name,
      scope: kind.scope,
      depth,
      inputs: Object.values(inputs)
        .flat()
        .map(({ node, port }) => `${node}.${port}`),
      at,
      ...(description === null ? {} : { description }),
    })),
    budgetUsd,
    spentUsd,
  };
}

/** Sorts by time; the tail keeps two runs of one moment apart. */
function newRunId(): string {
  const time = new Date()
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\.(\d+)Z$/, '$1Z');
  return `${time}-${Math.random().toString(36).slice(2, 6).padEnd(4, '0')}`;
}
