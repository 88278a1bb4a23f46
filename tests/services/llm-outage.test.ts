import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { EventBody } from '#contract/event.ts';
import { Failure } from '#contract/failure.ts';
import { endpointSpec, hurriedClock, type LlmRig, makeLlmRig } from '#rig/llm-rig.ts';
import { type LlmServer, startLlmServer } from '#rig/llm-server.ts';

/** Patience of a minute in a second, and pauses of one to ten seconds between probes. */
const CLOCK = { clock: hurriedClock(60), backoff: { baseMs: 500, capMs: 30_000 } };
const TIMEOUTS = { connect_ms: 1e6, first_byte_ms: 1e6, total_ms: 1e6 };

async function addressOfNobody(): Promise<{ url: string; port: number }> {
  const server = await startLlmServer();
  await server.close();
  return { url: server.url, port: Number(new URL(server.url).port) };
}

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'answered';
  } catch (error) {
    return error instanceof Failure ? error.code : String(error);
  }
};

const notices = (rig: LlmRig) => rig.events.flatMap((event) => (event.type === 'notice' ? [event.code] : []));

test('an endpoint that comes back within the patience loses no call, whatever its retries', async () => {
  const { url, port } = await addressOfNobody();
  const rises: Promise<LlmServer>[] = [];
  // Down until the first call has used up its attempts and a probe has found it down as well.
  let refused = 0;
  const emit = (event: EventBody) => {
    rig.events.push(event);
    if (event.type === 'call-retry' && ++refused === 2) rises.push(startLlmServer({ port }));
  };
  const rig: LlmRig = makeLlmRig(endpointSpec(url, { retries: 0, outage_ms: 60_000, timeouts: TIMEOUTS }), {
    ...CLOCK,
    emit,
  });
  const codes = await Promise.all(Array.from({ length: 100 }, (_, nth) => codeOf(rig.ask(`row ${nth}`))));
  const server = await rises[0];
  assert.equal([...new Set(codes)], ['answered']);
  assert.equal(notices(rig), ['endpoint-down', 'endpoint-back']);
  assert.is(server?.stats().requests, 100);
  await rig.hub.close();
  await server?.close();
});

test('one that stays away is given up by all at once, and asked again later by one call at a time', async () => {
  const { url, port } = await addressOfNobody();
  const sent: number[] = [];
  const emit = (event: EventBody) => {
    rig.events.push(event);
    if (event.type === 'call-retry') sent.push(CLOCK.clock.now());
  };
  const limits = { concurrency: 8, rpm: null, tpm: null };
  const spec = endpointSpec(url, { retries: 0, outage_ms: 60_000, timeouts: TIMEOUTS, limits });
  const rig: LlmRig = makeLlmRig(spec, { ...CLOCK, emit });
  const begun = CLOCK.clock.now();
  const codes = await Promise.all(Array.from({ length: 100 }, (_, nth) => codeOf(rig.ask(`row ${nth}`))));
  assert.ok(CLOCK.clock.now() - begun >= 60_000, 'a minute of patience');
  // Who asked last knows it at first hand.
  assert.equal([...new Set(codes)].sort(), ['llm-connection', 'llm-endpoint-open']);
  assert.is(codes.filter((code) => code === 'llm-connection').length, 1);
  assert.equal(notices(rig), ['endpoint-down']);
  // Eight found it down, then one probe a pause: never one for each of the hundred.
  assert.ok(sent.length < 8 + 12, `${sent.length} requests`);
  assert.is((await rig.hub.ledger()).openCalls, 0);

  const server = await startLlmServer({ port });
  let last = '';
  for (let nth = 0; nth < 1000 && last !== 'answered'; nth++) {
    last = await codeOf(rig.ask(`later ${nth}`));
    if (last !== 'answered') await new Promise((resolve) => CLOCK.clock.after(1000, () => resolve(null)));
  }
  assert.is(last, 'answered');
  await rig.hub.close();
  await server.close();
});

test('who has a stand-in does not wait, and goes back when the endpoint is back', async () => {
  const { url, port } = await addressOfNobody();
  const second = await startLlmServer({ answers: () => 'stand-in' });
  const endpoints = {
    local: endpointSpec(url, { retries: 0, outage_ms: 1e9, timeouts: TIMEOUTS }),
    second: endpointSpec(second.url, { id: 'second', timeouts: TIMEOUTS }),
  };
  const alone = makeLlmRig(endpoints.local).model;
  const standIn = { ...alone, alias: 'second', endpoint: 'second', identity: { endpoint: 'second' } };
  const rig = makeLlmRig(endpoints.local, { ...CLOCK, endpoints, model: { ...alone, fallback: [standIn] } });
  for (let nth = 0; nth < 20; nth++) assert.is((await rig.ask(`row ${nth}`)).standIn, 'second');
  const first = await startLlmServer({ port, answers: () => 'itself' });
  let text = '';
  for (let nth = 0; nth < 1000 && text !== 'itself'; nth++) {
    text = (await rig.ask(`later ${nth}`)).text;
    await new Promise((resolve) => CLOCK.clock.after(300, () => resolve(null)));
  }
  assert.is(text, 'itself');
  await rig.hub.close();
  await first.close();
  await second.close();
});

test('an endpoint that only ever fails is not asked for every row there is', async () => {
  const server = await startLlmServer({ fault: () => ({ type: 'status', status: 503 }) });
  const limits = { concurrency: 4, rpm: null, tpm: null };
  const spec = endpointSpec(server.url, { retries: 0, outage_ms: 60_000, timeouts: TIMEOUTS, limits });
  const rig = makeLlmRig(spec, CLOCK);
  const codes = await Promise.all(Array.from({ length: 500 }, (_, nth) => codeOf(rig.ask(`row ${nth}`))));
  assert.equal([...new Set(codes)].sort(), ['llm-endpoint-open', 'llm-server-error']);
  assert.ok(server.stats().requests < 60, `${server.stats().requests} requests for 500 rows`);
  await rig.hub.close();
  await server.close();
});

test('a stop does not wait for an endpoint that is away', async () => {
  const { url } = await addressOfNobody();
  const told = new AbortController();
  const emit = ({ type, ...event }: EventBody) =>
    void (type === 'notice' && 'code' in event && event.code === 'endpoint-down' && told.abort());
  const rig = makeLlmRig(endpointSpec(url, { retries: 0, outage_ms: 2 ** 30 }), { emit });
  const codes = Array.from({ length: 20 }, (_, nth) => codeOf(rig.ask(`row ${nth}`, {}, { drain: told.signal })));
  assert.equal([...new Set(await Promise.all(codes))], ['stopped']);
  await rig.hub.close();
});

test.run();
