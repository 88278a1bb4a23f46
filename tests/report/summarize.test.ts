/** The fold: live equals replay, the past is never changed, and every prefix adds up. */

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { EventBody, NodeCounts, NodeState, RunEvent } from '#contract/event.ts';
import { toJobSummary } from '#report/github.ts';
import { readEvents } from '#report/read-events.ts';
import { toRunHtml } from '#report/run-html.ts';
import { summarize, summarizeAll } from '#report/summarize.ts';
import { doneRows, EMPTY_SUMMARY, isBalanced, nodeOf, nodesOf, type Summary } from '#report/summary.ts';
import { counts, header, START, started, TROUBLED, toEvents } from './script.ts';

const STATES: readonly NodeState[] = ['wanted', 'ready', 'running', 'done', 'failed', 'blocked', 'stopped', 'skipped'];
const NODES = ['a', 'b', 'c', '__proto__'];

const anyNode = fc.constantFrom(...NODES);
const anyCall = fc.constantFrom('1'.repeat(64), '2'.repeat(64), '3'.repeat(64));
const small = fc.nat(9);
const anyCounts: fc.Arbitrary<NodeCounts> = fc
  .record({ emitted: small, rejected: small, failed: small, reused: small, out: small, calls: small })
  .map((some) => counts({ ...some, in: some.emitted + some.rejected + some.failed, usd: some.calls / 8 }));
const about = { endpoint: fc.constantFrom('e', 'constructor'), model: fc.constantFrom('m', 'n'), call: anyCall };

const anyBody: fc.Arbitrary<EventBody> = fc.oneof(
  fc.record({ type: fc.constant('node-state'), node: anyNode, state: fc.constantFrom(...STATES), counts: anyCounts }),
  fc.record({ type: fc.constant('node-state'), node: anyNode, state: fc.constant('done'), reused: fc.boolean() }),
  fc.record({ type: fc.constant('node-progress'), node: anyNode, counts: anyCounts, waiting: fc.constant('gate x') }),
  fc.record({
    type: fc.constant('row-trouble'),
    node: anyNode,
    row: fc.string(),
    disposition: fc.constantFrom('rejected', 'failed', 'untried'),
    code: fc.constantFrom('x', 'y'),
    message: fc.string(),
  }),
  fc.record({ type: fc.constant('call-started'), node: anyNode, ...about }),
  fc.record({ type: fc.constant('call-retry'), node: anyNode, ...about, code: fc.constant('llm-429'), waitMs: small }),
  fc.record({
    type: fc.constant('call-finished'),
    node: anyNode,
    ...about,
    outcome: fc.constantFrom('answered', 'reused', 'failed'),
    latencyMs: small,
    usage: fc.record({ input: small, output: small }),
    usd: small,
  }),
  fc.record({ type: fc.constant('notice'), level: fc.constant('info'), code: fc.constant('n'), message: fc.string() }),
) as fc.Arbitrary<EventBody>;

const anyRun: fc.Arbitrary<RunEvent[]> = fc
  .tuple(fc.boolean(), fc.array(anyBody, { maxLength: 60 }))
  .map(([isAnnounced, bodies]) =>
    toEvents(isAnnounced ? [started(NODES.slice(0, 3).map((id) => header(id, 'row'))), ...bodies] : bodies),
  );

function checkSums(summary: Summary): void {
  const nodes = [...nodesOf(summary)];
  const states = [...summary.states.values()];
  assert.is(
    states.reduce((sum, count) => sum + count, 0),
    nodes.length,
    'every node is in one state',
  );
  assert.ok(states.every((count) => count >= 0));
  assert.is(summary.places.size, nodes.length);
  for (const node of nodes) assert.is(nodeOf(summary, node.header.id), node);
  const sum = (pick: (counts: NodeCounts) => number) => nodes.reduce((total, node) => total + pick(node.counts), 0);
  if (summary.finished === null) {
    assert.is(
      summary.totals.calls,
      sum((each) => each.calls),
    );
    assert.ok(Math.abs(summary.totals.usd - sum((each) => each.usd)) < 1e-9);
    assert.ok(summary.totals.rowsRun >= 0 && summary.totals.rowsReused >= 0);
  }
  assert.is(summary.totals.callsInFlight, summary.flights.size);
  assert.ok(nodes.every((node) => node.callsInFlight >= 0));
}

test('every prefix of every run adds up, and no step changes what was', () => {
  fc.assert(
    fc.property(anyRun, (events) => {
      let state = EMPTY_SUMMARY;
      for (const event of events) {
        const before = structuredClone(state);
        const next = summarize(state, event);
        assert.equal(state, before);
        state = next;
        checkSums(state);
      }
      assert.is(state.events, events.length);
    }),
    { numRuns: 60 },
  );
});

test('a replay of the log shows what was shown live', () => {
  fc.assert(
    fc.property(anyRun, (events) => {
      const log = events.map((event) => `${JSON.stringify(event)}\n`).join('');
      assert.equal(summarizeAll(readEvents(log)), summarizeAll(events));
    }),
    { numRuns: 60 },
  );
});

test('a torn last line is left out, and so is what is no event', () => {
  const lines = TROUBLED.map((event) => JSON.stringify(event));
  const torn = `${lines.slice(0, 4).join('\n')}\nnull\n[]\n{"v":2}\n${lines[4]?.slice(0, 30)}`;
  assert.equal(summarizeAll(readEvents(torn)), summarizeAll(TROUBLED.slice(0, 4)));
});

