/** Two passes: the first keeps a few words of every candidate, the second lets the chosen rows through. */

import { Failure } from '#contract/failure.ts';
import type { JsonObject } from '#contract/json.ts';
import type { WholeContext, WholeItem } from '#contract/kind.ts';
import type { Evidence, Row } from '#contract/row.ts';
import { valueAtPath } from '#domain/at-path.ts';
import { wilson } from '#stats/intervals.ts';
import { choosePool, type Labelled } from './choose.ts';
import type { PoolConfig } from './config.ts';

interface Task {
  readonly id: string;
  readonly size: number;
  readonly seed: string;
  readonly candidates: Labelled[];
}

/** Failures that a reader sees without running anything. */
const EASY =
  /^(?:NameError|UnboundLocalError|SyntaxError|IndentationError|ImportError|ModuleNotFoundError|ReferenceError)\b/;

export async function* runPool(ctx: WholeContext<PoolConfig>): AsyncGenerator<WholeItem> {
  const { config } = ctx;
  const input = ctx.inputs['from'];
  const tasks = new Map<string, Task>();
  let at = 0;
  for await (const row of input?.rows() ?? []) {
    const labelled = toLabelled(row, at, config);
    const id = String(valueAtPath(row.fields, config.task_id));
    const task = tasks.get(id) ?? makeTask(id, row, config);
    tasks.set(id, task);
    task.candidates.push(labelled);
    at += 1;
  }
  const chosen = new Set<number>();
  const left = new Map<string, number>();
  const seen = { complete: 0, taken: 0, wanted: 0, easy: 0, negatives: 0 };
  const rows: WholeItem[] = [];
  for (const { id, size, seed, candidates } of tasks.values()) {
    const choice = choosePool(candidates, { size, seed, task: id }, config);
    const complete = choice.taken.length >= size;
    const taken = complete || config.shortfall === 'keep' ? choice.taken : [];
    const why = {
      ...choice.left,
      ...(taken.length < choice.taken.length ? { 'pool-short': choice.taken.length } : {}),
    };
    for (const one of taken) chosen.add(one.at);
    for (const [code, count] of Object.entries(why)) left.set(code, (left.get(code) ?? 0) + count);
    seen.complete += complete ? 1 : 0;
    seen.wanted += size;
    seen.taken += taken.length;
    seen.easy += taken.filter(({ isEasy }) => isEasy).length;
    seen.negatives += taken.filter(({ label }) => label === 'fail').length;
    const by_class: { [name: string]: number } = {};
    for (const one of taken) by_class[one.class] = (by_class[one.class] ?? 0) + 1;
    const fields = { task_id: id, wanted: size, taken: taken.length, complete, by_class, left: why };
    rows.push({ type: 'row', port: 'tasks', key: id, fields });
  }
  at = 0;
  for await (const row of input?.rows() ?? []) {
    if (chosen.has(at)) {
      const id = String(valueAtPath(row.fields, config.task_id));
      yield { type: 'row', key: `${id}/${String(row.fields['candidate_id'])}`, fields: row.fields };
    }
    at += 1;
  }
  yield* rows;
  for (const [code, count] of [...left].sort(([a], [b]) => (a < b ? -1 : 1))) yield { type: 'drop', code, count };
  const suspected = left.get('equivalent-suspected') ?? 0;
  for (const evidence of toEvidence(tasks.size, seen, suspected, at)) {
    yield { type: 'row', port: 'evidence', key: evidence.name, fields: evidence as unknown as JsonObject };
  }
}

function makeTask(id: string, row: Row, config: PoolConfig): Task {
  const number = (path: string | undefined): number | null => {
    const value = path === undefined ? undefined : valueAtPath(row.fields, path);
    return typeof value === 'number' ? value : null;
  };
  const size = number(config.size_field) ?? config.size;
  if (!Number.isInteger(size) || size < 2 || size > 64)
    throw new Failure('pool-size-invalid', `a pool of ${size} for task ${id}: 2 to 64 are possible`);
  return { id, size, seed: String(number(config.seed_field) ?? config.seed), candidates: [] };
}

function toLabelled({ fields }: Row, at: number, config: PoolConfig): Labelled {
  const text = (path: string): string => {
    const value = valueAtPath(fields, path);
    if (typeof value === 'string') return value;
    throw new Failure('not-a-candidate', `row ${at + 1} has no text in \`${path}\``, {
      hint: 'pool takes the rows of sandbox-label over those of mutate',
    });
  };
  text(config.task_id);
  const status = text(`${config.label}.status`);
  return {
    at,
    id: text('candidate_id'),
    class: text('sidecar.class'),
    label: text(`${config.label}.label`),
    behaviour: text(`${config.label}.behaviour`),
    isEasy: status === 'syntax_error' || (status === 'fail_exception' && EASY.test(text(`${config.label}.detail`))),
  };
}

function toEvidence(
  tasks: number,
  seen: {
    readonly complete: number;
    readonly taken: number;
    readonly wanted: number;
    readonly easy: number;
    readonly negatives: number;
  },
  suspected: number,
  candidates: number,
): Evidence[] {
  const share = (name: string, k: number, n: number, formula: string): Evidence =>
    n === 0
      ? { name, value: null, n, status: 'not_evaluable', formula }
      : { name, value: k / n, n, interval: wilson(k, n), status: 'ok', formula };
  return [
    { name: 'tasks', value: tasks, n: tasks, status: 'ok', formula: 'tasks with a candidate' },
    share('complete_fraction', seen.complete, tasks, 'tasks whose pool is full / tasks'),
    share('fill', seen.taken, seen.wanted, 'candidates taken / places'),
    share('easy_share', seen.easy, seen.negatives, 'taken failures seen without running / taken failures'),
    share('equivalent_suspected', suspected, candidates, 'mutants that passed every test / candidates'),
  ];
}
