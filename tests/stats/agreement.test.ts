/** Agreement held against published figures, recomputed from the rows, and against worked examples of the papers. */

import { existsSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  cohenKappa,
  correlation,
  countPositions,
  effectiveVotes,
  krippendorffAlpha,
  type Reading,
} from '#stats/agreement.ts';

const JUDGES = new URL('../../../shared/data/judges/', import.meta.url);
const hasData = existsSync(JUDGES);
const real = (name: string, work: () => void) =>
  test(name, () => (hasData ? work() : void console.log('skipped: ../shared/data is absent')));

const textOf = (name: string) => readFileSync(new URL(name, JUDGES), 'utf8');
const linesOf = <T>(name: string) =>
  textOf(name)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
const isClose = (found: number | null, wanted: number) =>
  assert.ok(found !== null && Math.abs(found - wanted) < 1e-9, `${found} is not ${wanted}`);

/** Names in the rows by names in the table. */
const MT_BENCH = {
  'Qwen-7B': 'Qwen2.5-7B-Instruct',
  'Qwen-14B': 'Qwen2.5-14B-Instruct',
  'Qwen-32B': 'Qwen2.5-32B-Instruct',
  'EXAONE-32B': 'EXAONE-3.5-32B-Instruct-AWQ',
  'GPT-4o-mini': 'gpt-4o-mini',
  'Gemma-4-12B': 'Gemma-4-12B-it',
} as const;

real('MT-Bench: inconsistent and valid pairs of all six judges', () => {
  const rows = linesOf<{ judge: string; winner_ab: string; winner_ba: string }>('mtbench6judges_en_pairwise.jsonl');
  const table = textOf('published_mtbench6judges_table5_pairwise_inconsistency.csv').trim().split('\n').slice(1, 7);
  assert.is(table.length, 6);
  const toReading = (winner: string): Reading =>
    winner === 'A' ? 'a' : winner === 'B' ? 'b' : winner === 'tie' ? 'tie' : null;
  // In the swapped frame A is what was shown first, which is model_b.
  const flip = (reading: Reading): Reading => (reading === 'a' ? 'b' : reading === 'b' ? 'a' : reading);
  for (const line of table) {
    const [name = '', inconsistent, valid, rate] = line.split(',');
    const judge = MT_BENCH[name as keyof typeof MT_BENCH];
    const pairs = rows
      .filter((row) => row.judge === judge)
      .map((row) => [toReading(row.winner_ab), flip(toReading(row.winner_ba))] as const);
    assert.is(pairs.length, 1200, name);
    const { n, consistent, firstInBoth, secondInBoth } = countPositions(pairs);
    assert.equal([n - consistent, n], [Number(inconsistent), Number(valid)], name);
    assert.is(((100 * (n - consistent)) / n).toFixed(2), rate?.trim(), name);
    assert.ok(firstInBoth > secondInBoth, `${name} prefers what it sees first`);
  }
});

interface Published {
  readonly [name: string]: string | number | null;
}

real('LLMBar: accuracies and kappas of all 160 runs', () => {
  const runs = linesOf<{
    evaluator: string;
    labels: number[];
    winner_noswap: (string | null)[];
    winner_swap: (string | null)[];
    published: Published;
  }>('llmbar_winners.jsonl');
  assert.is(runs.length, 160);
  let kappas = 0;
  for (const { labels, winner_noswap, winner_swap, published } of runs) {
    const gold = labels.map(String);
    const count = (test: (at: number) => boolean) => `${gold.filter((_, at) => test(at)).length} / ${gold.length} =`;
    const share = (text: unknown) => String(text).split('=')[0]?.concat('=');
    assert.is(
      share(published['correct_False']),
      count((at) => winner_noswap[at] === gold[at]),
    );
    assert.is(
      share(published['correct_True']),
      count((at) => winner_swap[at] === gold[at]),
    );
    assert.is(
      share(published['correct_both']),
      count((at) => winner_noswap[at] === gold[at] && winner_swap[at] === gold[at]),
    );
    assert.is(
      share(published['equal']),
      count((at) => winner_noswap[at] === winner_swap[at]),
    );
    for (const [name, found] of [
      ['kappa_False', cohenKappa(named(winner_noswap), gold)],
      ['kappa_True', cohenKappa(named(winner_swap), gold)],
      ['kappa_agreement', cohenKappa(named(winner_noswap), named(winner_swap))],
    ] as const) {
      const wanted = published[name];
      if (typeof wanted !== 'number' || Number.isNaN(wanted)) assert.is(found, null, name);
      else {
        isClose(found, wanted);
        kappas++;
      }
    }
  }
  assert.ok(kappas > 450, `${kappas} kappas were compared`);
});

