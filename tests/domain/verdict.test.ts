/** The verdict's conditions one by one, and how often it accepts a duel in which nobody is better. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { costToDecide } from '#domain/duel/decide-cost.ts';
import { type DuelPoint, deltaOf, isAhead, withoutJudges } from '#domain/duel/points.ts';
import { measureSurvivorship } from '#domain/duel/survivorship.ts';
import { decideVerdict, type VerdictNumbers, type VerdictRules } from '#domain/duel/verdict.ts';
import { verdictNotes } from '#domain/duel/verdict-notes.ts';
import { makeNullCheck, type NullDuel, nullDuelRows } from '#rig/null-duels.ts';
import { makeRandom } from '#stats/random.ts';

const rules: VerdictRules = {
  winMargin: 2,
  minParsed: 0.5,
  confidence: 0.95,
  resamples: 1000,
  seed: 0,
  test: 'auto',
  unit: 'instance',
  range: [0, 100],
  worstCase: true,
  judgeVeto: true,
  minJudges: null,
  excluded: [],
};

const point = (cluster: string, delta: number, judges: DuelPoint['judges'] = {}): DuelPoint => ({
  cluster,
  scores: { king: 50 - delta / 2, challenger: 50 + delta / 2 },
  judges,
});
const notesOf = (numbers: VerdictNumbers) => verdictNotes(numbers, rules, null, null, 1);
const unparsed = (cluster: string): DuelPoint => ({ cluster, scores: null, judges: {} });
const many = (n: number, delta: (at: number) => number) =>
  Array.from({ length: n }, (_, at) => point(`i${at}`, delta(at)));
const failing = (points: readonly DuelPoint[], more: Partial<VerdictRules> = {}) =>
  decideVerdict(points, { ...rules, ...more })
    .conditions.filter(({ holds }) => !holds)
    .map(({ name }) => name);

test('a clear lead over many clusters is accepted', () => {
  const verdict = decideVerdict(
    many(200, (at) => 10 + (at % 5) * 4),
    rules,
  );
  assert.is(verdict.accepted, true);
  assert.equal([verdict.margin, verdict.kingMean, verdict.challengerMean], [18, 41, 59]);
  assert.equal([verdict.turns, verdict.parsed, verdict.clusters, verdict.pValue], [200, 200, 200, null]);
  assert.ok(verdict.interval !== null && verdict.interval[0] > 17 && verdict.interval[1] < 19);
});

test('each condition can refuse alone', () => {
  const ahead = many(120, (at) => 10 + (at % 5));
  assert.equal(failing(ahead), []);
  assert.equal(failing(ahead, { winMargin: 20 }), ['margin', 'worst-case']);
  assert.equal(failing([...ahead, ...Array.from({ length: 130 }, (_, at) => unparsed(`u${at}`))]), [
    'parsed',
    'worst-case',
  ]);
  assert.equal(failing([...ahead, ...Array.from({ length: 15 }, (_, at) => unparsed(`u${at}`))]), ['worst-case']);
  assert.equal(
    failing([...ahead, ...Array.from({ length: 15 }, (_, at) => unparsed(`u${at}`))], { worstCase: false }),
    [],
  );
  assert.equal(failing(many(120, (at) => (at % 2 === 0 ? 103 : -97))), ['significance']);
  const vetoed = ahead.map(({ cluster, scores }) => ({ cluster, scores, judges: { a: 30, b: -5 } }));
  assert.equal(failing(vetoed), ['judges']);
  assert.equal(failing(vetoed, { judgeVeto: false }), []);
});

test('few clusters: said, and left to the permutation test', () => {
  const few = many(6, () => 30);
  const verdict = decideVerdict(few, rules);
  assert.is(verdict.pValue, 1 / 64);
  assert.is(verdict.accepted, true);
  assert.match(notesOf(verdict).join('\n'), /^6 clusters are few .* an exact permutation test decides/);
  assert.equal(failing(many(4, () => 30)), ['significance']);
  assert.is(decideVerdict(few, { ...rules, unit: 'turn' }).pValue, null);
  assert.is(decideVerdict(few, { ...rules, test: 'bootstrap' }).pValue, null);
});

test('nothing parsed is decided for the king, without a number made up', () => {
  for (const points of [[], [unparsed('a')]]) {
    const verdict = decideVerdict(points, rules);
    assert.equal(
      [verdict.accepted, verdict.winner, verdict.margin, verdict.interval, verdict.power],
      [false, 'king', null, null, null],
    );
    assert.equal(notesOf(verdict), [
      'no duel was parsed: there is nothing to decide on',
      'what it would cost to decide a margin of 1 cannot be told: nothing is known of the spread',
    ]);
  }
});

test('power is that of the clusters that there are', () => {
  const { power } = decideVerdict(
    many(396, (at) => (at % 2 === 0 ? 40 : -40)),
    { ...rules, winMargin: 5 },
  );
  assert.ok(power !== null && Math.abs(power.atMargin - 0.8) < 0.005, JSON.stringify(power));
  assert.is(power?.needed, 397);
});

test('the same points in another order give the same verdict', () => {
  const points = many(50, (at) => (at * 7919) % 31);
  const numbers = decideVerdict(points, rules);
  const back = decideVerdict([...points].reverse(), rules);
  assert.equal([back.accepted, back.interval, back.pValue], [numbers.accepted, numbers.interval, numbers.pValue]);
});

test('rounding in the last bits decides nothing', () => {
  assert.is(isAhead(0.58, 0.55, 0.03), true);
  assert.is(isAhead(0.579, 0.55, 0.03), false);
});

/** Judges of one row that each give the same lead; the row's own scores are their mean. */
function judged(at: number, judges: { readonly [judge: string]: number }, asked = Object.keys(judges)): DuelPoint {
  const leads = Object.values(judges);
  const lead = leads.reduce((sum, each) => sum + each, 0) / leads.length;
  return { ...point(`i${at}`, lead), judges, asked };
}

