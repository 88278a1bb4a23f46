/** Sets of the hub, over its protocol and with shards of another writer: what is read, how much of it, and what goes wrong. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { compress, init } from '@bokuweb/zstd-wasm';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { SourceItem, SourceKind } from '#contract/kind.ts';
import type { DatasetRef } from '#contract/services.ts';
import { sampleKind } from '#kinds/sample/kind.ts';
import { type ShardRow, trajectoryRows, writeShard } from '#rig/arrow-shards.ts';
import { failureOf, jsonl } from '#rig/data-sources.ts';
import { resolveConfig } from '#rig/drive-kind.ts';
import { type HubRig, hubRig } from '#rig/hub-rig.ts';
import { commitOf, type HubFault, type HubServer, startHubServer } from '#rig/hub-server.ts';
import { Footers } from '#services/datasets/footers.ts';
import { makeMemoryStore } from '#store/memory/memory-store.ts';

/** 6,144 rows in three groups, written by DuckDB 1.5.6; group g holds the names whose number is g modulo 3, of 300. */
const DUCKDB = fileURLToPath(new URL('./shards/duckdb-bloom.parquet', import.meta.url));
const zstd = (text: string) => new Uint8Array(compress(Buffer.from(text)));

const ROWS = 240;
const rows = trajectoryRows(ROWS * 3);
const shard = (nth: number, options: Partial<Parameters<typeof writeShard>[1]> = {}) =>
  writeShard(rows.slice(nth * ROWS, (nth + 1) * ROWS), { rowGroup: 80, page: 2048, batch: 16, ...options });
const paged = shard(0);
const SET = {
  'README.md': '# A set without a header\n',
  'data/train-00000-of-00003.parquet': paged,
  'data/train-00001-of-00003.parquet': shard(1, { compression: 'zstd' }),
  'data/train-00002-of-00003.parquet': shard(2, { compression: 'none', hasPageIndex: false }),
  'data/test-00000-of-00001.parquet': shard(0),
};

let hub: HubServer;

test.before(async () => {
  await init();
  hub = await startHubServer({ 'o/set': { files: SET, revisions: ['v1', 'refs/convert/parquet'] } });
});
test.before.each(() => {
  hub.reset();
  hub.fault = null;
  hub.repos = { 'o/set': { files: SET, revisions: ['v1', 'refs/convert/parquet'] } };
});
test.after(() => hub.close());

async function withRig<T>(
  work: (rig: HubRig) => Promise<T>,
  options: Parameters<typeof hubRig>[1] = {},
  env = {},
): Promise<T> {
  const rig = hubRig({ HF_ENDPOINT: hub.url, ...env }, options);
  try {
    return await work(rig);
  } finally {
    await rig.close();
  }
}

async function draw(rig: HubRig, dataset: DatasetRef, config: { readonly [name: string]: unknown }) {
  const plain = resolveConfig(sampleKind, { dataset: 'x', strategy: 'windows', ...config }) as object;
  const context = { config: { ...plain, dataset }, datasets: rig.datasets, signal: new AbortController().signal };
  const drawn: Extract<SourceItem, { type: 'row' }>[] = [];
  for await (const items of (sampleKind as SourceKind).run(context as never))
    for (const item of items as readonly SourceItem[]) if (item.type === 'row') drawn.push(item);
  return drawn;
}

const bodies = () => hub.log.filter(({ kind }) => kind === 'cdn');
const messagesOf = (row: ShardRow) => row['messages'] as readonly { readonly content: string }[];

