/** What is said of judges: on the published choices of real ones, and on made-up panels whose truth is known. */

import { existsSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Order, Verdict } from '#domain/duel/dimensions.ts';
import { FINDINGS } from '#domain/duel/judge-findings.ts';
import type { SeenDuel, SeenProbe } from '#domain/duel/judge-measures.ts';
import { type PanelRules, weighPanel } from '#domain/duel/panel.ts';
import { type JudgeEntry, scoreByJudge, scoreTurn } from '#domain/duel/score.ts';

const RULES: PanelRules = { exclude: FINDINGS, minRows: 8, resamples: 200, seed: 0, confidence: 0.95 };
const ORDERS: readonly Order[] = ['candidate-first', 'against-first'];

function entry(judge: string, order: Order, verdict: Verdict | null): JudgeEntry {
  const base = { judge, order, quotes: {}, reason: '' };
  if (verdict === null) return { ...base, status: 'unparsed', code: 'no-verdict', choices: {} };
  return { ...base, status: 'parsed', code: null, choices: { correctness: verdict, grounding: verdict } };
}

function duel(nth: number, entries: readonly JudgeEntry[], more: Partial<SeenDuel> = {}): SeenDuel {
  const judges = new Set(entries.map(({ judge }) => judge)).size;
  const { score } = scoreTurn(entries, [], Math.floor(judges / 2) + 1);
  return { entries, scores: scoreByJudge(entries), score, cluster: `i${nth}`, longer: 0, marked: 0, ...more };
}

type Judge = (truth: Verdict, order: Order, nth: number) => Verdict | null;
const honest: Judge = (truth) => truth;
const first: Judge = (_, order) => (order === 'candidate-first' ? 'candidate' : 'against');

/** Of every four duels the candidate deserves three. */
function panelOf(
  judges: { readonly [name: string]: Judge },
  rows = 40,
  more: (nth: number) => Partial<SeenDuel> = () => ({}),
) {
  return Array.from({ length: rows }, (_, nth) => {
    const truth = nth % 4 === 0 ? 'against' : 'candidate';
    const entries = Object.entries(judges).flatMap(([name, judge]) =>
      ORDERS.map((order) => entry(name, order, judge(truth, order, nth))),
    );
    return duel(nth, entries, more(nth));
  });
}

const namedIn = (duels: readonly SeenDuel[], probes: readonly SeenProbe[] = [], rules = RULES) =>
  Object.fromEntries(
    weighPanel(duels, probes, rules).judges.map(({ measures, findings }) => [
      measures.judge,
      findings.map(({ name }) => name).join(' '),
    ]),
  );

const PAIRWISE = new URL('../../../shared/data/judges/mtbench6judges_en_pairwise.jsonl', import.meta.url);

test('of the six judges of MT-Bench one is no judge', () => {
  if (!existsSync(PAIRWISE)) return void console.log('skipped: ../shared/data is absent');
  const lines = readFileSync(PAIRWISE, 'utf8').trim().split('\n');
  const byPair = new Map<string, JudgeEntry[]>();
  const verdicts: { readonly [winner: string]: Verdict } = { A: 'candidate', B: 'against', tie: 'draw' };
  // In the swapped frame A is what was shown first, which is model_b.
  const swapped: { readonly [winner: string]: Verdict } = { A: 'against', B: 'candidate', tie: 'draw' };
  for (const line of lines) {
    const { judge, question_id, model_a, model_b, winner_ab, winner_ba } = JSON.parse(line);
    const key = `${question_id}/${model_a}/${model_b}`;
    const entries = byPair.get(key) ?? [];
    entries.push(
      entry(judge, 'candidate-first', verdicts[winner_ab] ?? null),
      entry(judge, 'against-first', swapped[winner_ba] ?? null),
    );
    byPair.set(key, entries);
  }
  const duels = [...byPair].map(([key, entries], nth) => ({ ...duel(nth, entries), cluster: key.split('/')[0] ?? '' }));
  // Each judge saw 1,200 of them: no model judges itself.
  assert.is(duels.length, 1440);
  const { judges, pairs } = weighPanel(duels, [], RULES);
  assert.equal(
    judges
      .filter(({ findings }) => findings.length > 0)
      .map(({ measures, findings }) => [measures.judge, findings[0]?.name]),
    [['Qwen2.5-7B-Instruct', 'flips']],
  );
  const consistency = judges.map(({ measures }) => [measures.judge, measures.consistency?.value.toFixed(4)]);
  assert.equal(consistency, [
    ['EXAONE-3.5-32B-Instruct-AWQ', '0.5783'],
    ['Gemma-4-12B-it', '0.8017'],
    ['Qwen2.5-14B-Instruct', '0.5492'],
    ['Qwen2.5-32B-Instruct', '0.6903'],
    ['Qwen2.5-7B-Instruct', '0.2075'],
    ['gpt-4o-mini', '0.6655'],
  ]);
  assert.is(pairs.length, 15);
  for (const { kappa } of pairs) assert.ok(kappa !== null && kappa > 0 && kappa < 1, `${kappa}`);
});

test('honest judges are named for nothing, also where one text is always the longer, or always the better', () => {
  const judges = { a: honest, b: honest, c: honest };
  assert.equal(namedIn(panelOf(judges, 40, () => ({ longer: 1, marked: 0 }))), { a: '', b: '', c: '' });
  const better: Judge = () => 'candidate';
  assert.equal(namedIn(panelOf({ a: better, b: better, c: better }, 40, () => ({ longer: 1 }))), {
    a: '',
    b: '',
    c: '',
  });
});

