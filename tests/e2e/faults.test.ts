/** Endpoints that misbehave, secrets that are echoed, budgets that run out: what a user is left with. */

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cli, cliOk, eventsOf, finishOf, inTemp, startCli } from '#rig/cli.ts';
import { type Fault, type LlmServerOptions, type ServedRequest, startLlmServer } from '#rig/llm-server.ts';

const ROWS = 30;

interface More {
  readonly budget?: number;
  readonly key?: string;
  readonly retries?: number;
  /** How long an endpoint that is down is waited for. */
  readonly outage?: string;
  /** Address of a second endpoint, whose model stands in for the first. */
  readonly fallback?: string;
}

function writeFaultsProject(dir: string, url: string, more: More): void {
  const lines = Array.from({ length: ROWS }, (_, nth) =>
    JSON.stringify({ id: `r${nth}`, question: `What is ${nth} + ${nth}?` }),
  );
  writeFileSync(join(dir, 'rows.jsonl'), `${lines.join('\n')}\n`);
  writeFileSync(
    join(dir, 'pipeline.yaml'),
    `sluice: 1
name: faults
endpoints:
  local:
    provider: openai
    base_url: ${url}
    identity: local
    ${more.key === undefined ? '' : `api_key: "\${secret.${more.key}}"`}
    limits: { concurrency: 8 }
    retries: ${more.retries ?? 3}
    outage: ${more.outage ?? '0s'}
    timeouts: { connect: 1s, first_byte: 400ms, total: 1s }
${more.fallback === undefined ? '' : `  second: { base_url: "${more.fallback}", identity: second }`}
models:
  m: { endpoint: local, model: m, price: { input: 1000, output: 1000 }, sampling: { max_tokens: 50 }${more.fallback === undefined ? '' : ', fallback: other'} }
${more.fallback === undefined ? '' : '  other: { endpoint: second, model: o, price: { input: 1, output: 1 }, sampling: { max_tokens: 50 } }'}
${more.budget === undefined ? '' : `budget: { usd: ${more.budget} }`}
nodes:
  rows: { kind: read, dataset: rows.jsonl, key: [id] }
  answers: { kind: generate, from: rows, model: m, prompt: prompt.md }
  out: { kind: export, from: answers, formats: { rows: {} }, to: out }
`,
  );
  writeFileSync(join(dir, 'prompt.md'), 'Answer: {{ question }}\n');
}

async function withProject<T>(
  options: LlmServerOptions,
  more: More,
  work: (dir: string, server: Awaited<ReturnType<typeof startLlmServer>>) => Promise<T>,
): Promise<T> {
  const server = await startLlmServer(options);
  try {
    return await inTemp(async (dir) => {
      writeFaultsProject(dir, server.url, more);
      return work(dir, server);
    });
  } finally {
    await server.close();
  }
}

/** Faults that a retry may outlive, and the code under which each is told. */
const FAULTS = [
  ['llm-rate-limited', { type: 'status', status: 429, retryAfter: '0.2' }],
  ['llm-rate-limited', { type: 'status', status: 429 }],
  ['llm-server-error', { type: 'status', status: 500 }],
  ['llm-server-error', { type: 'status', status: 502 }],
  ['llm-server-error', { type: 'status', status: 503 }],
  ['llm-timeout', { type: 'hang' }],
  ['llm-timeout', { type: 'hang-in-body' }],
  ['llm-connection', { type: 'reset' }],
  ['llm-bad-response', { type: 'invalid-json' }],
  ['llm-bad-response', { type: 'html' }],
  ['llm-bad-response', { type: 'no-choices' }],
] as const satisfies readonly (readonly [string, Fault])[];

/** Row `r0` asks for the first of them, and so on. */
function faultOf({ body }: ServedRequest): (typeof FAULTS)[number] | undefined {
  const nth = /What is (\d+) /.exec(body.messages.at(-1)?.content ?? '')?.[1];
  return nth === undefined ? undefined : FAULTS[Number(nth)];
}

test('every fault that passes is retried, and the run is complete', () =>
  withProject(
    { fault: (request) => (request.repeat === 0 ? (faultOf(request)?.[1] ?? null) : null) },
    {},
    async (dir) => {
      const result = await cliOk(['run', '.', '--json'], { cwd: dir });
      assert.is(finishOf(result).outcome, 'done');
      const retried = eventsOf(result).flatMap((event) => (event.type === 'call-retry' ? [String(event['code'])] : []));
      assert.equal(retried.sort(), FAULTS.map(([code]) => code).sort());
    },
  ));