test('windows read what they draw, and give what was written', () =>
  withRig(async (rig) => {
    const ref = await rig.ref('hf://o/set');
    assert.equal(
      ref.files.map(({ name }) => name),
      Object.keys(SET).slice(1, 4),
    );
    hub.reset();
    const drawn = await draw(rig, ref, { count: 96, window: 16, seed: 3 });
    assert.is(drawn.length, 96);
    for (const { key, fields } of drawn) {
      const { file, row } = fields['source'] as { file: string; row: number };
      assert.ok(key.startsWith(`o/set/${file}/${row}/`), 'no revision in a key');
      const written = rows[Number(/train-(\d+)/.exec(file)?.[1]) * ROWS + row] as ShardRow;
      assert.is(fields['instance_id'], written['instance_id']);
      const at = (fields['messages'] as readonly unknown[]).length;
      assert.is(fields['reference'], messagesOf(written)[at]?.content);
    }
    const all = Object.values(SET).reduce((sum, bytes) => sum + bytes.length, 0);
    assert.ok(hub.bytesServed < all / 2, `${hub.bytesServed} of ${all} bytes`);
    // A rerun, by another process on the same store, reads nothing.
    hub.reset();
    await withRig(
      async (again) =>
        assert.equal(
          (await draw(again, ref, { count: 96, window: 16, seed: 3 })).map(({ key }) => key),
          drawn.map(({ key }) => key),
        ),
      { store: rig.remotes.store },
    );
    assert.is(hub.log.length, 0);
    // A larger count goes further along the same order.
    const more = await draw(rig, ref, { count: 130, window: 16, seed: 3 });
    assert.equal(
      more.slice(0, 96).map(({ key }) => key),
      drawn.map(({ key }) => key),
    );
    // To the end: every trajectory once before any twice, and never a turn twice.
    const everything = await draw(rig, ref, { window: 16, seed: 3 });
    assert.is(new Set(everything.map(({ key }) => key)).size, ROWS * 3 * 2);
    assert.is(new Set(everything.slice(0, ROWS * 3).map(({ key }) => key.replace(/\/\d+$/, ''))).size, ROWS * 3);
  }));

test('a split of hundreds of shards: only those that are drawn from are touched', () =>
  withRig(async (rig) => {
    const files = Object.fromEntries(
      Array.from({ length: 230 }, (_, nth) => [
        `data/train-${String(nth).padStart(5, '0')}-of-00230.parquet`,
        nth % 2 === 0 ? paged : shardTwo,
      ]),
    );
    hub.repos = { 'o/wide': { files } };
    const ref = await rig.ref('hf://o/wide');
    assert.is(ref.files.length, 230, 'all pages of the tree');
    hub.reset();
    const drawn = await draw(rig, ref, { count: 40, window: 8 });
    const touched = new Set(hub.log.map(({ path }) => path));
    assert.is(touched.size, 5);
    assert.is(new Set(drawn.map(({ fields }) => (fields['source'] as { file: string }).file)).size, 5);
  }));
const shardTwo = shard(1);

test('shards that will be drawn from are opened side by side, and parsed once', () =>
  withRig(async (rig) => {
    const ref = await rig.ref('hf://o/set');
    const held: (() => void)[] = [];
    // Nobody is answered before all three have been asked for.
    hub.fault = ({ kind, nth, range }, response, bytes) => {
      if (kind !== 'cdn' || nth > 0 || range === null || bytes === null) return false;
      const headers = { 'content-range': `bytes ${range[0]}-${range[1] - 1}/${bytes.length}` };
      held.push(() => response.writeHead(206, headers).end(bytes.subarray(...range)));
      if (held.length === 3) for (const answer of held) answer();
      return true;
    };
    assert.is((await draw(rig, ref, { count: 24, window: 8 })).length, 24);
    assert.is(held.length, 3);
  }));

test('a footer is asked for once, until something was wrong with what it is the footer of', async () => {
  let asked = 0;
  const footers = new Footers(async (ranges) => {
    asked++;
    return ranges.map((range) => paged.slice(...range));
  });
  const open = (key: string) => footers.open(key, paged.length, 'a.parquet', ['instance_id']);
  assert.is((await open('a')).groups.length, 3);
  const once = asked;
  assert.ok(once > 0);
  assert.is((await open('a')).groups.length, 3);
  assert.is(asked, once);
  await open('b');
  assert.is(asked, 2 * once);
  footers.clear();
  await open('a');
  assert.is(asked, 3 * once);
});

