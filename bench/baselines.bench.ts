/**
 * What can be told of a candidate without running it: obvious baselines, each on one feature, trained on half of the tasks' pools and
 * tested on the other half, against chance. What layout, ids or order tell would be a fault of mutate or pool; that a bait lies
 * near the state before is what it is for, so pools are also measured without baits.
 */

import { existsSync } from 'node:fs';
import type { JsonObject } from '#contract/json.ts';
import { poolKind } from '#kinds/pool/kind.ts';
import { humanEval, labelAll } from '#rig/code-tasks.ts';
import { SHARED_DATA } from '#rig/data-sources.ts';
import { runWhole } from '#rig/drive-kind.ts';
import { mutantPool, type PoolCandidate } from '#rig/mutant-pool.ts';
import { makeSandboxHub } from '#services/sandbox/sandbox-service.ts';
import { sha256 } from '#util/sha256.ts';
import { editDistance } from './edit-distance.ts';
import type { Bench, Figure } from './figure.ts';

/** Every how many-th task; 1 takes all 164, and some minutes. */
const STRIDE = Number(process.env['SLUICE_BENCH_STRIDE'] ?? 4);
const POOL = 12;
const BINS = 8;

interface Seen {
  readonly task: string;
  readonly class: string;
  readonly label: string;
  readonly features: { readonly [name: string]: number };
}

export const bench: Bench = async (report) => {
  if (!existsSync(SHARED_DATA)) {
    process.stderr.write('baselines: there is no ../shared/data, nothing is measured\n');
    return;
  }
  const tasks = humanEval().filter((_, at) => at % STRIDE === 0);
  const seen = await pools(await mutantPool(tasks, { pool_size: POOL, oversample: 2 }));
  report({ metric: `candidates in the pools of ${tasks.length} tasks`, value: seen.length, unit: 'candidates' });
  const isBait = ({ class: name }: Seen): boolean => name.endsWith('bait');
  for (const [what, rows] of [
    ['', seen],
    [', baits apart', seen.filter((one) => !isBait(one))],
  ] as const)
    for (const target of ['label', 'class'] as const) measure(rows, target, what, report);
};

/** The pools as they would be exported, labelled by one run each. */
async function pools(candidates: readonly PoolCandidate[]): Promise<readonly Seen[]> {
  const hub = makeSandboxHub({ env: process.env });
  try {
    const sandbox = hub.bind({ priority: [0], signal: new AbortController().signal });
    const labels = await labelAll(sandbox, candidates);
    const rows = candidates.map(({ task, id, text, before, sidecar }, at) => {
      const { status = 'missing', behaviour = '', detail = '' } = labels[at] ?? {};
      const label = { label: status === 'pass' ? 'pass' : 'fail', status, behaviour, detail };
      return { task_id: task.id, candidate_id: id, text, before, sidecar, label } as unknown as JsonObject;
    });
    const items = await runWhole(poolKind, { size: POOL }, { from: rows });
    const chosen = items.flatMap((item) => (item.type === 'row' && item.port === undefined ? [item.fields] : []));
    return toSeen(chosen as never);
  } finally {
    await hub.close();
  }
}

interface PoolRow {
  readonly task_id: string;
  readonly candidate_id: string;
  readonly text: string;
  readonly before: string;
  readonly sidecar: { readonly class: string };
  readonly label: { readonly label: string };
}

function toSeen(rows: readonly PoolRow[]): readonly Seen[] {
  const byTask = new Map<string, PoolRow[]>();
  for (const row of rows) byTask.set(row.task_id, [...(byTask.get(row.task_id) ?? []), row]);
  return [...byTask.values()].flatMap((own) => {
    const distances = own.map(({ text, before }) => editDistance(text, before));
    const lengths = own.map(({ text }) => text.length);
    const ids = own.map(({ candidate_id }) => Number.parseInt(candidate_id, 16));
    return own.map(({ task_id, text, sidecar, label }, at) => ({
      task: task_id,
      class: sidecar.class,
      label: label.label,
      features: {
        'edit distance to before': rankOf(distances, at),
        'comment presence': Number(/(?:^|\s)#/m.test(text)),
        'id order': rankOf(ids, at),
        'place in the pool': at / own.length,
        'length, within its task': rankOf(lengths, at),
        length: text.length,
      },
    }));
  });
}

/** Share of the others that are smaller. */
const rankOf = (values: readonly number[], at: number): number =>
  values.filter((value) => value < (values[at] ?? 0)).length / values.length;

function measure(
  rows: readonly Seen[],
  target: 'label' | 'class',
  what: string,
  report: (figure: Figure) => void,
): void {
  const isTraining = ({ task }: Seen): boolean => Number.parseInt(sha256(task).slice(0, 2), 16) % 2 === 0;
  const [train, held] = [rows.filter(isTraining), rows.filter((row) => !isTraining(row))];
  const names = [...new Set(rows.map((row) => row[target]))];
  const majority = commonest(train.map((row) => row[target]));
  const chance = held.filter((row) => row[target] === majority).length / held.length;
  for (const feature of Object.keys(rows[0]?.features ?? {})) {
    for (const isBalanced of [false, true]) {
      const predict = fit(train, feature, target, isBalanced);
      const right = (some: readonly Seen[]) => some.filter((row) => predict(row) === row[target]).length / some.length;
      const classes = names.map((name) => held.filter((row) => row[target] === name)).filter((some) => some.length > 0);
      const value = isBalanced ? classes.reduce((sum, some) => sum + right(some), 0) / classes.length : right(held);
      const other = isBalanced ? 1 / classes.length : chance;
      const peer = { name: isBalanced ? 'balanced chance' : 'the commonest', value: 100 * other };
      const metric = `${target} by ${feature}${what}, ${isBalanced ? 'balanced accuracy' : 'accuracy'}`;
      report({ metric, value: 100 * value, unit: '%', peer, ratio: value / other });
    }
  }
}

/** The commonest answer of each eighth of the feature's range; balanced: the one whose own share is largest there. */
function fit(
  train: readonly Seen[],
  feature: string,
  target: 'label' | 'class',
  isBalanced: boolean,
): (row: Seen) => string {
  const sorted = train.map((row) => row.features[feature] ?? 0).sort((a, b) => a - b);
  const edges = Array.from({ length: BINS - 1 }, (_, at) => sorted[Math.floor(((at + 1) * sorted.length) / BINS)] ?? 0);
  const binOf = (row: Seen): number => edges.filter((edge) => edge <= (row.features[feature] ?? 0)).length;
  const sizes = new Map<string, number>();
  for (const row of train) sizes.set(row[target], (sizes.get(row[target]) ?? 0) + 1);
  const best = Array.from({ length: BINS }, (_, bin) => {
    const counts = new Map<string, number>();
    for (const row of train) if (binOf(row) === bin) counts.set(row[target], (counts.get(row[target]) ?? 0) + 1);
    const weight = ([name, count]: [string, number]): number => (isBalanced ? count / (sizes.get(name) ?? 1) : count);
    return [...counts].sort((a, b) => weight(b) - weight(a))[0]?.[0] ?? commonest(train.map((row) => row[target]));
  });
  return (row) => best[binOf(row)] ?? '';
}

function commonest(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
}