test('every fault that stays is a failure with a name, and the rerun does only the missing rows', async () => {
  let isBroken = true;
  const fault = (request: ServedRequest): Fault | null => (isBroken ? (faultOf(request)?.[1] ?? null) : null);
  await withProject({ fault }, { retries: 1 }, async (dir, server) => {
    const first = await cli(['run', '.', '--json'], { cwd: dir });
    assert.is(first.code, 1);
    const failed = eventsOf(first).filter(({ type }) => type === 'row-trouble');
    assert.equal(failed.map(({ code }) => String(code)).sort(), FAULTS.map(([code]) => code).sort());
    assert.ok(failed.every(({ disposition }) => disposition === 'failed'));
    assert.is(server.stats().answered, ROWS - FAULTS.length);
    isBroken = false;
    const second = await cliOk(['run', '.', '--json'], { cwd: dir });
    assert.equal([finishOf(second).calls, server.stats().answered], [FAULTS.length, ROWS]);
  });
});

test('a refused request fails its row, an answer that was cut off or filtered rejects it', async () => {
  const nth = ({ body }: ServedRequest) => /What is (\d+) /.exec(body.messages.at(-1)?.content ?? '')?.[1];
  const options: LlmServerOptions = {
    fault: (request) => (nth(request) === '0' ? { type: 'status', status: 400, code: 'content_filter' } : null),
    answers: (request) =>
      nth(request) === '1'
        ? { text: 'and so on and', finishReason: 'length' }
        : nth(request) === '2'
          ? { text: '', finishReason: 'content_filter' }
          : 'fine',
  };
  await withProject(options, {}, async (dir, server) => {
    const result = await cli(['run', '.', '--json'], { cwd: dir });
    const troubles = eventsOf(result).filter(({ type }) => type === 'row-trouble');
    assert.equal(
      troubles.map(({ row, disposition, code }) => `${String(row).split('/').at(-1)} ${disposition} ${code}`).sort(),
      ['r0 failed llm-content-filter', 'r1 rejected answer-truncated', 'r2 rejected answer-empty'],
    );
    // Rejections are results: only the failed row is asked again.
    const before = server.stats().requests;
    await cli(['run', '.', '--json'], { cwd: dir });
    assert.is(server.stats().requests - before, 1);
  });
});

test('an endpoint that is down for a while costs waiting, and nothing else', async () => {
  const server = await startLlmServer({});
  const port = Number(new URL(server.url).port);
  await server.close();
  await inTemp(async (dir) => {
    writeFaultsProject(dir, server.url, { retries: 0, outage: '1m' });
    const { child, ended } = startCli(['run', '.', '--json'], { cwd: dir });
    // It comes back when calls have used up their attempts.
    const up = new Promise<Awaited<ReturnType<typeof startLlmServer>>>((resolve, reject) => {
      let text = '';
      child.stdout?.on('data', (piece: string) => {
        if (text.includes('"endpoint-down"')) return;
        text += piece;
        if (text.includes('"endpoint-down"')) startLlmServer({ port }).then(resolve, reject);
      });
    });
    const result = await ended;
    const back = await up;
    assert.is(result.code, 0, result.stderr);
    assert.is(back.stats().answered, ROWS);
    await back.close();
  });
});

for (const [what, url, code] of [
  ['a host that does not exist', 'http://no-such-host.invalid/v1', 'llm-dns'],
  ['an endpoint that is down', 'http://127.0.0.1:9/v1', 'llm-connection'],
] as const) {
  test(`${what} opens the breaker: the run ends, and the rest is untried`, () =>
    inTemp(async (dir) => {
      writeFaultsProject(dir, url, { retries: 1 });
      const result = await cli(['run', '.', '--json'], { cwd: dir });
      assert.is(result.code, 1);
      const codes = new Set(eventsOf(result).flatMap((event) => (event.type === 'row-trouble' ? [event['code']] : [])));
      assert.ok(codes.has(code), `${[...codes]}`);
      assert.ok(codes.has('llm-endpoint-open'), `${[...codes]}`);
      assert.is(finishOf(result).calls, 0);
    }));
}

