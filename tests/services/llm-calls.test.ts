import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf } from '#rig/failure-of.ts';
import { endpointSpec, makeLlmRig } from '#rig/llm-rig.ts';
import { startLlmServer } from '#rig/llm-server.ts';
import { MemoryJournal, makeMemoryLeases } from '#rig/memory-calls.ts';
import { callKey } from '#services/llm/call-request.ts';
import { exportRecordings } from '#services/llm/recordings.ts';
import { sha256 } from '#util/sha256.ts';

const open: { close(): Promise<void> }[] = [];
test.after.each(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function rigWith(options: Parameters<typeof startLlmServer>[0] = {}, hub: Parameters<typeof makeLlmRig>[1] = {}) {
  const server = await startLlmServer(options);
  const endpoint = endpointSpec(server.url);
  const rig = makeLlmRig(endpoint, hub);
  open.push(server, rig.hub);
  return { server, rig, endpoint };
}

test('a call is paid once and answered from the journal ever after', async () => {
  const { server, rig, endpoint } = await rigWith({ answers: 'random' });
  const first = await rig.ask('hello');
  const again = await rig.ask('hello');
  const later = makeLlmRig(endpoint, { journal: rig.journal });
  open.push(later.hub);
  assert.equal(await later.ask('hello'), first);
  assert.equal(again, first);
  assert.is(server.stats().requests, 1);
  assert.equal(
    rig.uses.map(({ outcome, usd }) => [outcome, usd]),
    [
      ['answered', first.usage.input / 1e6 + (2 * first.usage.output) / 1e6],
      ['reused', first.usage.input / 1e6 + (2 * first.usage.output) / 1e6],
    ],
  );
});

test('the ledger equals what the server counted', async () => {
  const { server, rig } = await rigWith({ answers: 'random', latencyMs: [0, 5] });
  await Promise.all(Array.from({ length: 40 }, (_, nth) => rig.ask(`row ${nth}`)));
  const { calls, input, output, usd, openCalls } = await rig.hub.ledger();
  const stats = server.stats();
  assert.equal([calls, input, output, openCalls], [stats.answered, stats.inputTokens, stats.outputTokens, 0]);
  assert.ok(Math.abs(usd - (input + 2 * output) / 1e6) < 1e-12);
});

test('equal requests at one time share one call; each caller hears of it once', async () => {
  const { server, rig } = await rigWith({ answers: 'random', latencyMs: 20 });
  const answers = await Promise.all(Array.from({ length: 10 }, () => rig.ask('hello')));
  assert.is(new Set(answers.map(({ text }) => text)).size, 1);
  assert.is(server.stats().requests, 1);
  assert.is(rig.uses.filter(({ outcome }) => outcome === 'answered').length, 1);
  assert.is(rig.uses.length, 10);
  const llm = rig.hub.bind(rig.scope());
  const request = { model: rig.model, messages: [{ role: 'user', content: 'hello' }] } as const;
  await llm.complete(request);
  await llm.complete(request);
  assert.is(rig.uses.length, 11);
});

test('draws, sampling, schema and model are other calls; alias and price are not', async () => {
  const { server, rig } = await rigWith();
  await rig.ask('hello');
  await rig.ask('hello', { draw: 1 });
  await rig.ask('hello', { sampling: { temperature: 0.5 } });
  await rig.ask('hello', { schema: { type: 'object' } });
  assert.is(server.stats().requests, 4);
  await rig.ask('hello', { draw: 0, sampling: { max_tokens: 100 } });
  await rig.ask('hello', { model: { ...rig.model, alias: 'other', price: { input: 9, output: 9 }, family: 'x' } });
  assert.is(server.stats().requests, 4);
  const bodies = server.log.map(({ body }) => body);
  assert.equal(bodies[1], bodies[0]);
  assert.equal(bodies[3]?.['response_format'], {
    type: 'json_schema',
    json_schema: { name: 'answer', schema: { type: 'object' }, strict: true },
  });
});

test('extra goes over the wire as it is, but can neither stream nor change model and messages', async () => {
  const { server, rig } = await rigWith();
  await rig.ask('hello', { sampling: { extra: { top_k: 5, stream: true, model: 'dearer', messages: [] } } });
  const body = server.log[0]?.body;
  assert.equal([body?.['top_k'], body?.['stream'], body?.model, body?.messages.length], [5, false, 'acme/small', 1]);
  assert.is(body?.['extra'], undefined);
});

test('the request is kept as a JSON list of parameters and messages', async () => {
  const { rig } = await rigWith();
  const messages = Array.from({ length: 20 }, (_, nth) => ({ role: 'user', content: `${nth} `.repeat(200) }) as const);
  const { call } = await rig.ask('', { messages });
  const body = rig.blobs.bodies.get(rig.journal.records.get(call)?.request ?? '');
  const [head, ...rest] = JSON.parse(Buffer.from(body ?? []).toString('utf8'));
  assert.equal(rest, messages);
  assert.equal(head.sampling, { max_tokens: 100 });
});

test('--resample pays anew once, and equal requests of that run share the new answer', async () => {
  const { server, rig } = await rigWith({ answers: 'random' });
  const old = await rig.ask('hello');
  const renewed = await rig.ask('hello', {}, { fresh: true });
  assert.is.not(renewed.text, old.text);
  assert.equal(await rig.ask('hello', {}, { fresh: true }), renewed);
  assert.equal(await rig.ask('hello'), renewed);
  assert.is(server.stats().requests, 2);
});

test('frozen answers from the journal and never calls', async () => {
  const { server, rig, endpoint } = await rigWith();
  const first = await rig.ask('hello');
  const frozen = makeLlmRig(endpoint, { journal: rig.journal, frozen: true });
  open.push(frozen.hub);
  assert.equal(await frozen.ask('hello', {}, { fresh: true }), first);
  assert.is(await codeOf(frozen.ask('new')), 'frozen-miss');
  assert.is(server.stats().requests, 1);
});

test('two processes on one store pay a call once', async () => {
  const leases = makeMemoryLeases();
  const journal = new MemoryJournal();
  const { server, rig, endpoint } = await rigWith({ answers: 'random', latencyMs: 30 }, { leases, journal });
  const other = makeLlmRig(endpoint, { leases, journal });
  open.push(other.hub);
  const texts = Array.from({ length: 20 }, (_, nth) => `row ${nth}`);
  const ours = texts.map((text) => rig.ask(text));
  const theirs = texts.map((text) => other.ask(text));
  assert.equal(await Promise.all(theirs), await Promise.all(ours));
  assert.is(server.stats().requests, 20);
});

test('an abort ends waiting and flying calls at once and leaves the intent open', async () => {
  const { server, rig } = await rigWith({ fault: () => ({ type: 'hang' }) });
  const controller = new AbortController();
  const arrived = new Promise<void>((resolve) => {
    const look = () => (server.stats().requests > 0 ? resolve() : setImmediate(look));
    look();
  });
  const calls = [1, 2].map(() => codeOf(rig.ask('hello', {}, { signal: controller.signal })));
  await arrived;
  controller.abort();
  assert.equal(await Promise.all(calls), ['stopped', 'stopped']);
  await rig.hub.close();
  assert.is((await rig.hub.ledger()).openCalls, 1);
  assert.is(await codeOf(rig.ask('later')), 'stopped');
});

test('one caller leaving does not end the call of another', async () => {
  const { server, rig } = await rigWith({ latencyMs: 30 });
  const controller = new AbortController();
  const leaving = codeOf(rig.ask('hello', {}, { signal: controller.signal }));
  const staying = rig.ask('hello');
  controller.abort();
  assert.is(await leaving, 'stopped');
  assert.match((await staying).text, 'answer to');
  assert.is(server.stats().requests, 1);
});

test('close gives up what is in flight', async () => {
  const { rig } = await rigWith({ fault: () => ({ type: 'hang' }) });
  const call = codeOf(rig.ask('hello'));
  await rig.hub.close();
  assert.is(await call, 'stopped');
});

test('half a surrogate pair in a request is refused, in an answer mended', async () => {
  const { rig } = await rigWith({ answers: () => ({ text: 'a\ud83d', toolCalls: ['\udc00', 2 ** 60] }) });
  assert.is(await codeOf(rig.ask('\ud83d')), 'llm-bad-request');
  assert.is((await rig.ask('x')).text, 'a\ufffd');
  assert.not.match(JSON.stringify([...rig.journal.records.values()]), '\\ud');
});

test('an answer without usage counts as what was reserved', async () => {
  const { rig } = await rigWith({ answers: () => ({ text: 'x', usage: null }) });
  const { call } = await rig.ask('hello');
  const record = rig.journal.records.get(call);
  assert.ok((record?.usd ?? 0) >= (5 + 2 * 100) / 1e6);
});

// ---- replay -----------------------------------------------------------------------------------------------------

test('recorded answers replay without journal, cost or network', async () => {
  const { rig, endpoint } = await rigWith();
  const answers = [await rig.ask('one'), await rig.ask('two')];
  const lines = exportRecordings(rig.journal.records.values());
  assert.equal(lines, [...lines].sort());
  const dir = await mkdtemp(join(tmpdir(), 'sluice-recordings-'));
  try {
    await writeFile(join(dir, 'all.jsonl'), `${lines.join('\n')}\n`);
    const replay = makeLlmRig({ ...endpoint, provider: 'replay', recordings: dir });
    open.push(replay.hub);
    assert.equal([await replay.ask('one'), await replay.ask('two')], answers);
    assert.equal(
      replay.uses.map(({ outcome, usd }) => [outcome, usd]),
      [
        ['reused', 0],
        ['reused', 0],
      ],
    );
    assert.is(replay.journal.records.size, 0);
    const failure = await replay.ask('three').catch((error) => error);
    assert.is(failure.code, 'replay-miss');
    assert.match(failure.message, `node: local replays recordings, and ${dir} has no answer of small for call`);
    assert.match(failure.hint, 'sluice run --record');
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('a missing folder and a broken line are named', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-recordings-'));
  try {
    await writeFile(
      join(dir, 'a.jsonl'),
      `${JSON.stringify({ key: sha256('x'), answer: { text: 'x' } })}\n{"key":1}\n`,
    );
    const broken = makeLlmRig(endpointSpec('http://x/v1', { provider: 'replay', recordings: dir }));
    const failure = await broken.ask('x').catch((error) => error);
    assert.is(failure.message, `${join(dir, 'a.jsonl')}:2: not a recording`);
    const missing = makeLlmRig(endpointSpec('http://x/v1', { provider: 'replay', recordings: join(dir, 'none') }));
    assert.is(await codeOf(missing.ask('x')), 'recordings-missing');
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('the call key is a golden vector', () => {
  const model = makeLlmRig(endpointSpec('https://llm.example/v1/')).model;
  const messages = [{ role: 'user', content: 'hello' }] as const;
  assert.equal(model.identity, { endpoint: 'https://llm.example/v1', model: 'acme/small' });
  const parts = [
    ['endpoint', 'https://llm.example/v1'],
    ['model', 'acme/small'],
    ['messages', [{ content: 'hello', role: 'user' }]],
    ['sampling', { max_tokens: 100 }],
    ['schema', null],
    ['draw', 0],
  ];
  assert.is(callKey({ model, messages }), sha256(JSON.stringify(['sluice/call/1', ...parts])));
  assert.is(callKey({ model, messages }), 'd4b306051338bb76e5f9083a33f6fe0f71d215640a6e6bfe8c767aaad64abd7a');
  assert.is.not(callKey({ model, messages, draw: 1 }), callKey({ model, messages }));
});

test.run();
