import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { endpointSpec, hurriedClock, makeLlmRig } from '#rig/llm-rig.ts';
import { startLlmServer } from '#rig/llm-server.ts';
import { AdaptiveLimit } from '#services/llm/adaptive-limit.ts';
import { EndpointPool } from '#services/llm/endpoint-pool.ts';
import { RateWindow } from '#services/llm/rate-window.ts';
import { backoffMs, parseRetryAfter } from '#services/llm/retry-wait.ts';
import { endpointIdentity } from '#util/endpoint-identity.ts';

test('one decrease a burst, slow increase, never above the limit', () => {
  const limit = new AdaptiveLimit(64);
  limit.rateLimited(10, 20);
  for (let sentAt = 11; sentAt <= 20; sentAt++) limit.rateLimited(sentAt, 21);
  assert.is(limit.value, 32);
  limit.rateLimited(1020, 1021);
  assert.is(limit.value, 32);
  limit.rateLimited(1021, 1030);
  assert.is(limit.value, 16);
  for (let nth = 0; nth < 16; nth++) limit.succeeded();
  assert.is(limit.value, 17);
  for (let nth = 0; nth < 10_000; nth++) limit.succeeded();
  assert.is(limit.value, 64);
  for (let at = 1e4; at < 1e6; at += 1001) limit.rateLimited(at, at);
  assert.is(limit.value, 1);
});

test('a rate window says when there is room, and takes back what was not used', () => {
  const window = new RateWindow(100);
  const first = window.reserve(60, 0);
  assert.is(window.fitsAt(40, 0), 0);
  assert.is(window.fitsAt(41, 0), 60_500);
  window.settle(first, 10, 5);
  assert.is(window.fitsAt(90, 5), 5);
  window.reserve(90, 10);
  assert.is(window.fitsAt(10, 20), 60_500);
  assert.is(window.fitsAt(1000, 20), 60_510);
  assert.is(window.fitsAt(1000, 60_510), 60_510);
  assert.is(new RateWindow(null).fitsAt(1e9, 3), 3);
});

test('Retry-After is seconds or a date', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  assert.is(parseRetryAfter('7', now), 7000);
  assert.is(parseRetryAfter('Thu, 01 Jan 2026 00:00:09 GMT', now), 9000);
  assert.is(parseRetryAfter('Thu, 01 Jan 1970 00:00:09 GMT', now), 0);
  assert.is(parseRetryAfter('soon', now), null);
  assert.is(parseRetryAfter(null, now), null);
});

test('backoff grows, is spread by a hash and has a cap', () => {
  const backoff = { baseMs: 100, capMs: 1000 };
  for (let attempt = 0; attempt < 40; attempt++) {
    const full = Math.min(1000, 100 * 2 ** attempt);
    const wait = backoffMs('key', attempt, backoff);
    assert.ok(wait >= full / 2 && wait <= full);
    assert.is(wait, backoffMs('key', attempt, backoff));
  }
  assert.is.not(backoffMs('a', 1, backoff), backoffMs('b', 1, backoff));
});

test('an endpoint is known by scheme, host and path', () => {
  const identity = (base_url: string) => endpointIdentity({ base_url, identity: null });
  assert.is(identity('https://user:pass@LLM.example:443/v1/?key=1#x'), 'https://llm.example/v1');
  assert.is(identity('http://127.0.0.1:8080/v1//'), 'http://127.0.0.1:8080/v1');
  assert.is(identity('https://llm.example/'), 'https://llm.example');
  assert.is(identity('not a url/'), 'not a url');
  assert.is(endpointIdentity({ base_url: 'http://new/v1', identity: 'old' }), 'old');
});

test('slots go to the smallest priority first and never beyond the concurrency', async () => {
  const order: string[] = [];
  const server = await startLlmServer({
    answers: ({ body }) => {
      order.push(body.messages[0]?.content ?? '');
      return 'x';
    },
  });
  const rig = makeLlmRig(endpointSpec(server.url, { limits: { concurrency: 1, rpm: null, tpm: null } }));
  const work: Promise<unknown>[] = [rig.ask('first', {}, { priority: [0, 0] })];
  for (const [depth, row] of [
    [0, 2],
    [0, 1],
    [-3, 9],
    [-3, 2],
    [-1, 0],
  ] as const) {
    work.push(rig.ask(`${depth},${row}`, {}, { priority: [depth, row] }));
  }
  await Promise.all(work);
  assert.equal(order, ['first', '-3,2', '-3,9', '-1,0', '0,1', '0,2']);
  assert.is(server.stats().mostInFlight, 1);
  await rig.hub.close();
  await server.close();
});

test('concurrency is shared by the models of an endpoint', async () => {
  const server = await startLlmServer({ latencyMs: 2 });
  const rig = makeLlmRig(endpointSpec(server.url, { limits: { concurrency: 5, rpm: null, tpm: null } }));
  const models = ['a', 'b', 'c'].map((model) => ({ ...rig.model, model, identity: { endpoint: 'e', model } }));
  await Promise.all(
    models.flatMap((model) => Array.from({ length: 20 }, (_, nth) => rig.ask(`row ${nth}`, { model }))),
  );
  // Arrivals may be spread out on a busy machine; what must never happen is a sixth.
  assert.ok(server.stats().mostInFlight <= 5);
  assert.is(server.stats().requests, 60);
  // Nor are more connections opened than calls may be at once: a call that follows another takes its connection.
  assert.ok(server.stats().connections <= 5, `${server.stats().connections} connections`);
  await rig.hub.close();
  await server.close();
});

test('a burst of 429s halves the limit of its model once', async () => {
  const pool = new EndpointPool(endpointSpec('http://x/v1'), hurriedClock(1));
  const { signal } = new AbortController();
  const slots = await Promise.all(Array.from({ length: 64 }, () => pool.acquire('m', [0], 0, signal)));
  for (const slot of slots) {
    slot.rateLimited(null);
    slot.release();
  }
  assert.is(pool.limitOf('m'), 32);
  assert.is(pool.limitOf('other'), 64);
  pool.close();
});

test('an abort takes waiting calls out of the queue', async () => {
  const pool = new EndpointPool(
    endpointSpec('http://x/v1', { limits: { concurrency: 1, rpm: null, tpm: null } }),
    hurriedClock(1),
  );
  const { signal } = new AbortController();
  const held = await pool.acquire('m', [0], 0, signal);
  const controller = new AbortController();
  const waiting = pool.acquire('m', [0], 0, controller.signal).catch((error) => error.code);
  const next = pool.acquire('m', [1], 0, signal);
  controller.abort();
  assert.is(await waiting, 'stopped');
  held.release();
  (await next).release();
  const left = pool.acquire('m', [0], 0, signal);
  const last = pool.acquire('m', [0], 0, signal).catch((error) => error.code);
  await left;
  pool.close();
  assert.is(await last, 'stopped');
});

test.run();