test('records are found by key from the pages of one column', () =>
  withRig(async (rig) => {
    const ref = await rig.ref('hf://o/set@v1');
    hub.reset();
    const wanted = [rows[3]?.['instance_id'], rows[500]?.['instance_id'], 'nobody-1', 'ünknown-1'] as string[];
    const found = await rig.datasets.find(ref, 'instance_id', wanted, { columns: ['instance_id', 'messages'] });
    const expected = rows.flatMap((row, nth) => (wanted.includes(row['instance_id'] as string) ? [nth] : []));
    assert.ok(expected.length >= 2);
    assert.equal(
      found.map(({ file, index }) => Number(/train-(\d+)/.exec(file)?.[1]) * ROWS + index),
      expected,
    );
    for (const [nth, { value }] of found.entries())
      assert.equal(value['messages'], rows[expected[nth] as number]?.['messages']);
    hub.reset();
    assert.equal(await rig.datasets.find(ref, 'instance_id', wanted.slice(2)), []);
    assert.is(bodies().length, 0, 'the column is known by now');
    const missing = await failureOf(rig.datasets.find(ref, 'pr_id', ['x']));
    assert.is(missing.code, 'dataset-column-missing');
    assert.match(missing.message, /train-00000-of-00003\.parquet: row group 0 has no column 'pr_id'/);
  }));

test('other formats are streamed, and read again from the middle where they can be', () =>
  withRig(async (rig) => {
    const text = jsonl(rows.slice(0, 40));
    hub.repos = {
      'o/text': {
        files: {
          'README.md':
            '---\nconfigs:\n- config_name: a\n  data_files:\n  - split: train\n    path: "a/*.jsonl"\n- config_name: b\n  default: true\n  data_files: b/*.jsonl.gz\n---\n',
          'a/one.jsonl': text,
          'b/one.jsonl.gz': new Uint8Array(gzipSync(text)),
          'c/one.jsonl.zst': zstd(text),
        },
      },
    };
    for (const spec of [
      'hf://o/text?config=a',
      'hf://o/text',
      'hf://o/text/a/one.jsonl',
      'hf://o/text/**/*.gz',
      'hf://o/text/c/*.zst',
    ]) {
      const ref = await rig.ref(spec);
      assert.is(ref.files.length, 1, spec);
      const drawn = await draw(rig, ref, { count: 20, window: 4 });
      assert.is(drawn.length, 20);
      assert.is((await rig.datasets.find(ref, 'instance_id', [rows[7]?.['instance_id'] as string])).length, 1);
    }
    assert.is((await failureOf(rig.ref('hf://o/text?config=c'))).code, 'dataset-config-unknown');
    assert.is((await failureOf(rig.ref('hf://o/text?split=test'))).code, 'dataset-split-unknown');
    assert.is((await failureOf(rig.ref('hf://o/text/nothing'))).code, 'dataset-not-found');
  }));

test('a packed file that ends too early is told by name', () =>
  withRig(async (rig) => {
    const whole = zstd(jsonl(rows));
    hub.repos = {
      'o/cut': { files: { 'a.jsonl.zst': whole.subarray(0, whole.length - 40) } },
      'o/whole': { files: { 'a.jsonl.zst': whole } },
    };
    const read = async (name: string) =>
      (await draw(rig, await rig.ref(name), { count: 400, strategy: 'uniform' })).length;
    const failure = await failureOf(read('hf://o/cut'));
    assert.is(failure.code, 'dataset-corrupt');
    assert.match(failure.message, /a\.jsonl\.zst/);
    assert.is(await read('hf://o/whole'), 400);
  }));

