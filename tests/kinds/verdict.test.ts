/** verdict: from rows to one row and its evidence. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '#contract/json.ts';
import { DIMENSIONS } from '#domain/duel/dimensions.ts';
import { verdictKind } from '#kinds/verdict/kind.ts';
import { checkOf, resolveConfig, runWhole } from '#rig/drive-kind.ts';

const entry = (judge: string, order: string, choice: string) => ({
  judge,
  order,
  status: 'parsed',
  code: null,
  choices: Object.fromEntries(DIMENSIONS.map((name) => [name, choice])),
  quotes: {},
  reason: '',
});
const duel = (at: number, score: number | null, choice = 'candidate'): JsonObject => ({
  instance_id: `i${at}`,
  repo: `r${at % 3}`,
  score,
  parsed: score !== null,
  judges: ['candidate-first', 'against-first'].map((order) => entry('qwen', order, choice)),
});

async function decide(
  duels: readonly JsonObject[],
  config: object = {},
  lost?: readonly JsonObject[],
  more: { readonly [input: string]: readonly JsonObject[] } = {},
) {
  const inputs = { from: duels, ...(lost ? { lost } : {}), ...more };
  const items = await runWhole(verdictKind, { resamples: 500, ...config }, inputs);
  const rows = items.flatMap((item) => (item.type === 'row' ? [item] : []));
  const evidence = rows.filter(({ port }) => port === 'evidence');
  return {
    out: rows.find(({ port }) => port === undefined)?.fields ?? {},
    keys: evidence.map(({ key }) => key),
    evidence: new Map(evidence.map(({ key, fields }) => [key, fields])),
  };
}

const won = Array.from({ length: 120 }, (_, at) => duel(at, 60 + (at % 4) * 5));

test('one row, and evidence under the names that `when` may use', async () => {
  const { out, keys, evidence } = await decide(won);
  assert.equal(
    [out['accepted'], out['winner'], out['margin'], out['king_mean'], out['challenger_mean']],
    [true, 'challenger', 35, 32.5, 67.5],
  );
  assert.equal(out['judges'], [{ judge: 'qwen', mean: 100, n: 120, interval: [100, 100], p_against: 1 }]);
  for (const key of keys) {
    if (key.includes('/')) assert.is(evidence.get(key)?.['slice'], key.split('/')[1]);
    else assert.ok(verdictKind.evidence?.includes(key), key);
  }
  assert.equal(evidence.get('accepted')?.['value'], true);
  assert.equal(evidence.get('judge_mean/qwen')?.['value'], 100);
  assert.equal(evidence.get('p_value')?.['status'], 'not_evaluable');
  assert.match(String(evidence.get('accepted')?.['formula']), /margin 35 >= 2 and lower bound/);
});

test('clusters by instance, repo, field or turn', async () => {
  const clusters = async (config: object) => (await decide(won, config)).out['clusters'];
  assert.is(await clusters({}), 120);
  assert.is(await clusters({ unit: 'repo' }), 3);
  assert.is(await clusters({ unit: 'turn' }), 120);
  assert.is(await clusters({ cluster: 'score' }), 4);
  assert.is(await clusters({ unit: 'vote' }), 1200);
  const reads = verdictKind.scope === 'whole' ? verdictKind.reads(resolveConfig(verdictKind, { unit: 'turn' })) : {};
  assert.equal(Object.keys(reads['from'] ?? {}), ['score', 'parsed', 'judges']);
});

test('unparsed duels lower the parsed fraction and count as losses', async () => {
  const { out } = await decide([...won, duel(200, null), duel(201, null)]);
  assert.equal([out['turns'], out['parsed'], out['margin']], [122, 120, 35]);
  assert.ok(Math.abs(Number(out['worst_case']) - (120 * 35 - 200) / 122) < 1e-9);
});

test('what was lost on the way is counted by code', async () => {
  const lost = ['fence-many', 'fence-many', 'pr-missing'].map((code) => ({ rejection: { code } }));
  const { out, evidence } = await decide(won, {}, lost);
  assert.equal(out['lost'], { 'fence-many': 2, 'pr-missing': 1 });
  const survivorship = evidence.get('survivorship');
  assert.is(survivorship?.['n'], 123);
  assert.is(survivorship?.['value'], 120 / 123);
  assert.is((await decide(won)).evidence.has('survivorship'), false);
  assert.is(evidence.get('lost/fence-many')?.['value'], 2);
  // 120 leads of 35 on average, 3 turns of which nothing is known.
  assert.equal(evidence.get('margin_of_all_started')?.['interval'], [(4200 - 300) / 123, (4200 + 300) / 123]);
  assert.match((out['notes'] as string[]).join('\n'), /98 % of 123 turns .* between 31.7073 and 36.5854/);
});

test('judges that the panel excludes do not count, and both outcomes are told', async () => {
  const duels = Array.from({ length: 120 }, (_, at) => ({
    instance_id: `i${at}`,
    score: 75,
    parsed: true,
    judges: ['liar', 'qwen'].flatMap((judge) =>
      ['candidate-first', 'against-first'].map((order) => entry(judge, order, judge === 'liar' ? 'candidate' : 'draw')),
    ),
  }));
  const status = (slice: string, value: string, source: string) => ({ name: 'judge_status', slice, value, source });
  const panel = [
    status('liar', 'excluded', 'always-candidate: on 120 of 120'),
    status('qwen', 'kept', ''),
    { name: 'finding', slice: 'liar/always-candidate', value: 1, source: 'says so' },
  ];
  const { out, evidence } = await decide(duels, {}, undefined, { panel });
  assert.equal([out['accepted'], out['margin']], [false, 0]);
  assert.equal(out['excluded'], [{ judge: 'liar', reason: 'always-candidate: on 120 of 120' }]);
  const all = out['all_judges'] as JsonObject;
  assert.equal([all['accepted'], all['margin'], all['failed']], [true, 50, []]);
  assert.is(evidence.get('excluded_judges')?.['value'], 1);
  assert.is(evidence.get('accepted_all_judges')?.['value'], true);
  assert.is((await decide(duels)).out['accepted'], true);
  const none = await decide(duels, {}, undefined, { panel: [status('qwen', 'kept', '')] });
  assert.equal([none.out['all_judges'], none.evidence.get('excluded_judges')?.['value']], [null, 0]);
});

test('what deciding a point would cost, from the tallies', async () => {
  const usage = (code: string, count: number, input: number, output: number) => ({
    disposition: 'usage',
    code,
    count,
    input,
    output,
  });
  const tallies = [
    usage('m', 100, 1_000_000, 0),
    usage('m', 20, 0, 10_000),
    { disposition: 'in', code: null, count: 9 },
  ];
  const config = { prices: { m: { input: 2, output: 100 } } };
  const { out, evidence } = await decide(won, config, [], { tallies });
  const decided = out['decide'] as { readonly [name: string]: number };
  const factor = Number(decided['clusters']) / 120;
  assert.is(decided['calls'], Math.ceil(120 * factor - 1e-9));
  assert.ok(Math.abs(Number(decided['usd']) - 3 * factor) < 1e-9);
  assert.is(evidence.get('decide_usd')?.['value'], decided['usd']);
  assert.match((out['notes'] as string[]).join('\n'), /to decide a margin of 1 80 % of the time: \d+ clusters, .* USD/);
  const unpriced = await decide(won, {}, [], { tallies });
  assert.is(unpriced.evidence.get('decide_usd')?.['status'], 'not_evaluable');
  assert.match((unpriced.out['notes'] as string[]).join('\n'), /no price for m/);
  const without = (await decide(won)).out['decide'] as JsonObject;
  assert.equal([without['of'], without['tokens'], without['drawn']], ['judges', null, null]);
  const unparsed = await decide(won.map((duel) => ({ ...duel, score: null, parsed: false, judges: [] })));
  assert.is(unparsed.out['decide'], null);
  assert.is(unparsed.evidence.get('decide_usd')?.['status'], 'not_evaluable');
  assert.match(
    (unparsed.out['notes'] as string[]).join('\n'),
    /what it would cost .* cannot be told: nothing is known/,
  );
});

test('two scores a row in place of duels', async () => {
  const rows = Array.from({ length: 150 }, (_, at) => ({ a: { king: 0.5 }, challenger: 0.6 + (at % 3) / 100 }));
  const config = { king: 'a.king', challenger: 'challenger', unit: 'turn', range: [0, 1], win_margin: 0.03 };
  const { out } = await decide(rows, config);
  assert.is(out['accepted'], true);
  assert.ok(Math.abs(Number(out['margin']) - 0.11) < 1e-12);
});

test('a missing cluster and a score outside its range stop the node by name', async () => {
  const code = async (rows: readonly JsonObject[], config: object = {}) => {
    try {
      await decide(rows, config);
      return 'none';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  assert.is(await code([{ score: 50 }]), 'cluster-missing');
  assert.is(await code([{ score: 5000, instance_id: 'i' }]), 'score-out-of-range');
  assert.is(
    await code([{ k: 50, c: 2 }], { king: 'k', challenger: 'c', unit: 'turn', range: [0, 1] }),
    'score-out-of-range',
  );
});

test('configs that cannot be meant are found', () => {
  const codes = (config: { readonly [name: string]: unknown }) =>
    checkOf(verdictKind, config).map(({ code, path }) => `${code} ${path}`);
  assert.equal(codes({}), []);
  assert.equal(codes({ king: 'a' }), ['one-score king']);
  assert.equal(codes({ range: [1, 1] }), ['empty-range range']);
  assert.equal(codes({ unit: 'turn', cluster: 'repo' }), ['unit-without-clusters cluster']);
  assert.equal(codes({ unit: 'vote', king: 'a', challenger: 'b' }), ['unit-without-votes unit']);
});

test('no duels at all: refused, with every number said to be missing', async () => {
  const { out, evidence } = await decide([]);
  assert.equal([out['accepted'], out['margin'], out['power']], [false, null, null]);
  assert.is(evidence.get('margin')?.['status'], 'not_evaluable');
});

test.run();
