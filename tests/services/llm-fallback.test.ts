import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LlmAnswer, ResolvedModel } from '#contract/services.ts';
import { failureOf } from '#rig/failure-of.ts';
import { endpointSpec, type LlmRig, makeLlmRig } from '#rig/llm-rig.ts';
import { type Fault, type LlmServer, startLlmServer } from '#rig/llm-server.ts';
import { MemoryJournal } from '#rig/memory-calls.ts';
import type { LlmHubOptions } from '#services/llm/hub-options.ts';
import { exportRecordings } from '#services/llm/recordings.ts';

interface Pair {
  readonly first: LlmServer;
  readonly second: LlmServer;
  readonly journal: MemoryJournal;
  /** What the first endpoint does to a request; null: it answers. */
  fault: Fault | null;
  readonly standIn: ResolvedModel;
  readonly alone: ResolvedModel;
  rig(over?: Partial<LlmHubOptions>): LlmRig;
}

async function withPair(work: (pair: Pair) => Promise<void>): Promise<void> {
  const state: { fault: Fault | null } = { fault: { type: 'status', status: 500 } };
  const first = await startLlmServer({ answers: ({ nth }) => `first ${nth}`, fault: () => state.fault });
  const second = await startLlmServer({ answers: ({ nth }) => `second ${nth}` });
  const specs = [
    endpointSpec(first.url, { id: 'first', retries: 1 }),
    endpointSpec(second.url, { id: 'second', retries: 1 }),
  ] as const;
  const [alone, standIn] = specs.map(({ id }, nth) => ({
    alias: id,
    endpoint: id,
    model: `acme/${id}`,
    family: null,
    price: { input: 1 + nth, output: 2 + nth },
    sampling: { max_tokens: 10 },
    identity: { endpoint: id, model: `acme/${id}` },
  }));
  if (alone === undefined || standIn === undefined) throw new Error('two endpoints');
  const journal = new MemoryJournal();
  const rigs: LlmRig[] = [];
  const rig = (over: Partial<LlmHubOptions> = {}) => {
    const endpoints = { first: specs[0], second: specs[1], ...over.endpoints };
    const made = makeLlmRig(specs[0], { journal, ...over, endpoints, model: { ...alone, fallback: [standIn] } });
    rigs.push(made);
    return made;
  };
  try {
    await work(Object.assign(state, { first, second, journal, standIn, alone, rig }));
  } finally {
    for (const made of rigs) await made.hub.close();
    await first.close();
    await second.close();
  }
}

