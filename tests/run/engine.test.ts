/** The engine's promises, one scenario a test: streaming, failure, partial ports, reuse, lost bodies, drains. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '#contract/failure.ts';
import type { RowOutcome, SourceItem, WholeKind } from '#contract/kind.ts';
import type { Store } from '#contract/store.ts';
import { collect, makePlanOf, rowOf, rowsOf, runEngine, sourceOf } from '#rig/engine.ts';
import { Port } from '#run/port.ts';
import { Rows } from '#run/rows.ts';
import { makeMemoryStore } from '#store/memory/memory-store.ts';
import { sha256 } from '#util/sha256.ts';

function* numbers(count: number): Generator<SourceItem> {
  for (let v = 0; v < count; v++) yield { type: 'row', key: `r${v}`, fields: { v, carried: `c${v}` } };
}

const emit = (set = {}): RowOutcome => ({ type: 'emit', emissions: [{ set }] });
const numberOf = (fields: object): number => Number((fields as { v: number }).v);

/** A promise that the test settles. */
function gate<T>() {
  let open!: (value: T) => void;
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

test('rows stream past a slow one, and order still comes out canonical', async () => {
  const slow = gate<RowOutcome>();
  const seen: number[] = [];
  const first = rowOf(({ row }) => (numberOf(row.fields) === 0 ? slow.promise : Promise.resolve(emit({ a: 1 }))), {
    name: 'first',
  });
  const second = rowOf(
    ({ row }) => {
      seen.push(numberOf(row.fields));
      // The last of the others to arrive lets the slow one go: were rows held back, this would never happen.
      if (seen.length === 9) slow.open(emit({ a: 1 }));
      return Promise.resolve(emit({ b: 1 }));
    },
    { name: 'second' },
  );
  const store = makeMemoryStore();
  const run = await runEngine(
    makePlanOf([
      { id: 'src', kind: sourceOf(() => numbers(10)) },
      { id: 'a', kind: first, from: ['src'] },
      { id: 'b', kind: second, from: ['a'] },
    ]),
    store,
  );
  assert.is(run.result.outcome, 'done');
  assert.equal(seen.at(-1), 0);
  assert.equal(
    (await rowsOf(run, store, 'b')).map(({ fields }) => fields['v']),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
});

test('rows of two inputs with one key are two rows, also where one was taken early', async () => {
  const [ofA, ofB] = [gate<RowOutcome>(), gate<RowOutcome>()];
  const list = (from: string, keys: readonly string[]): SourceItem[] =>
    keys.map((key) => ({ type: 'row', key, fields: { from, key } }));
  const wait = (name: string, keys: readonly unknown[], until: Promise<RowOutcome>) =>
    rowOf(({ row }) => (keys.includes(row.fields['key']) ? until : Promise.resolve(emit({ by: name }))), { name });
  const union = rowOf(
    ({ row }) => {
      const { from, key } = row.fields as { from: string; key: string };
      // The row of b overtakes its neighbour, and only then does its namesake of a come; b goes on after that.
      if (from === 'b' && key === 'same') ofA.open(emit({ by: 'a' }));
      if (from === 'a' && key === 'last') ofB.open(emit({ by: 'b' }));
      return Promise.resolve({ type: 'emit', emissions: [{ suffix: from, set: {} }] });
    },
    { name: 'union' },
  );
  const store = makeMemoryStore();
  const run = await runEngine(
    makePlanOf([
      { id: 'sa', kind: sourceOf(() => list('a', ['same', 'last']), 'sa') },
      { id: 'sb', kind: sourceOf(() => list('b', ['first', 'same']), 'sb') },
      { id: 'a', kind: wait('a', ['same', 'last'], ofA.promise), from: ['sa'] },
      { id: 'b', kind: wait('b', ['first'], ofB.promise), from: ['sb'] },
      { id: 'u', kind: union, from: ['a', 'b'] },
    ]),
    store,
  );
  assert.is(run.result.outcome, 'done');
  assert.equal(
    (await rowsOf(run, store, 'u')).map(({ key }) => key),
    ['same/a', 'last/a', 'first/b', 'same/b'],
  );
});

test('a diamond with a barrier on one arm ends at any size', async () => {
  const store = makeMemoryStore();
  const run = await runEngine(
    makePlanOf([
      { id: 'src', kind: sourceOf(() => numbers(20_000)) },
      { id: 'all', kind: collect('v'), from: ['src'] },
      { id: 'keyed', kind: rowOf(() => emit({ v: 7 }), { name: 'keyed', own: true, reuse: 'node' }), from: ['all'] },
      {
        id: 'joined',
        kind: rowOf(() => emit(), { name: 'joined', reads: ['v'], reuse: 'node' }),
        from: ['src'],
        lookups: { other: { from: 'keyed', match: 'v' } },
      },
    ]),
    store,
  );
  assert.is(run.result.outcome, 'done');
  assert.equal(await rowsOf(run, store, 'joined'), [{ key: 'r7', fields: { v: 7, carried: 'c7' } }]);
  assert.is(run.result.nodes.get('joined')?.ports['rejected']?.count, 19_999);
});

test('a failed row lets the others finish, is never kept, and blocks what needs all', async () => {
  const store = makeMemoryStore();
  let ran = 0;
  let isBroken = true;
  const fragile = rowOf(
    ({ row }) => {
      ran++;
      if (isBroken && numberOf(row.fields) === 3) throw new Failure('flaky', 'not today');
      return emit({ ok: true });
    },
    { name: 'fragile', reads: ['v'] },
  );
  const plan = () =>
    makePlanOf([
      { id: 'src', kind: sourceOf(() => numbers(10)) },
      { id: 'work', kind: fragile, from: ['src'] },
      { id: 'sum', kind: collect('v'), from: ['work'] },
    ]);
  const first = await runEngine(plan(), store);
  assert.is(first.result.outcome, 'failed');
  assert.is(first.result.nodes.get('work')?.state, 'failed');
  assert.is(first.result.nodes.get('work')?.ports['out']?.partial, true);
  assert.is(first.result.nodes.get('sum')?.state, 'blocked');
  assert.is(first.result.nodes.get('sum')?.reason?.code, 'partial-input');
  assert.is(ran, 10);

  isBroken = false;
  const second = await runEngine(plan(), store);
  assert.is(second.result.outcome, 'done');
  assert.is(ran, 11);
});

test('allow_partial lets a whole node see what there is, under a key of its own', async () => {
  const store = makeMemoryStore();
  const broken = rowOf(({ row }) => {
    if (numberOf(row.fields) === 1) throw new Failure('flaky', 'no');
    return emit();
  });
  const run = await runEngine(
    makePlanOf([
      { id: 'src', kind: sourceOf(() => numbers(3)) },
      { id: 'work', kind: broken, from: ['src'] },
      { id: 'sum', kind: collect('v'), from: ['work'], over: { allowPartial: true } },
    ]),
    store,
  );
  assert.is(run.result.nodes.get('sum')?.state, 'done');
  assert.equal((await rowsOf(run, store, 'sum'))[0]?.fields, { values: [0, 2] });
});

test('a kind sees only what it declared, and unread fields ride along without being keyed', async () => {
  const store = makeMemoryStore();
  let carried = 'before';
  let ran = 0;
  const reader = rowOf(
    ({ row }) => {
      ran++;
      assert.equal({ ...row }, { key: '', fields: Object.assign(Object.create(null), { v: 0 }) });
      return emit({ twice: numberOf(row.fields) * 2 });
    },
    { reads: ['v'] },
  );
  const plan = () =>
    makePlanOf([
      { id: 'src', kind: sourceOf(() => [{ type: 'row', key: 'r', fields: { v: 0, carried } }], `src-${carried}`) },
      { id: 'work', kind: reader, from: ['src'] },
    ]);
  await runEngine(plan(), store);
  carried = 'after';
  const second = await runEngine(plan(), store);
  assert.is(ran, 1);
  assert.equal(await rowsOf(second, store, 'work'), [{ key: 'r', fields: { v: 0, carried: 'after', twice: 0 } }]);
});

test('equal contents cut off what comes after, whatever changed before', async () => {
  const store = makeMemoryStore();
  let downstream = 0;
  const countedNext = () => {
    downstream++;
    return emit({ n: 1 });
  };
  const plan = (version: number) =>
    makePlanOf([
      { id: 'src', kind: sourceOf(() => numbers(5)) },
      { id: 'work', kind: rowOf(() => emit({ w: 1 }), { name: 'work', version }), from: ['src'] },
      { id: 'next', kind: rowOf(countedNext, { name: 'next' }), from: ['work'] },
      { id: 'sum', kind: collect('n'), from: ['next'] },
    ]);
  await runEngine(plan(1), store);
  const second = await runEngine(plan(2), store);
  assert.is(downstream, 5);
  assert.is(second.result.nodes.get('sum')?.isReused, true);
});

test('a whole node is keyed by what it reads', async () => {
  const store = makeMemoryStore();
  let carried = 'before';
  let ran = 0;
  const plan = () => {
    const sum = collect('v', 'sum', ['v']);
    if (sum.scope !== 'whole') throw new Error('unexpected');
    const counting: WholeKind = {
      ...sum,
      run(ctx) {
        ran++;
        return sum.run(ctx);
      },
    };
    return makePlanOf([
      { id: 'src', kind: sourceOf(() => [{ type: 'row', key: 'r', fields: { v: 0, carried } }], `src-${carried}`) },
      { id: 'sum', kind: counting, from: ['src'] },
    ]);
  };
  await runEngine(plan(), store);
  carried = 'after';
  await runEngine(plan(), store);
  assert.is(ran, 1);
});

test('rows with equal projections of a distinct kind are one action', async () => {
  const store = makeMemoryStore();
  let ran = 0;
  const kind = rowOf(
    ({ row }) => {
      ran++;
      return Promise.resolve({
        type: 'emit',
        emissions: [{ key: `g${numberOf(row.fields)}`, set: { v: numberOf(row.fields) } }],
      });
    },
    { reads: ['v'], distinct: true, own: true },
  );
  const items: SourceItem[] = [0, 1, 0, 1, 2].map((v, nth) => ({ type: 'row', key: `r${nth}`, fields: { v } }));
  const run = await runEngine(
    makePlanOf([
      { id: 'src', kind: sourceOf(() => items) },
      { id: 'one', kind, from: ['src'] },
    ]),
    store,
  );
  assert.is(ran, 3);
  assert.equal(
    (await rowsOf(run, store, 'one')).map(({ key }) => key),
    ['g0', 'g1', 'g2'],
  );
  const end = run.events.find((event) => event.type === 'node-state' && event.node === 'one' && event.state === 'done');
  assert.ok(end?.type === 'node-state' && end.counts?.consumed === 2 && end.counts.emitted === 3);
});

test('two rows with one key fail the node by name', async () => {
  const items: SourceItem[] = [1, 2].map((v) => ({ type: 'row', key: 'same', fields: { v } }));
  const run = await runEngine(makePlanOf([{ id: 'src', kind: sourceOf(() => items) }]), makeMemoryStore());
  assert.is(run.result.nodes.get('src')?.state, 'failed');
  assert.match(run.result.nodes.get('src')?.reason?.message ?? '', /"same"/);
});

test('a value that no key can cover is refused where it enters', async () => {
  const items: SourceItem[] = [
    { type: 'row', key: 'good', fields: { v: 1 } },
    { type: 'row', key: 'lone', fields: { v: '\ud800' } },
    { type: 'row', key: 'big', fields: { v: 2 ** 60 } },
  ];
  const store = makeMemoryStore();
  const run = await runEngine(makePlanOf([{ id: 'src', kind: sourceOf(() => items) }]), store);
  assert.is(run.result.outcome, 'done');
  assert.equal(
    (await rowsOf(run, store, 'src')).map(({ key }) => key),
    ['good'],
  );
  const refused = await rowsOf(run, store, 'src', 'rejected');
  assert.equal(
    refused.map(({ fields }) => (fields['rejection'] as { code: string }).code),
    ['not-unicode', 'unsafe-integer'],
  );
});

test('a drain lets what is in flight finish and leaves the rest untried', async () => {
  const store = makeMemoryStore();
  const drain = new AbortController();
  const started: number[] = [];
  const work = rowOf(
    ({ row }) => {
      started.push(numberOf(row.fields));
      if (started.length === 1) drain.abort();
      return new Promise<RowOutcome>((resolve) => setImmediate(() => resolve(emit({ done: true }))));
    },
    { name: 'work' },
  );
  const plan = () =>
    makePlanOf([
      { id: 'src', kind: sourceOf(() => numbers(1000)) },
      { id: 'work', kind: work, from: ['src'] },
    ]);
  await runEngine(makePlanOf([{ id: 'src', kind: sourceOf(() => numbers(1000)) }]), store);
  const run = await runEngine(plan(), store, { drain: drain.signal });
  assert.is(run.result.outcome, 'stopped');
  const end = run.events.findLast((event) => event.type === 'node-state' && event.node === 'work');
  assert.ok(end?.type === 'node-state' && end.counts !== undefined);
  assert.ok(end.counts.untried > 0);
  assert.is(end.counts.emitted, started.length);

  const before = started.length;
  const rest = await runEngine(plan(), store);
  assert.is(rest.result.outcome, 'done');
  assert.is(started.length, 1000);
  assert.is(rest.result.rowsReused >= before, true);
});

/** A store from which bodies can be taken away, as a damaged disk would. */
function damageable() {
  const store = makeMemoryStore();
  const gone = new Set<string>();
  const damaged: Store = {
    ...store,
    blobs: {
      has: async (digests) => (await store.blobs.has(digests)).map((is, nth) => is && !gone.has(digests[nth] ?? '')),
      get: async (digests) =>
        (await store.blobs.get(digests)).map((bytes, nth) => (gone.has(digests[nth] ?? '') ? undefined : bytes)),
      async put(blobs) {
        for (const { digest } of blobs) gone.delete(digest);
        await store.blobs.put(blobs);
      },
    },
  };
  return { store: damaged, gone };
}

test('a lost body is made again in the same run, and nothing else is', async () => {
  const { store, gone } = damageable();
  const ran: string[] = [];
  const long = (v: number) => String(v).repeat(600);
  const plan = (version: number) =>
    makePlanOf([
      { id: 'src', kind: sourceOf(() => numbers(6)) },
      {
        id: 'work',
        kind: rowOf(
          ({ row }) => {
            ran.push(`work${numberOf(row.fields)}`);
            return emit({ text: long(numberOf(row.fields)) });
          },
          { name: 'work', reads: ['v'] },
        ),
        from: ['src'],
      },
      { id: 'next', kind: rowOf(() => emit({ n: 1 }), { name: 'next', version }), from: ['work'] },
    ]);
  const first = await runEngine(plan(1), store);
  const bodies = await rowsOf(first, store, 'work');
  ran.length = 0;
  gone.add(sha256(JSON.stringify(long(3))));
  const second = await runEngine(plan(2), store);
  assert.is(second.result.outcome, 'done');
  assert.equal(ran, ['work3']);
  assert.equal(await rowsOf(second, store, 'work'), bodies);
  assert.ok(second.events.some((event) => event.type === 'notice' && event.code === 'body-lost'));

  for await (const refs of Port.restore(
    'work',
    'out',
    new Rows(store.blobs),
    second.result.nodes.get('work')?.ports['out'] as never,
  ).scan()) {
    for (const { digest } of refs.slice(0, 2)) gone.add(digest);
  }
  ran.length = 0;
  const third = await runEngine(plan(3), store);
  assert.is(third.result.outcome, 'done');
  assert.equal(ran, []);
  assert.equal(await rowsOf(third, store, 'work'), bodies);
});

test('what is made again and differs is not believed', async () => {
  const { store, gone } = damageable();
  let answer = 'a';
  const plan = (version: number) =>
    makePlanOf([
      { id: 'src', kind: sourceOf(() => numbers(1)) },
      { id: 'work', kind: rowOf(() => emit({ text: answer.repeat(600) }), { name: 'work' }), from: ['src'] },
      { id: 'next', kind: rowOf(() => emit({ n: 1 }), { name: 'next', version }), from: ['work'] },
    ]);
  await runEngine(plan(1), store);
  gone.add(sha256(JSON.stringify('a'.repeat(600))));
  answer = 'b';
  const second = await runEngine(plan(2), store);
  assert.is(second.result.nodes.get('work')?.state, 'failed');
  assert.is(second.result.nodes.get('work')?.reason?.code, 'not-reproducible');
});

test('a kind that throws costs its row and is named as defective', async () => {
  const kind = rowOf(({ row }) => {
    if (numberOf(row.fields) === 1) throw new TypeError('oops');
    return emit();
  });
  const run = await runEngine(
    makePlanOf([
      { id: 'src', kind: sourceOf(() => numbers(3)) },
      { id: 'work', kind, from: ['src'] },
    ]),
    makeMemoryStore(),
  );
  const trouble = run.events.find((event) => event.type === 'row-trouble');
  assert.ok(trouble?.type === 'row-trouble' && trouble.code === 'kind-error' && trouble.row === 'r1');
});

test('on_failure: stop ends the node at the first failure, max_failures at the first too many', async () => {
  let ran = 0;
  const kind = rowOf(() => {
    ran++;
    return Promise.reject(new Failure('flaky', 'no'));
  });
  const plan = (over: object) =>
    makePlanOf([
      { id: 'src', kind: sourceOf(() => numbers(5000)) },
      { id: 'work', kind, from: ['src'], over },
    ]);
  const stop = await runEngine(plan({ onFailure: 'stop' }), makeMemoryStore());
  assert.is(stop.result.nodes.get('work')?.state, 'failed');
  assert.ok(ran < 1000, `${ran} rows were tried`);
});

test('a provisional row goes on, is stored no more than a failure, and is done again until it is whole', async () => {
  const store = makeMemoryStore();
  let isDown = true;
  let runs = 0;
  const judged = rowOf(
    ({ row }) => {
      runs++;
      if (!isDown || numberOf(row.fields) !== 3) return emit({ judges: 3 });
      const provisional = { code: 'llm-timeout', reason: 'one did not answer' };
      return { type: 'emit', emissions: [{ set: { judges: 2 } }], provisional };
    },
    { name: 'judged' },
  );
  let sums = 0;
  const whole = collect('v') as WholeKind;
  const counted = {
    ...whole,
    run: (ctx) => {
      sums++;
      return whole.run(ctx);
    },
  } as WholeKind;
  const plan = makePlanOf([
    { id: 'src', kind: sourceOf(() => numbers(5)) },
    { id: 'duel', kind: judged, from: ['src'] },
    { id: 'all', kind: counted, from: ['duel'] },
  ]);
  const first = await runEngine(plan, store);
  assert.equal([first.result.outcome, first.result.nodes.get('duel')?.isProvisional, runs], ['done', true, 5]);
  assert.equal(
    (await rowsOf(first, store, 'duel')).map(({ fields }) => fields['judges']),
    [3, 3, 3, 2, 3],
  );
  const notices = first.events.filter((event) => event.type === 'notice');
  assert.equal(
    notices.map(({ code, node }) => `${code} ${node}`),
    ['provisional-rows duel'],
  );
  const again = await runEngine(plan, store);
  assert.equal([again.result.nodes.get('duel')?.isProvisional, runs, sums], [true, 6, 1]);
  isDown = false;
  const whole2 = await runEngine(plan, store);
  assert.equal([whole2.result.nodes.get('duel')?.isProvisional, runs], [false, 7]);
  assert.equal(
    (await rowsOf(whole2, store, 'duel')).map(({ fields }) => fields['judges']),
    [3, 3, 3, 3, 3],
  );
  assert.is((await runEngine(plan, store)).result.nodes.get('duel')?.isReused, true);
});

test.run();