test('without one judge the rest decide, by a majority of those asked', () => {
  const points = Array.from({ length: 120 }, (_, at) => judged(at, { a: 60 + (at % 3), b: -12 - (at % 5), c: -14 }));
  const free = { ...rules, judgeVeto: false };
  const verdict = decideVerdict(points, free);
  assert.is(verdict.accepted, true);
  assert.equal(
    Object.entries(verdict.leaveOneOut).map(([judge, { accepted }]) => [judge, accepted]),
    [
      ['a', false],
      ['b', true],
      ['c', true],
    ],
  );
  assert.is(verdict.leaveOneOut['a']?.margin, -14);
  assert.match(verdictNotes(verdict, free, null, null, 1).join('\n'), /hangs on the judge a: without it not accepted/);

  const excluded = decideVerdict(points, { ...free, excluded: ['a'] });
  assert.equal([excluded.accepted, excluded.margin, excluded.winner], [false, -14, 'king']);
  assert.equal([excluded.allJudges?.accepted, excluded.allJudges?.margin], [true, verdict.margin]);
  assert.equal(Object.keys(excluded.judges), ['b', 'c']);
  assert.match(
    verdictNotes(excluded, { ...free, excluded: ['a'] }, null, null, 1).join('\n'),
    /left out on the panel's word: a; without them not accepted, with them accepted/,
  );
});

test('a duel whose remaining judges could not be read is unparsed; what code decided stays', () => {
  const rows = [judged(0, { a: 50, b: 10 }), judged(1, { a: 50 }, ['a', 'b']), { ...point('i2', 40), asked: [] }];
  const left = withoutJudges(rows, new Set(['a']), rules);
  assert.equal(left.map(deltaOf), [10, null, 40]);
  assert.is(decideVerdict(rows, { ...rules, excluded: ['a', 'b'] }).parsed, 1);
});

