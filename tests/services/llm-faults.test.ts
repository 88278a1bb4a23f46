import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { EndpointSpec } from '#contract/manifest.ts';
import { failureOf } from '#rig/failure-of.ts';
import { endpointSpec, hurriedClock, type LlmRig, makeLlmRig, secretReference } from '#rig/llm-rig.ts';
import { type Fault, startLlmServer } from '#rig/llm-server.ts';
import { makeSecrets } from '#services/secrets.ts';

const open: { close(): Promise<void> }[] = [];
test.after.each(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

/** A hub against a server that misbehaves on the first `times` requests. */
async function rigWith(fault: Fault, times: number, over: Partial<EndpointSpec> = {}) {
  const server = await startLlmServer({ fault: ({ nth }) => (nth < times ? fault : null) });
  const rig = makeLlmRig(endpointSpec(server.url, over));
  open.push(server, rig.hub);
  return { server, rig };
}

const retries = (rig: LlmRig) => rig.events.flatMap((event) => (event.type === 'call-retry' ? [event.code] : []));

/** Faults that go away: what is reported, and how many intents stay open because nobody knows whether they were billed. */
const passing: [string, Fault, string, number][] = [
  ['500', { type: 'status', status: 500 }, 'llm-server-error', 0],
  ['504', { type: 'status', status: 504 }, 'llm-server-error', 1],
  ['408', { type: 'status', status: 408 }, 'llm-server-error', 1],
  ['409', { type: 'status', status: 409 }, 'llm-server-error', 0],
  ['429', { type: 'status', status: 429 }, 'llm-rate-limited', 0],
  ['429 with Retry-After', { type: 'status', status: 429, retryAfter: '0.05' }, 'llm-rate-limited', 0],
  ['a reset', { type: 'reset' }, 'llm-connection', 1],
  ['a cut body', { type: 'cut-body' }, 'llm-connection', 1],
  ['HTML with 200', { type: 'html' }, 'llm-bad-response', 1],
  ['invalid JSON', { type: 'invalid-json' }, 'llm-bad-response', 1],
  ['no choices', { type: 'no-choices' }, 'llm-bad-response', 0],
  ['an error with 200', { type: 'error-with-200' }, 'llm-bad-response', 1],
];

for (const [name, fault, code, openIntents] of passing) {
  test(`${name} once is retried`, async () => {
    const { server, rig } = await rigWith(fault, 1);
    const answer = await rig.ask('hello');
    assert.match(answer.text, /^answer to /);
    assert.equal(retries(rig), [code]);
    assert.is(server.stats().requests, 2);
    assert.is((await rig.hub.ledger()).openCalls, openIntents);
    assert.equal(
      rig.events.map((event) => event.type),
      ['call-started', 'call-retry', 'call-finished'],
    );
  });

  test(`${name} for ever ends as ${code}`, async () => {
    const { server, rig } = await rigWith(fault, Number.POSITIVE_INFINITY);
    const failure = await failureOf(rig.ask('hello'));
    assert.is(failure.code, code);
    assert.is(failure.scope, 'row');
    assert.is(server.stats().requests, 4);
    assert.match(failure.message, /^local: acme\/small: .* \(attempt 4 of 4\)$/);
    assert.is(rig.journal.records.size, 0);
  });
}

const final: [string, Fault, string, string][] = [
  ['401', { type: 'status', status: 401 }, 'llm-auth', 'endpoint'],
  ['403', { type: 'status', status: 403 }, 'llm-auth', 'endpoint'],
  ['404', { type: 'status', status: 404 }, 'llm-unknown-model', 'endpoint'],
  ['402', { type: 'status', status: 402 }, 'llm-quota', 'endpoint'],
  ['429 insufficient_quota', { type: 'status', status: 429, code: 'insufficient_quota' }, 'llm-quota', 'endpoint'],
  ['400', { type: 'status', status: 400 }, 'llm-bad-request', 'row'],
  ['400 content_filter', { type: 'status', status: 400, code: 'content_filter' }, 'llm-content-filter', 'row'],
  ['a redirect', { type: 'redirect', location: 'http://127.0.0.1:9/' }, 'llm-bad-response', 'endpoint'],
  ['a Retry-After of a day', { type: 'status', status: 429, retryAfter: '86400' }, 'llm-rate-limited', 'row'],
];

for (const [name, fault, code, scope] of final) {
  test(`${name} fails at once`, async () => {
    const { server, rig } = await rigWith(fault, 1);
    const failure = await failureOf(rig.ask('hello'));
    assert.equal([failure.code, failure.scope], [code, scope]);
    assert.is(server.stats().requests, 1);
    const ledger = await rig.hub.ledger();
    assert.equal([ledger.calls, ledger.openCalls, ledger.usd], [0, 0, 0]);
    assert.is(rig.journal.voided.length, 1);
  });
}

for (const [name, claimedUsage] of [
  ['negative', { prompt_tokens: -5, completion_tokens: -1e9 }],
  ['absurd', { prompt_tokens: 10, completion_tokens: 9e15 }],
  ['absurd the other way', { prompt_tokens: 1e12, completion_tokens: 1 }],
  ['in fractions', { prompt_tokens: 0.5, completion_tokens: 1.25 }],
  ['in words', { prompt_tokens: 'many', completion_tokens: null }],
  ['a list', [1, 2]],
] as const) {
  test(`a usage that is ${name} counts as what was reserved, and the budget holds`, async () => {
    const server = await startLlmServer({ answers: () => ({ text: 'four', claimedUsage }) });
    // At most 5 + 32 tokens in and 100 out, at $1 and $2 a million: $0.000237 a call, so that four fit and a fifth does not.
    const rig = makeLlmRig(endpointSpec(server.url), { budgetUsd: 0.001 });
    open.push(server, rig.hub);
    for (let nth = 0; nth < 4; nth++) assert.is((await rig.ask(`row ${nth}`)).text, 'four');
    assert.is((await failureOf(rig.ask('row 4'))).code, 'budget-spent');
    const ledger = await rig.hub.ledger();
    assert.equal([ledger.calls, ledger.openCalls, ledger.usd.toFixed(6)], [4, 0, '0.000948']);
    assert.ok(ledger.input > 0 && ledger.input < 1000 && ledger.output > 0 && ledger.output <= 400);
  });
}

test('what the body says was billed is counted, without an answer', async () => {
  const { rig } = await rigWith({ type: 'no-choices' }, 1, { retries: 0 });
  await failureOf(rig.ask('hello'));
  assert.equal(rig.journal.voided, [{ reason: 'llm-bad-response', usd: 7e-6 }]);
});

for (const type of ['hang', 'hang-in-body'] as const) {
  test(`${type} ends with its deadline and is retried`, async () => {
    const { server, rig } = await rigWith({ type }, 1, {
      timeouts: { connect_ms: 1000, first_byte_ms: 60, total_ms: 120 },
    });
    await rig.ask('hello');
    assert.equal(retries(rig), ['llm-timeout']);
    assert.is(server.stats().requests, 2);
    assert.is((await rig.hub.ledger()).openCalls, 1);
  });
}

test('a hang for ever ends as llm-timeout', async () => {
  const timeouts = { connect_ms: 1000, first_byte_ms: 30, total_ms: 60 };
  const { rig } = await rigWith({ type: 'hang' }, 99, { timeouts, retries: 1 });
  const failure = await failureOf(rig.ask('hello'));
  assert.is(failure.code, 'llm-timeout');
  assert.match(failure.message, 'no first byte of an answer within 30 ms');
  assert.match(failure.hint ?? '', 'endpoints.local.timeouts.first_byte');
});

test('nobody listens: llm-connection, nothing billed', async () => {
  const server = await startLlmServer();
  await server.close();
  const rig = makeLlmRig(endpointSpec(server.url));
  open.push(rig.hub);
  const failure = await failureOf(rig.ask('hello'));
  assert.equal([failure.code, failure.scope], ['llm-connection', 'endpoint']);
  assert.match(failure.message, 'ECONNREFUSED');
  assert.is((await rig.hub.ledger()).openCalls, 0);
});

test('no such host: llm-dns', async () => {
  const rig = makeLlmRig(endpointSpec('http://no-such-host.invalid/v1', { retries: 0 }));
  open.push(rig.hub);
  const failure = await failureOf(rig.ask('hello'));
  assert.equal([failure.code, failure.scope], ['llm-dns', 'endpoint']);
  assert.match(failure.hint ?? '', 'endpoints.local.base_url (no-such-host.invalid)');
});

test('Retry-After pauses every call to the model, as seconds and as a date', async () => {
  for (const retryAfter of ['3', new Date(Date.now() + 3000).toUTCString()]) {
    const arrivals: number[] = [];
    const clock = hurriedClock(20);
    const server = await startLlmServer({
      fault: ({ nth }) => {
        arrivals.push(clock.now());
        return nth === 0 ? { type: 'status', status: 429, retryAfter } : null;
      },
    });
    const limits = { concurrency: 1, rpm: null, tpm: null };
    const timeouts = { connect_ms: 60_000, first_byte_ms: 60_000, total_ms: 60_000 };
    const rig = makeLlmRig(endpointSpec(server.url, { limits, timeouts }), { clock });
    open.push(server, rig.hub);
    await Promise.all([rig.ask('a'), rig.ask('b')]);
    const [first = 0, second = 0] = arrivals;
    // A date has whole seconds only, so up to one second of the three may be gone.
    assert.ok(second - first >= 1900, `${retryAfter}: waited ${second - first} ms`);
    assert.is(arrivals.length, 3);
  }
});

test('after three endpoint failures in a row nothing more is sent', async () => {
  const { server, rig } = await rigWith({ type: 'status', status: 401 }, 99, {
    limits: { concurrency: 1, rpm: null, tpm: null },
  });
  const failures = await Promise.all(Array.from({ length: 50 }, (_, nth) => failureOf(rig.ask(`row ${nth}`))));
  assert.is(server.stats().requests, 3);
  assert.is(failures.filter(({ code }) => code === 'llm-endpoint-open').length, 47);
  const last = failures.at(-1);
  assert.is(last?.scope, 'endpoint');
  assert.match(
    last?.message ?? '',
    'acme/small is not called any more after 3 failures in a row; the last: local: acme/small: status 401',
  );
  assert.is((await failureOf(rig.ask('later'))).code, 'llm-endpoint-open');
});

test('an answer in between keeps the endpoint open', async () => {
  const server = await startLlmServer({
    fault: ({ nth }) => (nth % 3 === 2 ? null : { type: 'status', status: 403 }),
  });
  const rig = makeLlmRig(endpointSpec(server.url));
  open.push(server, rig.hub);
  for (let nth = 0; nth < 12; nth++) {
    if (nth % 3 === 2) await rig.ask(`row ${nth}`);
    else assert.is((await failureOf(rig.ask(`row ${nth}`))).code, 'llm-auth');
  }
});

test('length, content_filter and tool_calls are answers', async () => {
  const server = await startLlmServer({
    answers: ({ body }) => {
      const finishReason = body.messages[0]?.content ?? '';
      return {
        text: finishReason === 'tool_calls' ? null : 'cut',
        finishReason,
        reasoning: 'hm',
        toolCalls: [{ id: '1' }],
      };
    },
  });
  const rig = makeLlmRig(endpointSpec(server.url));
  open.push(server, rig.hub);
  for (const reason of ['length', 'content_filter', 'tool_calls']) {
    const { text, finishReason, reasoning } = await rig.ask(reason);
    assert.equal(
      { text, finishReason, reasoning },
      { text: reason === 'tool_calls' ? '' : 'cut', finishReason: reason, reasoning: 'hm' },
    );
  }
});

test('an echoed key reaches neither journal nor events nor messages', async () => {
  const key = 'sk-very-secret-0123456789/+"x';
  const server = await startLlmServer({
    apiKey: key,
    answers: ({ headers }) => ({ text: `you sent ${headers['authorization']}`, toolCalls: [{ [key]: [key] }] }),
    fault: ({ body }) =>
      body.messages[0]?.content === 'bad' ? { type: 'status', status: 400, message: `bad key Bearer ${key}` } : null,
  });
  const secrets = makeSecrets({ env: { LLM_KEY: key }, files: [] });
  const rig = makeLlmRig(endpointSpec(server.url, { api_key: secretReference('LLM_KEY') }), { secrets });
  open.push(server, rig.hub);
  const answer = await rig.ask('hello');
  assert.is(answer.text, 'you sent Bearer [secret LLM_KEY]');
  const failure = await failureOf(rig.ask('bad'));
  assert.match(failure.message, 'bad key Bearer [secret LLM_KEY]');
  const kept = JSON.stringify([...rig.journal.records.values(), rig.events, failure.message, failure.detail]);
  assert.not.match(kept, 'very-secret');
  assert.match(kept, '[secret LLM_KEY]');
});

test('a wrong key is llm-auth and the message does not hold it', async () => {
  const server = await startLlmServer({ apiKey: 'right-key' });
  const secrets = makeSecrets({ env: { LLM_KEY: 'wrong-key-123' }, files: [] });
  const rig = makeLlmRig(endpointSpec(server.url, { api_key: secretReference('LLM_KEY') }), { secrets });
  open.push(server, rig.hub);
  const failure = await failureOf(rig.ask('hello'));
  assert.is(failure.code, 'llm-auth');
  assert.is(failure.message, 'local: acme/small: status 401: Incorrect API key provided: Bearer [secret LLM_KEY]');
});

test('a missing secret fails before any intent, and only when a call is needed', async () => {
  const server = await startLlmServer();
  const secrets = makeSecrets({ env: {}, files: ['/nowhere/.env'] });
  const rig = makeLlmRig(endpointSpec(server.url, { api_key: secretReference('LLM_KEY') }), { secrets });
  open.push(server, rig.hub);
  const failure = await failureOf(rig.ask('hello'));
  assert.is(failure.message, 'there is no secret LLM_KEY; looked in the environment, /nowhere/.env');
  assert.equal([server.stats().requests, rig.journal.intents.size], [0, 0]);
});

test('without a key no Authorization header is sent', async () => {
  const { server, rig } = await rigWith({ type: 'hang' }, 0, { headers: { 'X-Team': 'data' } });
  await rig.ask('hello');
  assert.is(server.log[0]?.headers['authorization'], undefined);
  assert.is(server.log[0]?.headers['x-team'], 'data');
});

test.run();
