/**
 * The verdict: how fast it resamples, how often it accepts a duel in which nobody is better, by what is resampled and in how many orders
 * judges are asked, and the interval of each real duel of ../shared/data.
 */

import { existsSync, readFileSync } from 'node:fs';
import type { JsonObject } from '#contract/json.ts';
import { decideVerdict } from '#domain/duel/verdict.ts';
import { toRules, type VerdictConfig } from '#kinds/verdict/config.ts';
import { verdictKind } from '#kinds/verdict/kind.ts';
import { readPoints } from '#kinds/verdict/read-points.ts';
import { resolveConfig } from '#rig/drive-kind.ts';
import { makeNullCheck, type NullDuel, nullDuelRows } from '#rig/null-duels.ts';
import { bootstrapMeans } from '#stats/bootstrap.ts';
import { toClusters } from '#stats/clusters.ts';
import type { Bench, Figure } from './figure.ts';

const TRIALS = Number(process.env['SLUICE_BENCH_TRIALS'] ?? 1000);
const ROWS = 10_000;
const DUELS = new URL('../../shared/data/duels/', import.meta.url);

/** The bound alone decides: margin, parse floor, vetoes and the worst case would only refuse more. */
const BOUND = { win_margin: 0, unparsed: 'ignore', judge_veto: false, resamples: 400 };

type Report = (figure: Figure) => void;

export const bench: Bench = async (report) => {
  speedOfBootstrap(report);
  await speedOfVerdict(report);
  await nullDuels(report);
  await realDuels(report);
};

function seconds(work: () => unknown): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

function speedOfBootstrap(report: Report): void {
  const values = Array.from({ length: ROWS }, (_, at) => ((at * 7919) % 201) - 100);
  for (const each of [1, 8]) {
    const clusters = toClusters(
      values,
      values.map((_, at) => String(Math.floor(at / each))),
    );
    report({
      metric: `10,000 resamples over 10,000 rows in ${(ROWS / each).toLocaleString('en')} clusters`,
      value: Math.min(
        ...[1, 2, 3, 4, 5].map((seed) => seconds(() => bootstrapMeans(clusters, { resamples: 10_000, seed }))),
      ),
      unit: 's',
      target: '< 1 s',
    });
  }
}

async function speedOfVerdict(report: Report): Promise<void> {
  const config = resolveConfig(verdictKind, {}) as unknown as VerdictConfig;
  for (const turnsEach of [8, 1]) {
    const shape = { instances: ROWS / turnsEach, turnsEach, judges: 3, orders: 'both', positionEffect: 0 } as const;
    const rows = nullDuelRows(shape, 1);
    const { points } = await readPoints(inputOf(rows), config);
    report({
      metric: `a whole verdict over 10,000 duels of 3 judges, ${turnsEach} an instance`,
      value: seconds(() => decideVerdict(points, toRules(config, []))),
      unit: 's',
    });
  }
}

interface NullCase {
  readonly what: string;
  readonly duel?: Partial<NullDuel>;
  readonly config: { readonly [name: string]: unknown };
  readonly target?: string;
  /** Of the trials; single choices are many. */
  readonly share?: number;
}

const NULL_CASES: readonly NullCase[] = [
  { what: 'unit: instance, bootstrap of 120 clusters', config: { unit: 'instance' }, target: 'near 5 %' },
  {
    what: 'unit: instance, permutation of 25',
    duel: { instances: 25 },
    config: { unit: 'instance' },
    target: 'near 5 %',
  },
  { what: 'unit: turn', config: { unit: 'turn' } },
  { what: 'unit: vote, 25 instances', duel: { instances: 25 }, config: { unit: 'vote' }, share: 0.3 },
  {
    what: 'single order, position effect .15, 25 instances, unit: instance',
    duel: { instances: 25, orders: 'single', positionEffect: 0.15 },
    config: { unit: 'instance' },
  },
  {
    what: 'single order, position effect .15, 25 instances, unit: turn',
    duel: { instances: 25, orders: 'single', positionEffect: 0.15 },
    config: { unit: 'turn' },
  },
  {
    what: 'both orders, position effect .15, unit: instance',
    duel: { positionEffect: 0.15 },
    config: { unit: 'instance' },
    target: 'near 5 %',
  },
  {
    what: 'all conditions at their defaults, unit: instance',
    config: { ...BOUND, win_margin: 2, unparsed: 'as-losses', judge_veto: true },
    target: 'near 5 %',
  },
];

async function nullDuels(report: Report): Promise<void> {
  for (const { what, duel = {}, config, target, share = 1 } of NULL_CASES) {
    const shape = { instances: 120, turnsEach: 8, judges: 3, orders: 'both', positionEffect: 0, ...duel } as const;
    const isAccepted = makeNullCheck({ ...BOUND, ...config });
    const trials = Math.max(1, Math.round(TRIALS * share));
    let accepted = 0;
    for (let trial = 0; trial < trials; trial++)
      if (await isAccepted(nullDuelRows(shape, 10_000 + trial), trial)) accepted++;
    report({
      metric: `null duels accepted of ${trials}, ${what}`,
      value: (100 * accepted) / trials,
      unit: '%',
      ...(target === undefined ? {} : { target }),
    });
  }
}

/** Turns of one trajectory are one cluster: `dataset/file:trajectory:turn` without its last part. */
async function realDuels(report: Report): Promise<void> {
  if (!existsSync(DUELS)) return void process.stderr.write('left out: ../shared/data/duels is absent\n');
  const scores = { king: 'king_score', challenger: 'challenger_score', cluster: 'trajectory', range: [0, 1] };
  const config = resolveConfig(verdictKind, { ...scores, win_margin: 0.03 }) as unknown as VerdictConfig;
  for (const id of ['2205a13b', '3e60c4c8', '8e56f148']) {
    const rows = readFileSync(new URL(`${id}.scores.jsonl`, DUELS), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line): JsonObject => JSON.parse(line))
      .map((row) => ({ ...row, trajectory: String(row['sample_id']).replace(/:\d+$/, '') }));
    const { points } = await readPoints(inputOf(rows), config);
    const { margin, interval, clusters, pValue } = decideVerdict(points, toRules(config, []));
    report({
      metric: `duel ${id}: margin, ${rows.length} turns in ${clusters} clusters`,
      value: margin ?? Number.NaN,
      unit: '',
    });
    report({ metric: `duel ${id}: lower bound (one-sided .95)`, value: interval?.[0] ?? Number.NaN, unit: '' });
    report({ metric: `duel ${id}: upper bound (one-sided .95)`, value: interval?.[1] ?? Number.NaN, unit: '' });
    if (pValue !== null) report({ metric: `duel ${id}: permutation p`, value: pValue, unit: '' });
  }
}

function inputOf(rows: readonly JsonObject[]) {
  async function* each() {
    for (const fields of rows) yield { key: '', fields };
  }
  return { count: rows.length, ports: [], rows: each };
}
