/** Hand-written runs: events with their envelope, a tenth of a second apart. */

import type { EventBody, NodeCounts, NodeHeader, RunEvent } from '#contract/event.ts';
import { NO_COUNTS } from '#report/summary.ts';

export const START = Date.UTC(2026, 0, 2, 3, 4, 5);

export function toEvents(bodies: readonly (EventBody | [afterMs: number, EventBody])[]): RunEvent[] {
  let at = START;
  return bodies.map((each, seq) => {
    const [wait, body] = Array.isArray(each) ? each : [100, each as EventBody];
    if (seq > 0) at += wait;
    return { ...body, v: 1, run: '20260102-030405-abcd', seq, at } as RunEvent;
  });
}

export function counts(some: Partial<NodeCounts>): NodeCounts {
  return { ...NO_COUNTS, ...some };
}

export function header(id: string, scope: NodeHeader['scope'], inputs: readonly string[] = []): NodeHeader {
  return { id, kind: id, scope, depth: 0, inputs };
}

export function started(nodes: readonly NodeHeader[], budgetUsd: number | null = null): EventBody {
  return {
    type: 'run-started',
    pipeline: 'duel',
    profile: 'example',
    file: 'pipelines/duel/pipeline.yaml',
    argv: ['run', 'pipelines/duel', '--profile', 'example'],
    nodes,
    budgetUsd,
    spentUsd: budgetUsd === null ? 0 : 1.5,
  };
}

const DIGEST = 'd'.repeat(64);

export function port(count: number, partial = false) {
  return { digest: DIGEST, count, partial };
}

const CALL = { node: 'king', endpoint: 'chutes', model: 'kimi-k2' };

/** A run with everything in it: a source that drops, a node that rejects and fails, one reused, one blocked, one published. */
export const TROUBLED: readonly RunEvent[] = toEvents([
  started(
    [
      header('turns', 'source'),
      header('prs', 'row', ['turns.out']),
      { ...header('king', 'row', ['turns.out']), at: { file: '/repo/pipeline.yaml', start: 22, end: 26 } },
      header('verdict', 'whole', ['king.out']),
      header('report', 'whole', ['king.rejected']),
    ],
    50,
  ),
  { type: 'node-state', node: 'turns', state: 'running' },
  {
    type: 'node-state',
    node: 'turns',
    state: 'done',
    counts: counts({ out: 40, considered: 52, dropped: 12, codes: { dedupe: 10, 'too-long': 2 } }),
    ports: { out: port(40) },
  },
  {
    type: 'node-state',
    node: 'prs',
    state: 'done',
    reused: true,
    counts: counts({ in: 40, emitted: 39, rejected: 1, out: 39, codes: { 'pr-missing': 1 } }),
    ports: { out: port(39), rejected: port(1) },
  },
  { type: 'node-state', node: 'king', state: 'running' },
  { type: 'call-started', call: 'a'.repeat(64), ...CALL },
  { type: 'call-started', call: 'b'.repeat(64), ...CALL },
  {
    type: 'notice',
    level: 'warning',
    code: 'slow-endpoint',
    message: 'chutes answers\nslowly: 50%',
    node: 'king',
    hint: 'lower concurrency',
  },
  { type: 'call-retry', call: 'a'.repeat(64), ...CALL, code: 'llm-429', waitMs: 1000 },
  {
    type: 'call-finished',
    call: 'b'.repeat(64),
    ...CALL,
    outcome: 'answered',
    latencyMs: 900,
    usage: { input: 1000, output: 200 },
    usd: 0.0011,
  },
  [
    2000,
    {
      type: 'node-progress',
      node: 'king',
      counts: counts({
        in: 40,
        emitted: 18,
        rejected: 2,
        reused: 10,
        out: 18,
        inFlight: 1,
        codes: { 'no-fence': 2 },
        calls: 9,
        reusedCalls: 10,
        usd: 0.0099,
      }),
    },
  ],
  {
    type: 'row-trouble',
    node: 'king',
    row: 'd/x.jsonl/3/7',
    disposition: 'rejected',
    code: 'no-fence',
    message: 'no fence in \u001b[31mthe answer',
  },
  {
    type: 'row-trouble',
    node: 'king',
    row: 'd/x.jsonl/3/8',
    disposition: 'rejected',
    code: 'no-fence',
    message: 'again',
  },
  {
    type: 'row-trouble',
    node: 'king',
    row: 'd/x.jsonl/4/1',
    disposition: 'failed',
    code: 'llm-timeout',
    message: 'no answer within 60 s',
    hint: 'endpoints.local.timeouts says how long to wait',
  },
  {
    type: 'call-finished',
    call: 'a'.repeat(64),
    ...CALL,
    outcome: 'failed',
    code: 'llm-timeout',
    latencyMs: 0,
    usage: { input: 0, output: 0 },
    usd: 0,
  },
  [
    3000,
    {
      type: 'node-state',
      node: 'king',
      state: 'failed',
      reason: { code: 'rows-failed', message: '1 of 40 rows failed' },
      counts: counts({
        in: 40,
        emitted: 37,
        rejected: 2,
        failed: 1,
        reused: 10,
        out: 37,
        codes: { 'no-fence': 2 },
        failures: { 'llm-timeout': 1 },
        calls: 29,
        reusedCalls: 10,
        usage: { input: 29000, output: 5800 },
        usd: 0.0319,
      }),
      ports: { out: port(37, true), rejected: port(2, true) },
    },
  ],
  {
    type: 'node-state',
    node: 'verdict',
    state: 'blocked',
    reason: { code: 'partial-input', message: 'king.out is partial' },
    counts: counts({}),
  },
  { type: 'node-state', node: 'report', state: 'running' },
  { type: 'published', node: 'report', to: 'out/report', files: 3, written: 1, removed: 0 },
  {
    type: 'node-state',
    node: 'report',
    state: 'done',
    counts: counts({ in: 2, consumed: 2 }),
    ports: {},
  },
  {
    type: 'run-finished',
    outcome: 'failed',
    exitCode: 1,
    rowsRun: 72,
    rowsReused: 50,
    calls: 29,
    reusedCalls: 10,
    usd: 0.0319,
    lock: 'pipeline.lock.yaml',
  },
]);
