/** Three real duels and a hundred published verdicts: our means and winners are theirs. */

import { existsSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '#contract/json.ts';
import { isAhead } from '#domain/duel/points.ts';
import { decideVerdict } from '#domain/duel/verdict.ts';
import { verdictKind } from '#kinds/verdict/kind.ts';
import { runWhole } from '#rig/drive-kind.ts';

const folder = new URL('../../../shared/data/duels/', import.meta.url);
const isThere = existsSync(folder);
if (!isThere) console.log('skipped: ../shared/data/duels is absent');
const onData = isThere ? test : test.skip;

const readRows = (name: string): JsonObject[] =>
  readFileSync(new URL(name, folder), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
const sixDecimals = (value: unknown) => Number(value).toFixed(6);

const config = { king: 'king_score', challenger: 'challenger_score', unit: 'turn', range: [0, 1], win_margin: 0.03 };

for (const id of ['2205a13b', '3e60c4c8', '8e56f148']) {
  onData(`duel ${id}: means to six decimals and the winner`, async () => {
    const published = JSON.parse(readFileSync(new URL(`${id}.verdict.json`, folder), 'utf8'));
    const rows = readRows(`${id}.scores.jsonl`);
    assert.is(rows.length, 100);
    const items = await runWhole(verdictKind, config, { from: rows });
    const out = items.find((item) => item.type === 'row' && item.port === undefined);
    const fields = out?.type === 'row' ? out.fields : {};
    assert.is(sixDecimals(fields['king_mean']), sixDecimals(published.score_king));
    assert.is(sixDecimals(fields['challenger_mean']), sixDecimals(published.score_challenger));
    assert.is(fields['winner'] === 'challenger', published.challenger_won);
    assert.is(fields['parsed'], published.valid_turns);
  });
}

/** 5 % and 95 % quantiles of the mean lead, whole trajectories drawn; 10,000 resamples leave about .0005 of chance. */
const INTERVALS = {
  '2205a13b': [-0.0207, 0.0361],
  '3e60c4c8': [-0.0164, 0.0207],
  '8e56f148': [0.0027, 0.0762],
} as const;

for (const [id, expected] of Object.entries(INTERVALS)) {
  onData(`duel ${id}: its interval by the cluster bootstrap, near that of the normal`, async () => {
    const rows = readRows(`${id}.scores.jsonl`).map((row) => ({
      ...row,
      trajectory: String(row['sample_id']).replace(/:\d+$/, ''),
    }));
    const items = await runWhole(verdictKind, { ...config, unit: 'instance', cluster: 'trajectory' }, { from: rows });
    const item = items.find((each) => each.type === 'row' && each.port === undefined);
    const { interval, margin, clusters, power } = (item?.type === 'row' ? item.fields : {}) as {
      readonly interval: readonly number[];
      readonly margin: number;
      readonly clusters: number;
      readonly power: { readonly sd: number };
    };
    assert.is(clusters, 100);
    for (const [at, bound] of expected.entries())
      assert.ok(Math.abs(Number(interval[at]) - bound) < 0.002, `${interval}`);
    // sd / sqrt(clusters) x 1.645 on either side.
    const reach = (1.6449 * Number(power.sd)) / 10;
    assert.ok(Math.abs(Number(interval[0]) - (Number(margin) - reach)) < 0.003);
    assert.ok(Math.abs(Number(interval[1]) - (Number(margin) + reach)) < 0.003);
  });
}

onData('all 100 verdicts of eval_runs: the winner by margin', () => {
  const runs = readRows('eval_runs.jsonl');
  assert.is(runs.length, 100);
  for (const run of runs) {
    const [challenger, king] = [Number(run['score_challenger']), Number(run['score_king'])];
    assert.is(
      isAhead(challenger, king, Number(run['required_win_margin'])),
      run['challenger_won'],
      String(run['eval_run_id']),
    );
  }
});

onData('the same through a verdict over each run, its unparsed turns among the points', () => {
  let belowFull = 0;
  for (const run of readRows('eval_runs.jsonl')) {
    const [total, valid] = [Number(run['total_turns']), Number(run['valid_turns'])];
    const scores = { king: Number(run['score_king']), challenger: Number(run['score_challenger']) };
    const points = Array.from({ length: total }, (_, at) => ({
      cluster: String(at),
      scores: at < valid ? scores : null,
      judges: {},
    }));
    const verdict = decideVerdict(points, {
      winMargin: 0.03,
      minParsed: 0.5,
      confidence: 0.95,
      resamples: 100,
      seed: 0,
      test: 'auto',
      unit: 'turn',
      range: [0, 1],
      worstCase: false,
      judgeVeto: true,
      minJudges: null,
      excluded: [],
    });
    assert.is(verdict.winner === 'challenger', run['challenger_won']);
    const parsed = verdict.conditions.find(({ name }) => name === 'parsed');
    assert.is(parsed?.holds, valid / total >= 0.5);
    if (valid < total) belowFull++;
  }
  assert.ok(belowFull > 0);
});

test.run();