test('Bloom filters keep row groups unread that statistics cannot rule out', async () => {
  // Each of four groups holds every fourth name, so lowest and highest tell nothing.
  const [groups, size] = [4, 2000];
  const name = (nth: number) => `owner__repo-${String(nth).padStart(4, '0')}`;
  const names = Array.from({ length: groups * size }, (_, at) => name(groups * (at % size) + Math.floor(at / size)));
  const write = (bloomFilter: boolean) =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [{ name: 'instance_id', data: names, type: 'STRING', bloomFilter, encoding: 'PLAIN' }],
        rowGroupSize: size,
        codec: 'UNCOMPRESSED',
      }),
    );
  const groupBytes = size * (name(0).length + 4);
  /** Row groups whose column was read for a lookup. */
  const groupsRead = (bloomFilter: boolean, wanted: readonly string[]) =>
    withRig(async (rig) => {
      hub.repos = { 'o/prs': { files: { 'data/a.parquet': write(bloomFilter) } } };
      const ref = await rig.ref('hf://o/prs');
      hub.reset();
      const found = await rig.datasets.find(ref, 'instance_id', wanted);
      assert.equal(
        found.map(({ value }) => value['instance_id']),
        wanted.filter((id) => names.includes(id)),
      );
      const lengths = bodies().map(({ range }) => (range === null ? 0 : range[1] - range[0]));
      return Math.floor(
        lengths.filter((length) => length >= groupBytes).reduce((sum, each) => sum + each, 0) / groupBytes,
      );
    });
  const absent = [1003, 2005, 3010].map((nth) => `${name(nth)}x`);
  // The end of the file is as long as a group, and read in any case.
  assert.equal([await groupsRead(false, absent), await groupsRead(true, absent)], [4, 1]);
  assert.equal([await groupsRead(false, [name(10)]), await groupsRead(true, [name(10)])], [4, 2]);
});

test('Bloom filters of another writer (DuckDB) are understood: nothing that is there is ruled out', () =>
  withRig(async (rig) => {
    hub.repos = { 'o/duck': { files: { 'data/a.parquet': new Uint8Array(readFileSync(DUCKDB)) } } };
    const ref = await rig.ref('hf://o/duck');
    for (let nth = 0; nth < 300; nth += 23) {
      const id = `owner__repo-${String(nth).padStart(4, '0')}`;
      const found = await rig.datasets.find(ref, 'instance_id', [id]);
      assert.ok(found.length >= 20 && found.every(({ value }) => value['instance_id'] === id), id);
    }
    assert.equal(await rig.datasets.find(ref, 'instance_id', ['owner__repo-0100x', 'owner__repo-0001y']), []);
  }));

test('names: what does not exist, what may not be read, and what a token is for', async () => {
  const ask = (spec: string, env = {}) => withRig((rig) => failureOf(rig.ref(spec)), {}, env);
  assert.is((await ask('hf://o/none')).code, 'dataset-not-found');
  const wrong = await ask('hf://o/set@v9');
  assert.is(wrong.code, 'dataset-revision-unknown');
  assert.match(wrong.message, "o/set has no revision 'v9'");
  for (const spec of ['hf://o', 'hf://o/set?part=1', 'hf://o/set/../x', 'hf://o/se t'])
    assert.is((await ask(spec)).code, 'dataset-spec-invalid', spec);
  await withRig(async (rig) => {
    const { remote } = await rig.ref('hf://o/set@refs/convert/parquet');
    assert.equal(remote, { type: 'hub', repo: 'o/set', revision: commitOf('o/set', 'refs/convert/parquet') });
  });
  hub.repos = { 'o/closed': { files: SET, token: 'hf_secret_value' }, 'o/gated': { files: SET, isGated: true } };
  assert.is((await ask('hf://o/closed')).code, 'dataset-not-found');
  assert.is((await ask('hf://o/gated')).code, 'remote-unauthorized');
  hub.reset();
  await withRig(
    async (rig) => {
      const ref = await rig.ref('hf://o/closed');
      assert.equal(ref.remote, { type: 'hub', repo: 'o/closed', revision: commitOf('o/closed') });
      assert.is((await draw(rig, ref, { count: 4 })).length, 4);
    },
    {},
    { HF_TOKEN: 'hf_secret_value' },
  );
  assert.ok(bodies().length > 0);
  assert.ok(
    hub.log.every(({ kind, authorization }) => (authorization === undefined) === (kind === 'cdn')),
    'the token stays with the hub',
  );
  hub.fault = (_, response) => Boolean(response.writeHead(200).end('<html>'));
  assert.is((await ask('hf://o/set')).code, 'remote-bad-answer');
  const nobody = await failureOf(withRig((rig) => rig.ref('hf://o/set'), {}, { HF_ENDPOINT: 'http://127.0.0.1:9' }));
  assert.is(nobody.code, 'remote-unavailable');
});

