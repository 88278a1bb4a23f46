/** What every store must do; run by memory.test.ts and disk.test.ts. `reopen` closes the store and opens what is left of it. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Json } from '#contract/json.ts';
import type { Blob, Entry, Store } from '#contract/store.ts';
import { sha256 } from '#util/sha256.ts';

export interface Bench {
  open(): Promise<{ readonly store: Store; reopen(): Promise<Store>; dispose(): Promise<void> }>;
}

export function blobOf(text: string): Blob & { readonly bytes: Uint8Array } {
  const bytes = Buffer.from(text);
  return { digest: sha256(bytes), bytes };
}

export function listOf(items: readonly string[]): Blob {
  return { digest: sha256(`[${items.join(',')}]`), items: items.map(blobOf) };
}

export function entryOf(name: string, value: Json = name): Entry {
  return { key: sha256(`key ${name}`), body: { value }, origin: { run: 'test', host: 'here' } };
}

export function intentOf(name: string, pipeline = 'duel') {
  const key = sha256(`call ${name}`);
  return {
    key,
    pipeline,
    run: 'r1',
    node: 'king',
    endpoint: 'local',
    model: 'm',
    reserveUsd: 0.5,
    request: sha256(`request ${name}`),
  };
}

export function answerOf(text: string, usd = 0.25) {
  return { answer: { text, finishReason: 'stop' }, usage: { input: 10, output: 20 }, usd, latencyMs: 5 };
}

const textOf = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString());

export function storeContract(bench: Bench): void {
  const scenario = (name: string, act: (store: Store, reopen: () => Promise<Store>) => Promise<void>) =>
    test(name, async () => {
      const { store, reopen, dispose } = await bench.open();
      try {
        await act(store, reopen);
      } finally {
        await dispose();
      }
    });

  scenario('bodies come back as they were put, and nothing else does', async (store) => {
    const blobs = [blobOf('"one"'), blobOf(''), blobOf('"é\u{1f600}"')];
    assert.equal(await store.blobs.has(blobs.map((blob) => blob.digest)), [false, false, false]);
    assert.equal(await store.blobs.get(blobs.map((blob) => blob.digest)), [undefined, undefined, undefined]);
    await store.blobs.put(blobs);
    await store.blobs.put(blobs);
    assert.equal(await store.blobs.has([...blobs.map((blob) => blob.digest), sha256('none')]), [
      true,
      true,
      true,
      false,
    ]);
    const read = await store.blobs.get([sha256('none'), ...blobs.map((blob) => blob.digest)]);
    assert.equal(read.map(textOf), [undefined, ...blobs.map((blob) => textOf(blob.bytes))]);
  });

  scenario('what a reader does with its copy changes nothing', async (store) => {
    const blob = blobOf('"untouched"');
    await store.blobs.put([blob]);
    const [first] = await store.blobs.get([blob.digest]);
    first?.fill(0);
    assert.is(textOf((await store.blobs.get([blob.digest]))[0]), '"untouched"');
  });

  scenario('a body that is not its digest is never handed out', async (store) => {
    const digest = sha256('right');
    await store.blobs.put([{ digest, bytes: Buffer.from('wrong') }]);
    assert.equal(await store.blobs.get([digest]), [undefined]);
    await store.blobs.put([{ digest, bytes: Buffer.from('right') }]);
    assert.is(textOf((await store.blobs.get([digest]))[0]), 'right');
  });

  scenario('lists are put together from items, and items are bodies of their own', async (store, reopen) => {
    const lists = [
      listOf([]),
      listOf(['1']),
      listOf(['{"a":1}', '{"a":2}', '{"a":1}']),
      listOf(['{"a":1}', '{"a":3}']),
    ];
    await store.blobs.put(lists);
    const texts = ['[]', '[1]', '[{"a":1},{"a":2},{"a":1}]', '[{"a":1},{"a":3}]'];
    const digests = lists.map((list) => list.digest);
    assert.equal((await store.blobs.get(digests)).map(textOf), texts);
    assert.is(textOf((await store.blobs.get([sha256('{"a":2}')]))[0]), '{"a":2}');
    const again = await reopen();
    assert.equal((await again.blobs.get(digests)).map(textOf), texts);
    assert.equal(await again.blobs.has(digests), [true, true, true, true]);
  });

  scenario('large bodies', async (store, reopen) => {
    const blob = blobOf(`"${'0123456789'.repeat(350_000)}"`);
    await store.blobs.put([blobOf('"before"'), blob, blobOf('"after"')]);
    assert.ok((await store.blobs.get([blob.digest]))[0]?.byteLength === blob.bytes.byteLength);
    const again = await reopen();
    assert.ok(Buffer.from((await again.blobs.get([blob.digest]))[0] ?? []).equals(blob.bytes));
    assert.is(textOf((await again.blobs.get([sha256('"after"')]))[0]), '"after"');
  });

  for (const level of ['node', 'action'] as const) {
    scenario(`${level} entries: the first to be put wins, unless replacing was asked for`, async (store, reopen) => {
      const first = entryOf('a', 'first');
      const second = entryOf('a', 'second');
      const third = entryOf('a', 'third');
      assert.equal(await store.entries.get(level, [first.key]), [undefined]);
      assert.equal(await store.entries.put(level, [first]), [first]);
      assert.equal(await store.entries.put(level, [second, entryOf('b')]), [first, entryOf('b')]);
      assert.equal(await store.entries.get(level, [entryOf('b').key, first.key]), [entryOf('b'), first]);
      assert.equal(await store.entries.put(level, [second], { replace: true }), [second]);
      assert.equal(await store.entries.put(level, [first]), [second]);
      const again = await reopen();
      assert.equal(await again.entries.get(level, [first.key]), [second]);
      assert.equal(await again.entries.put(level, [third], { replace: true }), [third]);
      assert.equal(await again.entries.get(level, [first.key, entryOf('b').key]), [third, entryOf('b')]);
    });
  }

  scenario('levels do not see each other', async (store) => {
    await store.entries.put('node', [entryOf('x')]);
    assert.equal(await store.entries.get('action', [entryOf('x').key]), [undefined]);
  });

  scenario(
    'calls: an intent is open until it is answered or void, and the latest answer is found',
    async (store, reopen) => {
      const key = intentOf('a').key;
      assert.equal(await store.calls.find([key]), [undefined]);
      const [a, b, c, d] = await Promise.all(['a', 'b', 'c', 'd'].map((name) => store.calls.intend(intentOf(name))));
      assert.equal(await store.calls.ledger('duel'), {
        calls: 0,
        usd: 0,
        openCalls: 4,
        openUsd: 2,
        input: 0,
        output: 0,
      });
      const record = await store.calls.answer(a ?? '', answerOf('hello'));
      assert.is(record.key, key);
      assert.equal(await store.calls.find([key, intentOf('b').key]), [record, undefined]);
      await store.calls.void(b ?? '', 'refused');
      await store.calls.void(c ?? '', 'cut off', 0.125);
      const open = { calls: 1, usd: 0.375, openCalls: 1, openUsd: 0.5, input: 10, output: 20 };
      assert.equal(await store.calls.ledger('duel'), open);
      assert.equal(await store.calls.ledger('other'), {
        ...open,
        calls: 0,
        usd: 0,
        openCalls: 0,
        openUsd: 0,
        input: 0,
        output: 0,
      });
      const again = await store.calls.answer(await store.calls.intend(intentOf('a')), answerOf('hello again'));
      assert.equal((await store.calls.find([key]))[0]?.answer, again.answer);
      const later = await reopen();
      assert.equal((await later.calls.find([key]))[0]?.answer, { text: 'hello again', finishReason: 'stop' });
      assert.equal(await later.calls.ledger('duel'), { ...open, calls: 2, usd: 0.625, input: 20, output: 40 });
      assert.ok(d);
    },
  );

  scenario('what others spent is what is left without a run, however far its calls are', async (store) => {
    const [a, b] = [
      await store.calls.intend({ ...intentOf('a'), run: 'mine' }),
      await store.calls.intend(intentOf('b')),
    ];
    const mine = store.calls.intend({ ...intentOf('c'), run: 'mine' });
    const others = async () => {
      const { calls, usd, openCalls, openUsd } = await store.calls.ledger('duel', 'mine');
      return [calls, usd, openCalls, openUsd];
    };
    assert.equal(await others(), [0, 0, 1, 0.5]);
    const answered = store.calls.answer(a, answerOf('hello'));
    assert.equal(await others(), [0, 0, 1, 0.5]);
    await Promise.all([answered, store.calls.void(await mine, 'cut off', 0.125)]);
    assert.equal(await others(), [0, 0, 1, 0.5]);
    await store.calls.answer(b, answerOf('theirs'));
    assert.equal(await others(), [1, 0.25, 0, 0]);
    const { calls, usd } = await store.calls.ledger('duel');
    assert.equal([calls, usd], [2, 0.625]);
  });

  scenario('an intent is answered once', async (store) => {
    const id = await store.calls.intend(intentOf('once'));
    await store.calls.answer(id, answerOf('x'));
    await rejects(() => store.calls.answer(id, answerOf('y')));
    await rejects(() => store.calls.void(id, 'late'));
    await rejects(() => store.calls.answer('nobody', answerOf('z')));
    assert.is((await store.calls.ledger('duel')).calls, 1);
  });

  scenario('a lease has one holder', async (store) => {
    const lease = await store.leases.reserve('node:a');
    assert.ok(lease);
    assert.is(await store.leases.reserve('node:a'), undefined);
    const other = await store.leases.reserve('node:b');
    assert.ok(other);
    await lease?.release();
    await lease?.release();
    const again = await store.leases.reserve('node:a');
    assert.ok(again);
    await lease?.release();
    assert.is(await store.leases.reserve('node:a'), undefined);
    await again?.release();
    await other?.release();
  });

  scenario('runs: events are appended, files written whole, the newest listed first', async (store, reopen) => {
    assert.equal(await store.runs.list(), []);
    const run = await store.runs.create('20250101-a');
    run.append(['{"seq":1}', '{"seq":2}']);
    run.append(['{"seq":3}']);
    await run.write('plan.json', '{}');
    await run.write('plan.json', '{"v":2}');
    assert.is(await run.read('events.ndjson'), '{"seq":1}\n{"seq":2}\n{"seq":3}\n');
    await run.close();
    await (await store.runs.create('20250102-b')).close();
    await rejects(() => store.runs.create('20250102-b'));
    const again = await reopen();
    assert.equal(await again.runs.list(), ['20250102-b', '20250101-a']);
    assert.is(await again.runs.open('20250103-c'), undefined);
    const opened = await again.runs.open('20250101-a');
    assert.is(await opened?.read('plan.json'), '{"v":2}');
    assert.is(await opened?.read('none.json'), undefined);
    await opened?.close();
  });

  scenario('notes', async (store, reopen) => {
    const names = [
      'plain',
      'manifest/with:signs \u{1f600}',
      'UPPER',
      'upper',
      '../../escape',
      `${'long'.repeat(100)}`,
      '',
    ];
    for (const name of names) assert.is(await store.notes.get(name), undefined);
    for (const [nth, name] of names.entries()) await store.notes.put(name, { nth, name });
    const again = await reopen();
    for (const [nth, name] of names.entries()) assert.equal(await again.notes.get(name), { nth, name });
    await again.notes.put('plain', null);
    assert.is(await again.notes.get('plain'), null);
  });

  scenario(
    'any sequence of operations reads like a plain map, also when the store is opened anew in between',
    async () => {
      const name = fc.integer({ min: 0, max: 12 }).map(String);
      const names = fc.array(name, { maxLength: 6 });
      const operation = fc.oneof(
        fc.record({ type: fc.constant('put' as const), names }),
        fc.record({ type: fc.constant('put-list' as const), names }),
        fc.record({ type: fc.constant('get' as const), names }),
        fc.record({ type: fc.constant('entries' as const), names, value: fc.integer(), replace: fc.boolean() }),
        fc.record({ type: fc.constant('sync' as const) }),
        fc.record({ type: fc.constant('reopen' as const) }),
      );
      // The second look ahead once read a block anew, and with it a mark that was not on disk yet.
      const set = (value: number, replace: boolean, names: string[]) =>
        ({ type: 'entries', names, value, replace }) as const;
      const replacedAtTheEnd = [
        set(0, false, ['1']),
        set(0, false, ['0']),
        { type: 'reopen' } as const,
        set(-1, true, ['0', '1']),
      ];
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
          const opened = await bench.open();
          let store = opened.store;
          const bodies = new Map<string, string>();
          const entries = new Map<string, Entry>();
          try {
            for (const step of operations) {
              if (step.type === 'put') {
                await store.blobs.put(step.names.map(blobOf));
                for (const text of step.names) bodies.set(sha256(text), text);
              } else if (step.type === 'put-list') {
                const list = listOf(step.names);
                await store.blobs.put([list]);
                for (const text of [...step.names, `[${step.names.join(',')}]`]) bodies.set(sha256(text), text);
              } else if (step.type === 'entries') {
                // One key once a batch: the order within a batch is not part of the contract.
                const fresh = [...new Set(step.names)].map((key) => entryOf(key, step.value));
                const winners = await store.entries.put('action', fresh, { replace: step.replace });
                for (const entry of fresh) if (step.replace || !entries.has(entry.key)) entries.set(entry.key, entry);
                assert.equal(
                  winners,
                  fresh.map((entry) => entries.get(entry.key)),
                );
              } else if (step.type === 'sync') await store.sync();
              else if (step.type === 'reopen') store = await opened.reopen();
              const asked = [...Array(13).keys()].map(String);
              const digests = [...asked.map((text) => sha256(text)), ...bodies.keys()];
              assert.equal(
                (await store.blobs.get(digests)).map(textOf),
                digests.map((digest) => bodies.get(digest)),
              );
              assert.equal(
                await store.blobs.has(digests),
                digests.map((digest) => bodies.has(digest)),
              );
              const keys = asked.map((key) => entryOf(key).key);
              assert.equal(
                await store.entries.get('action', keys),
                keys.map((key) => entries.get(key)),
              );
            }
          } finally {
            await opened.dispose();
          }
        }),
        { numRuns: 40, examples: [[replacedAtTheEnd]] },
      );
    },
  );
}

export async function rejects(act: () => Promise<unknown>, code?: string): Promise<void> {
  let caught: unknown;
  try {
    await act();
  } catch (error) {
    caught = error;
  }
  assert.instance(caught, Error);
  if (code !== undefined) assert.is((caught as { code?: string }).code, code);
}
