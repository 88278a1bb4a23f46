/** Rows recalled one by one: nothing is read for their keys, and nothing that is kept for that is believed blindly. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Digest } from '#contract/json.ts';
import type { RowOutcome, SourceItem } from '#contract/kind.ts';
import type { Entry, Store } from '#contract/store.ts';
import { type EngineRun, makePlanOf, rowOf, rowsOf, runEngine, sourceOf } from '#rig/engine.ts';
import { makeMemoryStore } from '#store/memory/memory-store.ts';

const COUNT = 1500;

function* numbers(from: number, to: number): Generator<SourceItem> {
  for (let v = from; v < to; v++) yield { type: 'row', key: `r${v}`, fields: { v, carried: `c${v}` } };
}

/** Rows of `old` are the same in every round; `more` has one row more each time, so the node as a whole was never seen. */
function makeRounds(
  store: Store,
  run: (v: number) => RowOutcome = (v) => ({ type: 'emit', emissions: [emission(v)] }),
) {
  let ran: number[] = [];
  const kind = rowOf(
    ({ row }) => {
      const v = Number((row.fields as { v: number }).v);
      ran.push(v);
      return run(v);
    },
    { reads: ['v'] },
  );
  return async (round: number, on: Store = store) => {
    ran = [];
    const plan = makePlanOf([
      { id: 'old', kind: sourceOf(() => numbers(0, COUNT)) },
      { id: 'more', kind: sourceOf(() => numbers(COUNT, COUNT + round), 'more', round) },
      { id: 'doubled', kind, from: ['old', 'more'] },
    ]);
    const done = await runEngine(plan, on);
    assert.is(done.result.outcome, 'done');
    return { done, ran };
  };
}

const emission = (v: number) => ({ set: { twice: 2 * v } });

async function assertClean(done: EngineRun, store: Store, round: number): Promise<void> {
  const clean = makeMemoryStore();
  const { done: fresh } = await makeRounds(clean)(round);
  assert.equal(done.result.nodes.get('doubled')?.ports['out'], fresh.result.nodes.get('doubled')?.ports['out']);
  assert.equal(await rowsOf(done, store, 'doubled'), await rowsOf(fresh, clean, 'doubled'));
}

/** The store, with what is read of it noted or bent. */
function watching(
  store: Store,
  watch: { blob?(digest: Digest): void; entry?(entry: Entry): Entry; has?(digest: Digest): boolean },
): Store {
  const { blobs, entries } = store;
  return {
    ...store,
    blobs: {
      put: (all) => blobs.put(all),
      get: (digests) => {
        for (const digest of digests) watch.blob?.(digest);
        return blobs.get(digests);
      },
      has: async (digests) =>
        (await blobs.has(digests)).map((is, nth) => is && (watch.has?.(digests[nth] ?? '') ?? true)),
    },
    entries: {
      put: (...args) => entries.put(...args),
      get: async (level, keys) =>
        (await entries.get(level, keys)).map((entry) =>
          entry === undefined ? undefined : (watch.entry?.(entry) ?? entry),
        ),
    },
  };
}

test('a recalled row is not read', async () => {
  const store = makeMemoryStore();
  const run = makeRounds(store);
  await run(1);
  const read: Digest[] = [];
  const { done, ran } = await run(2, watching(store, { blob: (digest) => read.push(digest) }));
  assert.equal(ran, [COUNT + 1]);
  const chunks = new Set(done.result.nodes.get('old')?.ports['out']?.chunks.map(({ digest }) => digest));
  assert.ok(chunks.size > 0);
  // Chunks, and at most the few rows of one that is too short to keep anything for.
  assert.ok(read.filter((digest) => !chunks.has(digest)).length < 20, `${read.length} reads, ${chunks.size} chunks`);
  await assertClean(done, store, 2);
});

test('action keys that are cut short are worked out again', async () => {
  const store = makeMemoryStore();
  const run = makeRounds(store);
  await run(1);
  let bent = 0;
  const cut = (entry: Entry): Entry => {
    if (typeof entry.body['keys'] !== 'string') return entry;
    bent++;
    return { ...entry, body: { keys: bent % 2 === 0 ? 7 : entry.body['keys'].slice(44) } };
  };
  const { done, ran } = await run(2, watching(store, { entry: cut }));
  assert.ok(bent > 0);
  assert.equal(ran, [COUNT + 1]);
  await assertClean(done, store, 2);
});

test('rows that came of an action and are gone are made again from what they were laid over', async () => {
  const store = makeMemoryStore();
  const run = makeRounds(store);
  await run(1);
  const { done, ran } = await run(2, watching(store, { has: (digest) => digest < '8' }));
  assert.equal(ran, [COUNT + 1]);
  await assertClean(done, store, 2);
});

test('rejections are recalled the same way, and another version of the kind recalls nothing', async () => {
  const store = makeMemoryStore();
  const run = makeRounds(store, (v) =>
    v % 3 === 0 ? { type: 'reject', code: 'third', reason: `${v}` } : { type: 'emit', emissions: [emission(v)] },
  );
  const { done: first } = await run(1);
  const { done, ran } = await run(2);
  assert.equal(ran, [COUNT + 1]);
  assert.is(
    done.result.nodes.get('doubled')?.ports['rejected']?.digest,
    first.result.nodes.get('doubled')?.ports['rejected']?.digest,
  );
  const plan = (version: number) =>
    makePlanOf([
      { id: 'old', kind: sourceOf(() => numbers(0, COUNT)) },
      {
        id: 'doubled',
        kind: rowOf(({ row }) => ({ type: 'emit', emissions: [{ set: { version, is: row.fields } }] }), {
          reads: ['v'],
          version,
        }),
        from: ['old'],
      },
    ]);
  await runEngine(plan(7), store);
  const again = await runEngine(plan(8), store);
  assert.is(again.result.rowsReused, COUNT);
  assert.equal((await rowsOf(again, store, 'doubled'))[5]?.fields, { v: 5, carried: 'c5', version: 8, is: { v: 5 } });
});

test.run();
