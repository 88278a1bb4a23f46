/** Metrics of an experiment: every sort of line together, the file first, and what cannot be believed is refused by name. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Metrics, mergeMetrics } from '#domain/experiment/metrics.ts';
import { readResultsFile } from '#domain/experiment/results-file.ts';
import { readStdout } from '#domain/experiment/stdout-lines.ts';

const values = ({ metrics }: Metrics) => Object.fromEntries(metrics.map(({ key, value }) => [key, value]));
const codes = ({ troubles }: Metrics) => troubles.map(({ code }) => code);
const file = (value: unknown) => readResultsFile(JSON.stringify(value), 'results.json');

test('every sort of line is read, wherever it stands', () => {
  const read = readStdout(`loading
accuracy: 0.5
PER_SEED: cond=bn seed=0 acc: 0.91 loss: 1e-3
PER_SEED cond=bn seed=1 acc: 0.93 loss=2e-3
accuracy: 0.75
DATASET_USED: toy
CONDITION_SUMMARY cond=bn acc: 0.92
GAP_TO_BN: cond=ln gap: -0.02
SUMMARY condition=ln metric=acc mean=0.90 std=0.01
PAIRED: bn vs ln mean_diff=0.02 std_diff=0.005 t_stat=5.6 p_value=0.03 ci95=(0.01, 0.03)
val acc top-1: 12
not a metric: here
done`);
  assert.equal(read.troubles, []);
  assert.equal(read.datasets, ['toy']);
  assert.equal(values(read), {
    accuracy: 0.75,
    'bn/0/acc': 0.91,
    'bn/0/loss': 0.001,
    'bn/1/acc': 0.93,
    'bn/1/loss': 0.002,
    'bn/acc': 0.92,
    'ln/acc': 0.9,
    'ln/acc_std': 0.01,
    'ln/gap': -0.02,
    'paired/bn vs ln/ci95_high': 0.03,
    'paired/bn vs ln/ci95_low': 0.01,
    'paired/bn vs ln/mean_diff': 0.02,
    'paired/bn vs ln/p_value': 0.03,
    'paired/bn vs ln/std_diff': 0.005,
    'paired/bn vs ln/t_stat': 5.6,
    'val acc top-1': 12,
  });
});

test('structured lines that contradict each other, lack a name or are not finite are trouble', () => {
  assert.equal(codes(readStdout('PER_SEED cond=a seed=0 x: 1\nPER_SEED cond=a seed=0 x: 2')), ['metric-conflict']);
  assert.equal(codes(readStdout('PER_SEED cond=a seed=0 x: 1\nPER_SEED cond=a seed=0 x: 1')), []);
  assert.equal(codes(readStdout('PER_SEED seed=0 x: 1')), ['condition-nameless']);
  assert.equal(codes(readStdout('PER_SEED cond=a x: 1')), ['results-shape']);
  assert.equal(codes(readStdout('loss: nan\nPER_SEED cond=a seed=0 x: -inf')), [
    'metric-not-finite',
    'metric-not-finite',
  ]);
});

test('results files of each shape flatten to the same keys', () => {
  const wanted = { 'a/0/acc': 1, 'a/1/acc': 2, 'b/0/acc': 3 };
  assert.equal(values(file({ conditions: { a: { 0: { acc: 1 }, 1: { acc: 2 } }, b: { 0: { acc: 3 } } } })), wanted);
  assert.equal(
    values(
      file({
        per_condition: { a: { seeds: { 0: { acc: 1 }, 1: { acc: 2 } } }, b: { per_seed: [{ seed: 0, acc: 3 }] } },
      }),
    ),
    wanted,
  );
  const list = [
    { name: 'a', seed: 0, metrics: { acc: 1 } },
    { condition: 'a', seed: 1, acc: 2 },
    { cond: 'b', seed: 0, acc: 3, note: 'text', seeds: [1, 2] },
  ];
  assert.equal(values(file({ conditions: list })), wanted);
  assert.equal(values(file({ metrics: { acc: 1 }, condition_summaries: { a: { acc: 2 } } })), { acc: 1, 'a/acc': 2 });
});

test('results files that cannot be believed', () => {
  assert.equal(
    codes(
      file({
        conditions: [
          { name: 'a', acc: 1 },
          { name: 'a', acc: 1 },
        ],
      }),
    ),
    ['condition-duplicate'],
  );
  assert.equal(codes(file({ conditions: [{ acc: 1 }] })), ['condition-nameless']);
  assert.equal(codes(file({ conditions: { ' ': { acc: 1 } } })), ['condition-nameless']);
  assert.equal(codes(file({ accuracy: 1 })), ['results-shape']);
  assert.equal(codes(file([])), ['results-shape']);
  assert.equal(codes(readResultsFile('{"metrics": {"a": NaN}}', 'r')), ['metric-not-finite']);
  assert.equal(codes(readResultsFile('{"metrics": {"a": 1e999}}', 'r')), ['metric-not-finite']);
  assert.equal(codes(readResultsFile('{"metrics": ', 'r')), ['results-shape']);
  // What a parser would take without a word, or leave out.
  for (const text of [
    '{"metrics": [1]}',
    '{"metrics": "x"}',
    '{"metrics": {"a": "x"}}',
    '{"conditions": {"a": {"acc": 1}, "b": {}, "a": {"acc": 2}}}',
    '{"conditions": {"a": {"1": {"acc": 1}, "\\u0031": {"acc": 2}}}}',
    '{"metrics": {"a": 1}, "metrics": {"a": 2}}',
  ])
    assert.equal(codes(readResultsFile(text, 'r')), ['results-shape'], text);
  assert.equal(
    codes(readResultsFile('{"metrics": {"a": 1, "b": {"a": "\\"a\\":{"}, "c": [{"a": 1}, {"a": 1}]}}', 'r')),
    [],
  );
  assert.equal(codes(readResultsFile(`${'['.repeat(100_000)}`, 'r')), ['results-shape']);
});

test('the file is the source, standard output fills what it lacks, and they may not differ', () => {
  const results = file({ conditions: { a: { 0: { acc: 1 } } } });
  const merged = mergeMetrics(results, readStdout('PER_SEED cond=a seed=0 acc: 1 loss: 2'));
  assert.equal(values(merged), { 'a/0/acc': 1, 'a/0/loss': 2 });
  assert.is(merged.metrics[0]?.from, 'results.json#conditions');
  assert.equal(codes(mergeMetrics(results, readStdout('PER_SEED cond=a seed=0 acc: 0.5'))), ['metric-conflict']);
  assert.equal(values(mergeMetrics(null, readStdout('acc: 1'))), { acc: 1 });
});

test('a line of megabytes costs nothing', () => {
  const long = `x${' y'.repeat(500_000)}: 1\nPER_SEED cond=a seed=0 ${'k: '.repeat(300_000)}`;
  assert.equal(values(readStdout(long)), {});
});

test.run();