test('a fallback answers for an endpoint that is down, and its calls say so', async () => {
  const other = await startLlmServer({ answers: 'random' });
  try {
    await inTemp(async (dir) => {
      writeFaultsProject(dir, 'http://127.0.0.1:9/v1', { retries: 1, fallback: other.url });
      const plain = await cliOk(['run', '.', '--plain'], { cwd: dir });
      assert.match(plain.stdout + plain.stderr, /m does not answer \(llm-connection: .*other is asked in its place/);
      assert.is(other.stats().answered, ROWS);
      const again = await cliOk(['run', '.', '--json', '--rerun', 'answers'], { cwd: dir });
      assert.equal([finishOf(again).calls, finishOf(again).reusedCalls], [0, ROWS]);
      assert.is(other.stats().answered, ROWS);
    });
  } finally {
    await other.close();
  }
});

test('a wrong key opens the breaker after three, not after all', async () => {
  await withProject({ apiKey: 'right' }, { key: 'API_KEY' }, async (dir) => {
    const result = await cli(['run', '.', '--plain'], { cwd: dir, env: { API_KEY: 'wrong-key-123456' } });
    assert.is(result.code, 1);
    assert.match(result.stdout, /llm-auth/);
  });
});

test('a budget for half the calls stops cleanly, and a larger one goes on', async () => {
  // 1000 USD a million tokens: a call is reserved at (input + 50) * 0.001 USD.
  await withProject({ answers: () => 'x'.repeat(100) }, { budget: 0.8 }, async (dir, server) => {
    const first = await cli(['run', '.', '--json'], { cwd: dir });
    assert.is(first.code, 5, first.stderr);
    const made = server.stats().answered;
    assert.ok(made > 3 && made < ROWS, `${made} calls`);
    const second = await cliOk(['run', '.', '--json', '--budget', '100'], { cwd: dir });
    assert.is(finishOf(second).calls, ROWS - made);
    assert.is(server.stats().answered, ROWS);
  });
});

/** As endpoints have been seen to give a header back, or might. */
function echoesOf(key: string): string[] {
  const inText = `Authorization: Bearer ${key}; user:${key}`;
  const [half, rest] = [key.slice(0, key.length / 2), key.slice(key.length / 2)];
  return [
    inText,
    Buffer.from(inText).toString('base64'),
    Buffer.from(`u:${key}`).toString('base64url'),
    encodeURIComponent(inText),
    new URLSearchParams({ key }).toString(),
    JSON.stringify(JSON.stringify({ key })),
    Buffer.from(key).toString('hex'),
    Buffer.from(inText).toString('hex').toUpperCase(),
    [...key].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    [...key].map((unit) => `&#${unit.charCodeAt(0)};`).join(''),
    `${half}${half}${rest}${rest}`,
    key.repeat(3),
  ];
}

test('a key occurs nowhere, whatever the endpoint makes of it', async () => {
  const key = 'sk-very/secret+0123456789"abc<def&';
  const echoes = echoesOf(key);
  const echoOf = (nth: number) => echoes[nth % echoes.length] ?? '';
  await withProject(
    {
      answers: ({ nth }) => ({
        text: `your header was ${echoOf(nth)}`,
        reasoning: echoOf(nth),
        toolCalls: [{ id: key, function: { name: key, arguments: `{"${key}": 1}` } }],
      }),
      fault: ({ nth, repeat }) =>
        repeat === 0 && nth % 5 === 4
          ? { type: 'status', status: 400, code: key, message: `no such key: ${echoOf(nth)}` }
          : null,
    },
    { key: 'API_KEY' },
    async (dir) => {
      const env = { API_KEY: key, GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: join(dir, 'step.md') };
      let said = '';
      for (const flags of [['--json'], ['--plain'], ['--resample', 'answers']]) {
        const { stdout, stderr } = await cli(['run', '.', ...flags], { cwd: dir, env });
        said += stdout + stderr;
      }
      for (const args of [
        ['show', '.', 'answers', '--json'],
        ['show', '.', 'answers', 'r1'],
        ['why', '.', 'answers'],
        ['status'],
      ]) {
        const { code, stdout, stderr } = await cli(args, { cwd: dir, env });
        assert.is(code, 0, `${args.join(' ')}: ${stderr}`);
        said += stdout + stderr;
      }
      assert.match(said, /\[secret API_KEY\]/);
      const looked = new Map([['what was printed', said]]);
      for (const file of readdirSync(dir, { recursive: true, encoding: 'utf8' }))
        if (statSync(join(dir, file)).isFile()) looked.set(file, readFileSync(join(dir, file), 'latin1'));
      assert.ok(looked.has('out/manifest.json') && looked.has('step.md'), [...looked.keys()].join(' '));
      const forms = [...echoesOf(key), key, JSON.stringify(key).slice(1, -1), ...bare(key)];
      for (const [file, text] of looked)
        for (const form of forms) assert.not.ok(text.includes(form), `${form} in ${file}`);
    },
  );
});

/** Encoded by itself, without the ends that hang on its neighbours. */
function bare(key: string): string[] {
  const inner = [0, 1, 2].map((before) =>
    Buffer.from(`${'x'.repeat(before)}${key}`)
      .toString('base64')
      .slice(4, -4),
  );
  return [...inner, Buffer.from(key).toString('hex'), encodeURIComponent(key)];
}

test.run();