/** Each answers the second question to a shard's bytes (the first is its footer), or all of them. */
const data: (answer: HubFault) => HubFault = (answer) => (request, response, bytes) =>
  request.kind === 'cdn' && request.nth > 0 && answer(request, response, bytes);

const FAULTS: readonly (readonly [name: string, code: string, message: RegExp, fault: HubFault])[] = [
  [
    '404',
    'dataset-file-missing',
    /row group \d.*has no data\/train/,
    data((_, response) => Boolean(response.writeHead(404).end())),
  ],
  [
    '500',
    'remote-unavailable',
    /train-0000\d.*: row group \d.*HTTP 500 \(asked 4 times\)/,
    data((_, response) => Boolean(response.writeHead(500).end())),
  ],
  [
    '429',
    'remote-rate-limited',
    /row group \d.*limits requests/,
    data((_, response) => Boolean(response.writeHead(429, { 'retry-after': '3600' }).end())),
  ],
  ['slow', 'remote-timeout', /row group \d.*in time/, data(() => true)],
  [
    'hangs inside the body',
    'remote-timeout',
    /row group \d.*in time/,
    data(({ range }, response, bytes) => {
      const [start, end] = range ?? [0, 0];
      response
        .writeHead(206, {
          'content-range': `bytes ${start}-${end - 1}/${bytes?.length}`,
          'content-length': end - start,
        })
        .flushHeaders();
      return true;
    }),
  ],
  ['drops', 'remote-unavailable', /row group \d/, data((_, response) => Boolean(response.destroy()))],
  [
    'other range',
    'remote-bad-answer',
    /row group \d.*sends bytes 0-/,
    data(({ range }, response, bytes) => {
      const length = (range?.[1] ?? 0) - (range?.[0] ?? 0);
      response
        .writeHead(206, { 'content-range': `bytes 0-${length - 1}/${bytes?.length}` })
        .end(bytes?.subarray(0, length));
      return true;
    }),
  ],
  [
    'other length',
    'remote-bad-answer',
    /row group \d.*announces 9 bytes/,
    data(({ range }, response, bytes) => {
      response
        .writeHead(206, {
          'content-range': `bytes ${range?.[0]}-${(range?.[1] ?? 1) - 1}/${bytes?.length}`,
          'content-length': 9,
        })
        .end('123456789');
      return true;
    }),
  ],
  [
    'endless',
    'remote-bad-answer',
    /row group \d.*more than the \d+ bytes/,
    data(({ range }, response, bytes) => {
      response.writeHead(206, { 'content-range': `bytes ${range?.[0]}-${(range?.[1] ?? 1) - 1}/${bytes?.length}` });
      const more = () => void (response.destroyed || response.write(Buffer.alloc(1 << 16), () => setImmediate(more)));
      more();
      return true;
    }),
  ],
  [
    'whole file',
    'remote-bad-answer',
    /row group \d.*serves no byte ranges/,
    data((_, response, bytes) => Boolean(response.writeHead(200).end(bytes))),
  ],
  [
    'gzip bomb',
    'remote-bad-answer',
    /row group \d.*packed body \(gzip\)/,
    data(({ range }, response, bytes) => {
      const bomb = gzipSync(Buffer.alloc(1 << 20));
      response
        .writeHead(206, {
          'content-range': `bytes ${range?.[0]}-${(range?.[1] ?? 1) - 1}/${bytes?.length}`,
          'content-encoding': 'gzip',
        })
        .end(bomb);
      return true;
    }),
  ],
  [
    'truncated',
    'dataset-corrupt',
    /train-0000\d.*has 5000 bytes of it/,
    ({ kind, range }, response) => {
      if (kind !== 'cdn') return false;
      response.writeHead(206, { 'content-range': `bytes ${range?.[0]}-${(range?.[1] ?? 1) - 1}/5000` }).end();
      return true;
    },
  ],
  [
    'redirect loop',
    'remote-redirect',
    /its footer.*more than 5 times/,
    ({ kind }, response) => kind === 'cdn' && Boolean(response.writeHead(302, { location: '?again' }).end()),
  ],
  [
    'redirect to a file',
    'remote-redirect',
    /not as safe/,
    ({ kind }, response) =>
      kind === 'cdn' && Boolean(response.writeHead(302, { location: 'file:///etc/passwd' }).end()),
  ],
];