/** As LLMBar's evaluate.py computed what it published: every winner but 1, also 2, is written as 0, the gold labels stay 1 and 2. */
function named(winners: readonly (string | null)[]): string[] {
  return winners.map((winner) => (winner === '1' ? '1' : '0'));
}

real('PandaLM: kappas of the three annotators, and their majority', () => {
  const rows = JSON.parse(textOf('pandalm_testset-v1.json')) as { [name: string]: number }[];
  const by = (nth: number) => rows.map((row) => row[`annotator${nth}`] ?? null);
  const [one, two, three] = [by(1), by(2), by(3)];
  const shown = [cohenKappa(one, two), cohenKappa(one, three), cohenKappa(two, three)].map((kappa) =>
    kappa?.toFixed(2),
  );
  assert.equal(shown, ['0.85', '0.88', '0.86']);
  const votes = rows.map((_, at) => [one[at] ?? null, two[at] ?? null, three[at] ?? null]);
  const alpha = krippendorffAlpha(votes, 'nominal') ?? 0;
  assert.ok(alpha > 0.85 && alpha < 0.88, `alpha ${alpha} lies between the kappas`);
  const majority = [0, 0, 0];
  for (const [a, b, c] of votes) {
    const winner = a === b || a === c ? a : b;
    majority[winner ?? 0] = (majority[winner ?? 0] ?? 0) + 1;
  }
  assert.equal(majority, [105, 422, 472]);
});

test("Krippendorff's own example: four observers, twelve units, missing data", () => {
  const observers = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, null, null, null],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, null, 3],
    [null, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, null],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, null],
  ];
  const units = Array.from({ length: 12 }, (_, unit) => observers.map((values) => values[unit] ?? null));
  assert.is(krippendorffAlpha(units, 'nominal')?.toFixed(3), '0.743');
  assert.is(krippendorffAlpha(units, 'ordinal')?.toFixed(3), '0.815');
  assert.is(krippendorffAlpha(units, 'interval')?.toFixed(3), '0.849');
});

test('what cannot be measured is null, not 1 or NaN', () => {
  assert.is(cohenKappa([], []), null);
  assert.is(cohenKappa(['a', 'a'], ['a', 'a']), null);
  assert.is(cohenKappa(['a', null], [null, 'a']), null);
  assert.is(krippendorffAlpha([[1, null], [2]], 'ordinal'), null);
  assert.is(
    krippendorffAlpha(
      [
        [1, 1],
        [1, 1],
      ],
      'interval',
    ),
    null,
  );
  assert.is(correlation([1, 1], [1, 2]), null);
});

test('chance agreement is zero, reversal negative, and correlated votes count for fewer', () => {
  isClose(cohenKappa(['a', 'a', 'b', 'b'], ['a', 'b', 'a', 'b']), 0);
  isClose(cohenKappa(['a', 'b'], ['b', 'a']), -1);
  isClose(correlation([1, 2, 3, null], [2, 4, 6, 9]), 1);
  assert.equal(
    [effectiveVotes(3, 0), effectiveVotes(3, 1), effectiveVotes(3, -0.5), effectiveVotes(5, 0.5)],
    [3, 1, 3, 5 / 3],
  );
});

test.run();
