/** Rate limits of an endpoint, met in virtual time: a pool, calls that wait for it, and a token bucket that refuses. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { endpointSpec } from '#rig/llm-rig.ts';
import { EndpointPool } from '#services/llm/endpoint-pool.ts';
import type { Clock } from '#util/clock.ts';

/** Time that passes only when nothing else is to be done. */
class VirtualTime implements Clock {
  #now = 0;
  #nth = 0;
  readonly #due: { at: number; nth: number; act: () => void }[] = [];

  now = () => this.#now;
  wall = () => this.#now;
  after = (ms: number, act: () => void) => {
    const timer = { at: this.#now + Math.max(0, ms), nth: this.#nth++, act };
    this.#due.push(timer);
    return () => {
      const at = this.#due.indexOf(timer);
      if (at >= 0) this.#due.splice(at, 1);
    };
  };
  wait = (ms: number) => new Promise<void>((resolve) => void this.after(ms, resolve));

  async runUntil(ended: Promise<unknown>): Promise<void> {
    const state = { isOver: false };
    void ended.finally(() => {
      state.isOver = true;
    });
    for (;;) {
      await new Promise(setImmediate);
      if (state.isOver) return;
      this.#due.sort((a, b) => a.at - b.at || a.nth - b.nth);
      const next = this.#due.shift();
      if (next === undefined) throw new Error('everybody waits for ever');
      this.#now = Math.max(this.#now, next.at);
      next.act();
    }
  }
}

interface Endpoint {
  /** Requests a second, and how many it saves up. */
  readonly rate: (now: number) => number;
  readonly burst: number;
  readonly retryAfterMs?: number;
  /** Requests that it works on at once; more are refused. */
  readonly most?: number;
  readonly latencyMs: number;
}

/** @returns seconds, and the share of requests that were refused */
async function meet(
  endpoint: Endpoint,
  calls: number,
  concurrency = 64,
): Promise<{ seconds: number; refused: number }> {
  const time = new VirtualTime();
  const pool = new EndpointPool(endpointSpec('http://x/v1', { limits: { concurrency, rpm: null, tpm: null } }), time);
  let [saved, filledAt, busy, requests] = [endpoint.burst, 0, 0, 0];
  const isLetIn = () => {
    saved = Math.min(endpoint.burst, saved + ((time.now() - filledAt) * endpoint.rate(time.now())) / 1000);
    filledAt = time.now();
    if (saved < 1 || busy >= (endpoint.most ?? Number.POSITIVE_INFINITY)) return false;
    saved--;
    return true;
  };
  const call = async (nth: number) => {
    for (;;) {
      const slot = await pool.acquire('m', [nth], 0, new AbortController().signal);
      requests++;
      await time.wait(1);
      if (isLetIn()) {
        busy++;
        await time.wait(endpoint.latencyMs * (0.8 + ((nth * 7) % 10) / 25));
        busy--;
        slot.succeeded(0);
        slot.release();
        return;
      }
      const isPaced = slot.rateLimited(endpoint.retryAfterMs ?? null);
      slot.release();
      if (!isPaced) await time.wait(400);
    }
  };
  const work = Promise.all(Array.from({ length: calls }, (_, nth) => call(nth)));
  await time.runUntil(work);
  pool.close();
  return { seconds: time.now() / 1000, refused: (requests - calls) / requests };
}

const steady = (perSecond: number) => () => perSecond;

for (const [what, endpoint, limits] of [
  ['a second saved up', { rate: steady(60), burst: 60, latencyMs: 100 }, { time: 1.05, refused: 0.05 }],
  ['hardly anything saved up', { rate: steady(60), burst: 6, latencyMs: 100 }, { time: 1.15, refused: 0.1 }],
  ['Retry-After', { rate: steady(60), burst: 60, latencyMs: 100, retryAfterMs: 1000 }, { time: 1.1, refused: 0.05 }],
  ['slow answers', { rate: steady(10), burst: 10, latencyMs: 3000 }, { time: 1.25, refused: 0.1 }],
] as const) {
  test(`the rate of an endpoint is found: ${what}`, async () => {
    const { seconds, refused } = await meet(endpoint, 1000);
    const ideal = (1000 - endpoint.burst) / endpoint.rate() + endpoint.latencyMs / 1000;
    assert.ok(seconds <= limits.time * ideal, `${seconds} s of ${ideal} s`);
    assert.ok(refused <= limits.refused, `${refused} refused`);
  });
}

test('a limit of requests at once is found too', async () => {
  const endpoint = { rate: steady(1e6), burst: 1e6, most: 8, latencyMs: 200 };
  const { seconds, refused } = await meet(endpoint, 1000);
  const ideal = (1000 / 8) * 0.2;
  assert.ok(seconds <= 1.5 * ideal, `${seconds} s of ${ideal} s`);
  assert.ok(refused <= 0.15, `${refused} refused`);
});

test('a pace rises again when the endpoint lets in more', async () => {
  const endpoint = { rate: (now: number) => (now < 10_000 ? 20 : 200), burst: 20, latencyMs: 100 };
  const { seconds, refused } = await meet(endpoint, 4000);
  // Ten seconds at 20/s, then 3,780 calls at 200/s.
  assert.ok(seconds <= 45, `${seconds} s`);
  assert.ok(refused <= 0.06, `${refused} refused`);
});

test('requests a minute are kept', async () => {
  const time = new VirtualTime();
  const limits = { concurrency: 64, rpm: 10, tpm: null };
  const pool = new EndpointPool(endpointSpec('http://x/v1', { limits }), time);
  const { signal } = new AbortController();
  const sent: number[] = [];
  const call = async (nth: number) => {
    const slot = await pool.acquire('m', [nth], 0, signal);
    sent.push(time.now());
    await time.wait(nth);
    slot.succeeded(0);
    slot.release();
  };
  await time.runUntil(Promise.all(Array.from({ length: 25 }, (_, nth) => call(nth))));
  assert.is(sent.length, 25);
  for (const [nth, at] of sent.slice(10).entries()) assert.ok(at - (sent[nth] ?? 0) > 60_000, `${sent}`);
  // And no slower than they must be.
  assert.ok((sent.at(-1) ?? 0) < 122_000, `${sent}`);
  pool.close();
});

test.run();