test('a stand-in answers while the endpoint does not; the call is its own', () =>
  withPair(async ({ rig, first, second, journal }) => {
    const { ask, events, uses, hub } = rig();
    const answer = await ask('hello');
    assert.is(answer.text, 'second 0');
    assert.is(answer.standIn, 'second');
    assert.is(first.stats().requests, 2);
    assert.is(second.stats().requests, 1);
    assert.equal(
      uses.map(({ model, outcome }) => [model, outcome]),
      [['acme/second', 'answered']],
    );
    const [record] = await journal.find([answer.call]);
    assert.is(record?.model, 'acme/second');
    // Two tokens in at $2 and two out at $3 a million; what the 500s cost is known to be nothing.
    const ledger = await hub.ledger();
    assert.equal([ledger.calls, ledger.openCalls], [1, 0]);
    assert.is(
      ledger.usd.toFixed(9),
      ((record?.usage.input ?? 0) * 2e-6 + (record?.usage.output ?? 0) * 3e-6).toFixed(9),
    );
    await ask('another');
    const notices = events.filter(({ type }) => type === 'notice');
    assert.is(notices.length, 1);
    assert.match(
      (notices[0] as { message: string }).message,
      /^first does not answer \(llm-server-error: .*second is asked/,
    );
  }));

test('what a stand-in said stays said, whether the endpoint is back or not', () =>
  withPair(async (pair) => {
    const before = await pair.rig().ask('hello');
    pair.fault = null;
    for (const over of [{}, { frozen: true }]) {
      const again: LlmAnswer = await pair.rig(over).ask('hello');
      assert.equal([again.text, again.call, again.standIn], [before.text, before.call, 'second']);
    }
    assert.is(pair.first.stats().answered + pair.second.stats().answered, 1);
    // --resample asks the endpoint again, and its answer is the later one.
    const fresh = await pair.rig().ask('hello', {}, { fresh: true });
    assert.is(fresh.standIn, undefined);
    assert.is((await pair.rig().ask('hello')).text, fresh.text);
  }));

test('its answer is found neither without the fallback nor where the stand-in is asked itself', () =>
  withPair(async (pair) => {
    const inPlace = await pair.rig().ask('hello');
    pair.fault = null;
    const asked = await pair.rig().ask('hello', { model: pair.standIn });
    assert.is.not(asked.call, inPlace.call);
    const alone = await pair.rig().ask('hello', { model: pair.alone });
    assert.is(alone.text.split(' ')[0], 'first');
    assert.is(pair.second.stats().answered, 2);
  }));

for (const [code, fault] of [
  ['llm-content-filter', { type: 'status', status: 400, code: 'content_filter' }],
  ['llm-bad-request', { type: 'status', status: 400 }],
] as const) {
  test(`${code} is about the request: nobody else is asked`, () =>
    withPair(async (pair) => {
      pair.fault = fault;
      assert.is((await failureOf(pair.rig().ask('hello'))).code, code);
      assert.is(pair.second.stats().requests, 0);
    }));
}

for (const fault of [
  { type: 'status', status: 401 },
  { type: 'status', status: 404 },
  { type: 'status', status: 402 },
  { type: 'status', status: 429 },
  { type: 'html' },
  { type: 'reset' },
] as const satisfies readonly Fault[]) {
  test(`after ${'status' in fault ? fault.status : fault.type} the stand-in is asked`, () =>
    withPair(async (pair) => {
      pair.fault = fault;
      assert.is((await pair.rig().ask('hello')).standIn, 'second');
    }));
}

test('once the breaker is open the endpoint is left alone', () =>
  withPair(async (pair) => {
    pair.fault = { type: 'status', status: 401 };
    const { ask } = pair.rig();
    for (let nth = 0; nth < 3; nth++) await ask(`row ${nth}`);
    const before = pair.first.stats().requests;
    const answers = await Promise.all(Array.from({ length: 20 }, (_, nth) => ask(`later ${nth}`)));
    assert.ok(answers.every(({ standIn }) => standIn === 'second'));
    assert.is(pair.first.stats().requests, before);
  }));

test('when nobody answers, the failure names everybody', () =>
  withPair(async (pair) => {
    const { ask } = pair.rig({
      endpoints: { second: endpointSpec('http://127.0.0.1:9/v1', { id: 'second', retries: 0 }) },
    });
    const failure = await failureOf(ask('hello'));
    assert.is(failure.code, 'llm-connection');
    assert.match(failure.message, /^in place of first \(llm-server-error\): second: acme\/second: no connection/);
  }));

test('a stand-in without a price cannot keep a budget, and that is told before anything is sent', () =>
  withPair(async (pair) => {
    const { ask } = pair.rig({ budgetUsd: 1 });
    const model = { ...pair.alone, fallback: [{ ...pair.standIn, price: null }] };
    const failure = await failureOf(ask('hello', { model }));
    assert.is(failure.code, 'price-missing');
    assert.match(failure.message, /model second has no price/);
    assert.is(pair.first.stats().requests, 0);
  }));

test('the budget holds for stand-ins at their own price', () =>
  withPair(async (pair) => {
    const price = { input: 1000, output: 1e5 };
    const { ask } = pair.rig({ budgetUsd: 1 });
    const model = { ...pair.alone, price: { input: 0, output: 0 }, fallback: [{ ...pair.standIn, price }] };
    // Ten tokens out at $0.1 are a dollar, and there is the prompt too.
    assert.is((await failureOf(ask('hello', { model }))).code, 'budget-spent');
    assert.is(pair.second.stats().requests, 0);
  }));

test('recordings hold what a stand-in said, and nothing live stands in for recordings', () =>
  withPair(async (pair) => {
    const dir = mkdtempSync(join(tmpdir(), 'sluice-fallback-'));
    try {
      const { call } = await pair.rig().ask('hello');
      const records = (await pair.journal.find([call])).filter((record) => record !== undefined);
      writeFileSync(join(dir, 'calls.jsonl'), `${exportRecordings(records).join('\n')}\n`);
      const first = endpointSpec(pair.first.url, { id: 'first', provider: 'replay', recordings: dir });
      const { ask } = pair.rig({ endpoints: { first }, journal: new MemoryJournal() });
      const requests = pair.second.stats().requests;
      const again = await ask('hello');
      assert.equal([again.text, again.standIn], ['second 0', 'second']);
      assert.is((await failureOf(ask('never asked'))).code, 'replay-miss');
      assert.is(pair.second.stats().requests, requests);
    } finally {
      rmSync(dir, { recursive: true });
    }
  }));

test.run();