test('one of many judges below zero by chance is no veto, one that is clearly below is', () => {
  const random = makeRandom(5);
  const noise = () => (random.index(20_001) - 10_000) / 100;
  const names = Array.from({ length: 12 }, (_, judge) => `j${judge}`);
  const vetoed = { chance: 0, clear: 0 };
  for (let trial = 0; trial < 24; trial++) {
    const points = Array.from({ length: 120 }, (_, at) =>
      judged(at, Object.fromEntries(names.map((name) => [name, noise()]))),
    );
    const holds = (of: readonly DuelPoint[]) =>
      decideVerdict(of, { ...rules, resamples: 300, worstCase: false }).conditions.find(({ name }) => name === 'judges')
        ?.holds;
    if (holds(points) === false) vetoed.chance++;
    const against = points.map((each) => ({ ...each, judges: { ...each.judges, j0: (each.judges['j0'] ?? 0) - 25 } }));
    if (holds(against) === false) vetoed.clear++;
  }
  // Without the adjustment 12 judges would veto in 46 % of trials.
  assert.ok(vetoed.chance <= 5, `${vetoed.chance} of 24 by chance`);
  assert.ok(vetoed.clear >= 21, `${vetoed.clear} of 24`);
});

test('what is missing bounds the margin on both sides', () => {
  const found = measureSurvivorship([20, 40], 3, 1, 100);
  assert.equal([found.started, found.share], [4, 0.5]);
  assert.equal(found.bounds, [-35, 65]);
  assert.is(measureSurvivorship([], 0, 0, 100).bounds, null);
});

test('deciding a margin costs what was seen, times the clusters it takes', () => {
  const basis = { turns: 800, clusters: 100, lost: 200, sd: 40, judgeCalls: 4800, usage: null, prices: {} };
  const judges = costToDecide(1, basis, 0.05);
  // ((1.6449 + .8416) x 40)^2, Cohen 1988.
  assert.equal([judges?.clusters, judges?.turns, judges?.drawn, judges?.calls], [9893, 79144, 98930, 474864]);
  assert.equal([judges?.isAllCalls, judges?.usd], [false, null]);
  const usage = [
    { model: 'm', calls: 1000, input: 2_000_000, output: 100_000 },
    { model: 'n', calls: 4800, input: 1_000_000, output: 0 },
  ];
  const prices = { m: { input: 1, output: 10 }, n: { input: 0.5, output: 1 } };
  const priced = costToDecide(1, { ...basis, usage, prices }, 0.05);
  assert.equal([priced?.calls, priced?.tokens], [573794, { input: 296790000, output: 9893000 }]);
  assert.ok(Math.abs((priced?.usd ?? 0) - 3.5 * 98.93) < 1e-6);
  assert.equal(costToDecide(1, { ...basis, usage }, 0.05)?.unpriced, ['m', 'n']);
  assert.is(costToDecide(1, { ...basis, sd: 0 }, 0.05), null);
});

/** Acceptance of duels in which nobody is better, by the bound alone. */
async function acceptance(trials: number, duel: Partial<NullDuel>, config: object): Promise<number> {
  const shape = { instances: 30, turnsEach: 8, judges: 1, orders: 'both', positionEffect: 0, ...duel } as const;
  const bound = { win_margin: 0, unparsed: 'ignore', judge_veto: false, resamples: 200 };
  const isAccepted = makeNullCheck({ ...bound, ...config });
  let accepted = 0;
  for (let trial = 0; trial < trials; trial++)
    if (await isAccepted(nullDuelRows(shape, 100 + trial), trial)) accepted++;
  return accepted / trials;
}

test('null duels: instances keep the nominal rate, turns and votes do not, a position effect in one order wins', async () => {
  const instance = await acceptance(120, {}, { unit: 'instance' });
  assert.ok(instance >= 0.01 && instance <= 0.1, `${instance} by instance`);
  const turn = await acceptance(120, {}, { unit: 'turn' });
  assert.ok(turn > instance && turn >= 0.07 && turn <= 0.2, `${turn} by turn`);
  const vote = await acceptance(40, {}, { unit: 'vote' });
  assert.ok(vote > turn && vote <= 0.6, `${vote} by vote`);
  const single = await acceptance(24, { orders: 'single', positionEffect: 0.15 }, { unit: 'instance' });
  assert.ok(single >= 0.8, `${single} in a single order`);
  const both = await acceptance(24, { positionEffect: 0.15 }, { unit: 'instance' });
  assert.ok(both <= 0.2, `${both} in both orders`);
});

test.run();
