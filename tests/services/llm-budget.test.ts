import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf } from '#rig/failure-of.ts';
import { endpointSpec, makeLlmRig } from '#rig/llm-rig.ts';
import { startLlmServer } from '#rig/llm-server.ts';
import { MemoryJournal, makeMemoryLeases } from '#rig/memory-calls.ts';

const PRICE = { input: 1000, output: 2000 };

function count(codes: readonly string[], code: string): number {
  return codes.filter((each) => each === code).length;
}

test('paid, open and reserved together never exceed the budget, whatever fails', async () => {
  const server = await startLlmServer({
    latencyMs: [0, 3],
    answers: ({ nth, body }) => ({ text: 'x'.repeat(Math.min((nth * 37) % 300, 4 * Number(body['max_tokens']))) }),
    fault: ({ nth }) => (nth % 7 === 3 ? { type: 'reset' } : nth % 11 === 5 ? { type: 'status', status: 429 } : null),
  });
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 1, max: 200 }),
        async (quarters, concurrency, maxTokens) => {
          const budgetUsd = quarters / 4;
          const limits = { concurrency, rpm: null, tpm: null };
          const model = { price: PRICE, sampling: { max_tokens: maxTokens } };
          const rig = makeLlmRig(endpointSpec(server.url, { limits, retries: 1 }), { budgetUsd, model });
          const before = server.stats();
          const codes = await Promise.all(Array.from({ length: 24 }, (_, nth) => codeOf(rig.ask(`row ${nth}`))));
          await rig.hub.close();
          const after = server.stats();
          const ledger = await rig.hub.ledger();
          assert.ok(rig.journal.highestUsd <= budgetUsd + 1e-9, `${rig.journal.highestUsd} of ${budgetUsd}`);
          assert.is(ledger.calls, after.answered - before.answered);
          assert.is(ledger.input, after.inputTokens - before.inputTokens);
          assert.is(count(codes, 'answered'), ledger.calls);
        },
      ),
      { numRuns: 25 },
    );
  } finally {
    await server.close();
  }
});

test('what calls in flight give back is used: the budget is spent to the last call', async () => {
  const server = await startLlmServer({ latencyMs: 2, answers: () => 'four' });
  // Reserved at most 5 + 32 bytes and 100 tokens, $0.237; paid 2 + 1 tokens, $0.004: nine of those and one reservation fit.
  const rig = makeLlmRig(endpointSpec(server.url), {
    budgetUsd: 0.004 * 9 + 0.238,
    model: { price: PRICE, sampling: { max_tokens: 100 } },
  });
  const codes = await Promise.all(Array.from({ length: 30 }, (_, nth) => codeOf(rig.ask(`r ${100 + nth}`))));
  await rig.hub.close();
  await server.close();
  assert.ok(count(codes, 'answered') >= 9, codes.join());
  assert.is(count(codes, 'answered') + count(codes, 'budget-spent'), 30);
});

test('budget-spent says what is left and what was needed', async () => {
  const rig = makeLlmRig(endpointSpec('http://127.0.0.1:9/v1'), { budgetUsd: 0.01, model: { price: PRICE } });
  const failure = await rig.ask('hello').catch((error) => error);
  assert.equal([failure.code, failure.scope], ['budget-spent', 'budget']);
  assert.is(failure.message, 'a call to small could cost up to $0.2370 and $0.0100 of the budget of $0.01 is left');
});

test('what earlier runs may have spent is counted', async () => {
  const server = await startLlmServer();
  const journal = new MemoryJournal();
  const intent = { key: 'k', run: 'old', node: 'n', endpoint: 'e', model: 'm', request: 'r' };
  await journal.intend({ ...intent, pipeline: 'test', reserveUsd: 0.9 });
  await journal.intend({ ...intent, pipeline: 'another', reserveUsd: 5 });
  const ask = async (budgetUsd: number) => {
    const rig = makeLlmRig(endpointSpec(server.url), { budgetUsd, journal, model: { price: PRICE } });
    const code = await codeOf(rig.ask('hello'));
    await rig.hub.close();
    return code;
  };
  assert.is(await ask(1), 'budget-spent');
  assert.is(await ask(1.2), 'answered');
  await server.close();
});