test('a run with trouble', () => {
  const summary = summarizeAll(TROUBLED);
  const king = nodeOf(summary, 'king');
  assert.ok(king !== undefined && isBalanced(king));
  assert.is(king.state, 'failed');
  assert.is(doneRows(king), 40);
  assert.equal(king.troubles.get('rejected no-fence'), {
    disposition: 'rejected',
    code: 'no-fence',
    row: 'd/x.jsonl/3/7',
    message: 'no fence in \u001b[31mthe answer',
    hint: null,
    seen: 2,
  });
  assert.is(nodeOf(summary, 'prs')?.isReused, true);
  assert.equal(summary.models.get('chutes kimi-k2'), {
    endpoint: 'chutes',
    model: 'kimi-k2',
    answered: 1,
    reused: 0,
    failed: 1,
    retries: 1,
    latencyMs: 900,
    usd: 0.0011,
    usage: { input: 1000, output: 200 },
  });
  assert.equal(summary.totals, {
    rowsRun: 72,
    rowsReused: 50,
    calls: 29,
    reusedCalls: 10,
    usd: 0.0319,
    callsInFlight: 0,
  });
});

test('totals while it runs are what the engine says at the end', () => {
  const live = summarizeAll(TROUBLED.slice(0, -1)).totals;
  assert.is(live.rowsRun, 72);
  assert.is(live.rowsReused, 50);
  assert.is(live.calls, 29);
});

test('a call that several rows wait for is in flight once', () => {
  const call = { call: '1'.repeat(64), endpoint: 'e', model: 'm' };
  const end = { ...call, latencyMs: 5, usage: { input: 1, output: 1 }, usd: 1 };
  const events = toEvents([
    started([header('a', 'row'), header('b', 'row')]),
    { type: 'call-started', node: 'a', ...call },
    { type: 'call-finished', node: 'b', ...end, outcome: 'reused' },
    { type: 'call-finished', node: 'a', ...end, outcome: 'answered' },
    { type: 'call-finished', node: 'a', ...end, call: '2'.repeat(64), outcome: 'failed', usd: 0 },
  ]);
  assert.is(nodeOf(summarizeAll(events.slice(0, 2)), 'a')?.callsInFlight, 1);
  const summary = summarizeAll(events);
  assert.is(nodeOf(summary, 'a')?.callsInFlight, 0);
  const model = summary.models.get('e m');
  assert.equal([model?.answered, model?.reused, model?.failed, model?.usd], [1, 1, 0, 1]);
});

test('another run on the same reporter begins anew', () => {
  const again = summarizeAll([...TROUBLED, ...toEvents([started([header('x', 'row')])])]);
  assert.equal(
    [...nodesOf(again)].map((node) => node.header.id),
    ['x'],
  );
  assert.is(again.finished, null);
  assert.is(again.startedAt, START);
});

test('events of a later version pass by', () => {
  const strange = { ...TROUBLED[1], type: 'no-such-event' } as unknown as RunEvent;
  const before = summarizeAll(TROUBLED.slice(0, 3));
  assert.equal(summarize(before, strange), { ...before, events: before.events + 1 });
});

test('ten thousand nodes are folded without copying them all', () => {
  const nodes = Array.from({ length: 10_000 }, (_, index) => header(`n${index}`, 'row'));
  const ends = nodes.map(
    ({ id }): EventBody => ({
      type: 'node-state',
      node: id,
      state: 'done',
      reused: true,
      counts: counts({ in: 1, emitted: 1, out: 1 }),
    }),
  );
  const summary = summarizeAll(toEvents([started(nodes), ...ends]));
  assert.is(summary.states.get('done'), 10_000);
  assert.is(summary.totals.rowsReused, 10_000);
});

test('pages and job summaries of hostile runs hold no markup of others', () => {
  const hostile = '<script>alert(1)</script>|`@you`';
  const summary = summarizeAll(
    toEvents([
      { ...started([header(hostile, 'row')]), pipeline: hostile } as EventBody,
      { type: 'row-trouble', node: hostile, row: hostile, disposition: 'failed', code: 'x', message: hostile },
      { type: 'node-state', node: hostile, state: 'failed', counts: counts({ in: 1, failed: 1, failures: { x: 1 } }) },
      { type: 'notice', level: 'error', code: 'n', message: hostile },
    ]),
  );
  const page = toRunHtml(summary);
  assert.not.match(page, '<script>alert');
  assert.match(page, '&lt;script&gt;alert(1)');
  const markdown = toJobSummary(summary);
  assert.not.match(markdown, '<script');
  assert.not.match(markdown, '@you');
  for (const line of markdown.split('\n').filter((each) => each.startsWith('| '))) {
    assert.ok([3, 5, 7, 10].includes(line.replaceAll('\\|', '').split('|').length - 2), line);
  }
});

test('the page of a run', () => {
  const page = toRunHtml(summarizeAll(TROUBLED));
  for (const text of [
    'Failed</strong> after',
    'pr-missing',
    'd/x.jsonl/3/7',
    'kimi-k2',
    'out/report',
    'partial-input',
    '0.90 s'.replace('0.90', '0.9'),
  ])
    assert.match(page, text);
  assert.not.match(page, 'does not balance');
});

test.run();