for (const [name, code, message, fault] of FAULTS)
  test(`trouble with a shard, ${name}: typed, named, and a rerun goes on`, () =>
    withRig(async (rig) => {
      const ref = await rig.ref('hf://o/set');
      hub.fault = fault;
      const failure = await failureOf(draw(rig, ref, { count: 8, window: 8 }));
      assert.is(failure.code, code, failure.message);
      assert.match(failure.message, message);
      assert.match(failure.message, /data\/train-0000\d-of-00003\.parquet/);
      hub.fault = null;
      assert.is((await draw(rig, ref, { count: 8, window: 8 })).length, 8);
    }));

test('a broken connection goes on where it broke, and short limits are waited for', () =>
  withRig(async (rig) => {
    const ref = await rig.ref('hf://o/set');
    hub.fault = data(({ nth, range }, response, bytes) => {
      if (nth === 1) return Boolean(response.writeHead(503, { 'retry-after': '0' }).end());
      if (nth % 2 === 1 || range === null || range[1] - range[0] < 4096) return false;
      const [start, end] = range;
      response.writeHead(206, {
        'content-range': `bytes ${start}-${end - 1}/${bytes?.length}`,
        'content-length': end - start,
      });
      response.write(bytes?.subarray(start, start + 1000), () => response.destroy());
      return true;
    });
    assert.is((await draw(rig, ref, { count: 24, window: 8 })).length, 24);
    const starts = bodies().map(({ path, range }) => `${path} ${range?.[0]}`);
    assert.ok(
      bodies().some(({ path, range }) => starts.includes(`${path} ${(range?.[0] ?? 0) - 1000}`)),
      'the rest alone was asked for',
    );
  }));

test('a damaged page is told by shard and row group, and fetched anew once it is mended', async () => {
  const store = makeMemoryStore();
  const bytes = SET['data/train-00002-of-00003.parquet'];
  const one = { 'data/train-00000-of-00001.parquet': bytes };
  hub.repos = { 'o/one': { files: one } };
  hub.fault = data(({ range }, response) => {
    const [start, end] = range ?? [0, 0];
    const damaged = bytes.slice(start, end).map((byte, at) => (at % 7 === 0 ? byte ^ 0xff : byte));
    response.writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` }).end(damaged);
    return true;
  });
  await withRig(
    async (rig) => {
      const ref = await rig.ref('hf://o/one');
      const failure = await failureOf(draw(rig, ref, { count: 8, window: 8 }));
      assert.is(failure.code, 'dataset-corrupt');
      assert.match(failure.message, /data\/train-00000-of-00001\.parquet: row group \d/);
      hub.fault = null;
      assert.is((await draw(rig, ref, { count: 8, window: 8 })).length, 8);
    },
    { store },
  );
});

test('a missing column is told by shard and row group', () =>
  withRig(async (rig) => {
    const bare = rows.slice(0, 20).map(({ messages: _, ...rest }) => rest);
    hub.repos = { 'o/bare': { files: { 'data/train-00000-of-00001.parquet': writeShard(bare, { rowGroup: 10 }) } } };
    const failure = await failureOf(draw(rig, await rig.ref('hf://o/bare'), { count: 2 }));
    assert.is(failure.code, 'dataset-column-missing');
    assert.match(failure.message, /train-00000-of-00001\.parquet: row group 0 has none of the columns messages/);
  }));

test.run();
