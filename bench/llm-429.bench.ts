/** An endpoint that lets in 60 requests a second and refuses the others: how long the calls take, and how many were in vain. */

import { join } from 'node:path';
import type { RateLimit } from '#rig/llm-server.ts';
import { spawnLlmServer } from '#rig/llm-server-process.ts';
import type { Bench } from './figure.ts';
import { writeLlmProject } from './llm-project.ts';
import { eventsOf, expect, finishOf, measured } from './measured.ts';
import { inScratch } from './process.ts';
import { ensureBuilt } from './project.ts';

const CALLS = 1000;
const CONCURRENCY = 64;
const LATENCY_MS = 100;
const PER_SECOND = 60;

const LIMITS: readonly { readonly name: string; readonly limit: RateLimit; readonly isAim: boolean }[] = [
  { name: 'a second saved up', limit: { perSecond: PER_SECOND, burst: PER_SECOND }, isAim: true },
  { name: 'a tenth of a second saved up', limit: { perSecond: PER_SECOND, burst: PER_SECOND / 10 }, isAim: false },
  {
    name: 'a second saved up, Retry-After: 1',
    limit: { perSecond: PER_SECOND, burst: PER_SECOND, retryAfter: '1' },
    isAim: false,
  },
];

export const bench: Bench = (report) =>
  inScratch(async (dir) => {
    ensureBuilt();
    for (const [nth, { name, limit, isAim }] of LIMITS.entries()) {
      const server = await spawnLlmServer({ latencyMs: LATENCY_MS, rateLimit: limit });
      try {
        const project = { concurrency: CONCURRENCY, urls: [server.url], rows: CALLS };
        const result = await measured(['run', '--json'], writeLlmProject(join(dir, String(nth)), project));
        expect('calls made', finishOf(result).calls, CALLS);
        const calls = eventsOf(result).filter(({ type }) => type === 'call-started' || type === 'call-finished');
        const seconds = ((calls.at(-1)?.at ?? 0) - (calls[0]?.at ?? 0)) / 1000;
        // What the bucket holds goes at once, the rest as it fills; the last answer takes its time.
        const ideal = (CALLS - limit.burst) / PER_SECOND + LATENCY_MS / 1000;
        const { requests, answered } = await server.stats();
        expect('requests answered', answered, CALLS);
        const wasted = (100 * (requests - answered)) / requests;
        report({
          metric: `${CALLS} calls, ${PER_SECOND}/s let in, ${name}: first sent to last answered`,
          value: seconds,
          unit: 's',
          ...(isAim ? { target: `<= ${(1.05 * ideal).toFixed(1)} s` } : {}),
          peer: { name: 'ideal', value: ideal },
          ratio: seconds / ideal,
        });
        report({ metric: 'requests refused', value: wasted, unit: '%', ...(isAim ? { target: '<= 5 %' } : {}) });
      } finally {
        await server.close();
      }
    }
  });