test('two processes on one store keep one budget', async () => {
  const server = await startLlmServer({ latencyMs: [0, 3] });
  const journal = new MemoryJournal();
  const leases = makeMemoryLeases();
  const make = (run: string) =>
    makeLlmRig(endpointSpec(server.url), { budgetUsd: 1, journal, leases, run, model: { price: PRICE } });
  const rigs = [make('one'), make('two')];
  const work = rigs.flatMap((rig, at) => Array.from({ length: 150 }, (_, nth) => codeOf(rig.ask(`${at} ${nth}`))));
  const codes = await Promise.all(work);
  for (const { hub } of rigs) await hub.close();
  await server.close();
  assert.ok(count(codes, 'answered') > 50, `${count(codes, 'answered')} answered`);
  const { usd, openUsd } = await journal.ledger('test');
  assert.ok(usd + openUsd <= 1 + 1e-9, `${usd} + ${openUsd}`);
});

/** Takes its time, and tells all who wait at once, as a disk does. */
class SlowJournal extends MemoryJournal {
  #tick: Promise<void> | null = null;

  override async intend(intent: Parameters<MemoryJournal['intend']>[0]) {
    const id = await super.intend(intent);
    this.#tick ??= new Promise((resolve) => setTimeout(resolve, 2)).then(() => {
      this.#tick = null;
    });
    await this.#tick;
    return id;
  }
}

test('alone on a store, no call is taken back, and what there is money for is bought', async () => {
  const server = await startLlmServer({ latencyMs: [0, 3], answers: () => 'four' });
  const journal = new SlowJournal();
  // At most $0.237 each, and $0.004 in truth.
  const budgetUsd = 0.004 * 36 + 0.237;
  const rig = makeLlmRig(endpointSpec(server.url), {
    budgetUsd,
    journal,
    model: { price: PRICE, sampling: { max_tokens: 100 } },
  });
  const codes = await Promise.all(Array.from({ length: 60 }, (_, nth) => codeOf(rig.ask(`r ${100 + nth}`))));
  await rig.hub.close();
  await server.close();
  assert.equal(
    journal.voided.filter(({ reason }) => reason === 'not-sent'),
    [],
  );
  assert.ok(journal.highestUsd <= budgetUsd + 1e-9);
  assert.ok(count(codes, 'answered') >= 36, codes.join());
  assert.is(count(codes, 'answered') + count(codes, 'budget-spent'), 60);
});

test('what is left of a budget goes to the row that is furthest', async () => {
  const server = await startLlmServer({ latencyMs: 3, answers: () => 'four' });
  const rig = makeLlmRig(endpointSpec(server.url), {
    budgetUsd: 0.237 + 0.004 * 3,
    model: { price: PRICE, sampling: { max_tokens: 100 } },
  });
  const ask = (name: string, priority: readonly number[]) => codeOf(rig.ask(name, {}, { priority }));
  const codes = await Promise.all([
    ...[3, 2, 1, 0].map((row) => ask(`early ${row}`, [0, row])),
    ...[1, 0].map((row) => ask(`later ${row}`, [-2, row])),
  ]);
  await rig.hub.close();
  await server.close();
  // The first to come is let in at once; of those who wait, the deepest node's rows, and then the first rows.
  assert.equal(codes.slice(4), ['answered', 'answered']);
  assert.is(codes[3], 'answered');
  assert.equal(codes.slice(1, 3), ['budget-spent', 'budget-spent']);
});

test('a model without a price cannot keep a budget', async () => {
  const rig = makeLlmRig(endpointSpec('http://127.0.0.1:9/v1'), { budgetUsd: 1, model: { price: null } });
  assert.is(await codeOf(rig.ask('hello')), 'price-missing');
});

test('an abort ends the wait for budget', async () => {
  const server = await startLlmServer({ fault: () => ({ type: 'hang' }) });
  const rig = makeLlmRig(endpointSpec(server.url), { budgetUsd: 0.3, model: { price: PRICE } });
  const controller = new AbortController();
  const calls = ['one', 'two'].map((text) => codeOf(rig.ask(text, {}, { signal: controller.signal })));
  while (server.stats().requests === 0) await new Promise(setImmediate);
  controller.abort();
  assert.equal(await Promise.all(calls), ['stopped', 'stopped']);
  await rig.hub.close();
  await server.close();
});

test.run();