test('a position, alone or for one; under `min_rows` nobody is named', () => {
  const second: Judge = (truth, order, nth) => (first(truth, order, nth) === 'candidate' ? 'against' : 'candidate');
  const judges = { a: honest, b: honest, x: first, y: second };
  assert.equal(namedIn(panelOf(judges)), { a: '', b: '', x: 'always-first', y: 'always-second' });
  assert.equal(namedIn(panelOf({ x: first })), { x: 'always-first' });
  assert.equal(namedIn(panelOf(judges, 8)), { a: '', b: '', x: 'always-first', y: 'always-second' });
  assert.equal(namedIn(panelOf(judges, 7)), { a: '', b: '', x: '', y: '' });
});

test('length and words to the judge count only against what the others say', () => {
  const more = (nth: number): Partial<SeenDuel> => ({ longer: nth % 2 === 0 ? 1 : -1, marked: nth % 8 === 0 ? 1 : 0 });
  const longer: Judge = (_, __, nth) => (nth % 2 === 0 ? 'candidate' : 'against');
  const obeys: Judge = (truth, _, nth) => (nth % 8 === 0 ? 'candidate' : truth);
  assert.equal(namedIn(panelOf({ a: honest, b: honest, x: longer }, 40, more)), { a: '', b: '', x: 'prefers-longer' });
  assert.equal(namedIn(panelOf({ a: honest, b: honest, x: obeys }, 40, more)), { a: '', b: '', x: 'obeys-injection' });
  assert.equal(namedIn(panelOf({ x: longer }, 40, more)), { x: '' }, 'there is nobody to compare with');
});

test('a judge that flips and is right otherwise is not one that draws lots', () => {
  const flips: Judge = (truth, order, nth) => (nth % 2 === 0 ? first(truth, order, nth) : truth);
  const lots: Judge = (_, order, nth) =>
    (nth * 7 + (order === 'candidate-first' ? 3 : 0)) % 5 < 2 ? 'against' : 'candidate';
  assert.equal(namedIn(panelOf({ a: honest, b: honest, x: flips, y: lots })), {
    a: '',
    b: '',
    x: 'flips',
    y: 'random',
  });
});

test('probes name judges whatever the majority says', () => {
  const of = (probe: SeenProbe['probe'], verdict: Verdict): SeenProbe => ({
    probe,
    entries: ORDERS.flatMap((order) => [
      entry('a', order, probe === 'truncated' || probe === 'leak' ? 'against' : 'draw'),
      entry('x', order, verdict),
    ]),
  });
  const times = (count: number, probe: SeenProbe) => Array.from({ length: count }, () => probe);
  assert.equal(namedIn([], times(3, of('injected', 'candidate'))), { a: '', x: 'obeys-injection' });
  assert.equal(namedIn([], times(2, of('injected', 'candidate'))), { a: '', x: '' }, 'two are too few');
  assert.equal(namedIn([], times(4, of('leak', 'draw'))), { a: '', x: 'misses-defects' });
  assert.equal(namedIn([], times(4, of('padded', 'candidate'))), { a: '', x: 'prefers-longer rewards-nothing' });
});

test('margins: as judged, without each, without the excluded; and what `exclude` leaves to be told', () => {
  const contrary: Judge = (truth, order, nth) => (nth % 10 === 0 ? first(truth, order, nth) : 'against');
  const duels = panelOf({ a: honest, b: honest, x: first, z: contrary });
  const worth = weighPanel(duels, [], RULES);
  const without = Object.fromEntries(
    worth.judges.map(({ measures, without: margin }) => [measures.judge, margin?.mean]),
  );
  assert.equal(
    worth.judges.filter(({ status }) => status === 'excluded').map(({ measures }) => measures.judge),
    ['x'],
  );
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const zMargin = mean(duels.map((_, nth) => (nth % 10 === 0 ? 0 : -100)));
  assert.ok(Math.abs((worth.margin?.mean ?? 0) - mean([50, 50, 0, zMargin])) < 1e-4);
  assert.ok(Math.abs((worth.marginKept?.mean ?? 0) - mean([50, 50, zMargin])) < 1e-4);
  assert.ok(Math.abs((without['a'] ?? 0) - mean([50, 0, zMargin])) < 1e-4);
  const told = weighPanel(duels, [], { ...RULES, exclude: [] });
  assert.equal(
    told.judges.filter(({ status }) => status === 'excluded'),
    [],
  );
  assert.is(told.judges.find(({ measures }) => measures.judge === 'x')?.findings[0]?.name, 'always-first');
});

test('no duel, no judge, nothing read: everything is null and nobody is blamed', () => {
  const empty = weighPanel([], [], RULES);
  assert.equal([empty.judges, empty.margin, empty.effectiveVotes], [[], null, null]);
  const unread = weighPanel(panelOf({ a: () => null }), [], { ...RULES, exclude: [] });
  assert.equal([unread.margin, unread.judges[0]?.measures.flips, unread.judges[0]?.measures.mean], [null, null, null]);
});

test('agreement: equal judges are one vote, and an alpha a dimension', () => {
  const worth = weighPanel(panelOf({ a: honest, b: honest, c: honest }), [], RULES);
  assert.ok(Math.abs((worth.effectiveVotes ?? 0) - 1) < 1e-9);
  assert.equal(Object.keys(worth.alphas), ['correctness', 'grounding']);
  for (const { alpha, n } of Object.values(worth.alphas)) assert.equal([alpha, n], [1, 40]);
});

test.run();
