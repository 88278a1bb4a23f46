/** Local datasets: every format gives the same records, trouble has a place, and damaged files end in named failures. */

import { createHash } from 'node:crypto';
import { appendFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { compress, init } from '@bokuweb/zstd-wasm';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DatasetRef } from '#contract/services.ts';
import { failureOf, jsonl, makeFolder, refOf } from '#rig/data-sources.ts';
import { makeDatasets } from '#services/datasets/dataset-service.ts';
import { LineSplitter } from '#services/datasets/split-lines.ts';

await init();

const rows = Array.from({ length: 700 }, (_, n) => ({
  id: `r${n % 650}`,
  n,
  text: `line ${n}\u2028 é`,
  list: [n, null],
}));

/** Each item as `file:line code` or its value. */
async function readAll(
  dir: string,
  spec: string,
  options: { columns?: string[]; maxLineBytes?: number; decodeMs?: number } = {},
) {
  const { columns, ...limits } = options;
  const service = makeDatasets({ dir, ...limits });
  const items: unknown[] = [];
  for await (const frame of service.read(await refOf(spec, dir), columns === undefined ? {} : { columns })) {
    for (const item of frame) {
      if ('record' in item) items.push(item.record.value);
      else items.push(`${item.trouble.file}:${item.trouble.index + 1} ${item.trouble.code}`);
    }
  }
  return items;
}

const parquet = (rowGroupSize = 300) =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'id', data: rows.map(({ id }) => id), type: 'STRING' },
        { name: 'n', data: rows.map(({ n }) => BigInt(n)), type: 'INT64' },
        { name: 'text', data: rows.map(({ text }) => text), type: 'STRING' },
      ],
      rowGroupSize,
    }),
  );

const plain = jsonl(rows);
const dir = makeFolder({
  'a.jsonl': plain,
  'a.jsonl.gz': gzipSync(plain),
  'members.jsonl.gz': Buffer.concat([gzipSync(jsonl(rows.slice(0, 9))), gzipSync(jsonl(rows.slice(9)))]),
  'a.ndjson.zst': compress(Buffer.from(plain)),
  'frames.jsonl.zst': Buffer.concat([
    compress(Buffer.from(jsonl(rows.slice(0, 9)))),
    compress(Buffer.from(jsonl(rows.slice(9)))),
  ]),
  'a.json': JSON.stringify(rows),
  'crlf.jsonl': `\ufeff${plain.replaceAll('\n', '\r\n\r\n')}`,
  'open.jsonl': plain.trimEnd(),
  'a.parquet': parquet(),
});

test('every container gives the same records', async () => {
  for (const name of [
    'a.jsonl',
    'a.jsonl.gz',
    'members.jsonl.gz',
    'a.ndjson.zst',
    'frames.jsonl.zst',
    'a.json',
    'crlf.jsonl',
    'open.jsonl',
  ])
    assert.equal(await readAll(dir, name), rows, name);
  assert.equal(
    await readAll(dir, 'a.parquet'),
    rows.map(({ id, n, text }) => ({ id, n, text })),
  );
  for (const name of ['a.jsonl', 'a.parquet'])
    assert.equal(
      await readAll(dir, name, { columns: ['n', 'absent'] }),
      rows.map(({ n }) => ({ n })),
    );
});

test('csv: quotes, breaks inside quotes, rows of a wrong length', async () => {
  const text = 'id,text\r\n1,"a ""b"", c\nd"\n2,\n3,x,y\n\n"4",é"t\n"5"x,y\n6,"never';
  const folder = makeFolder({ 'a.csv': text, 'a.tsv': 'a\tb\n1\t"2,3"\n', 'twice.csv': 'a,a\n1,2\n' });
  assert.equal(await readAll(folder, 'a.csv'), [
    { id: '1', text: 'a "b", c\nd' },
    { id: '2', text: '' },
    'a.csv:5 csv-fields',
    { id: '4', text: 'é"t' },
    'a.csv:8 csv-invalid',
    'a.csv:9 csv-invalid',
  ]);
  assert.equal(await readAll(folder, 'a.tsv'), [{ a: '1', b: '2,3' }]);
  assert.is((await failureOf(readAll(folder, 'twice.csv'))).code, 'csv-header');
});

test('a bad record is trouble with a place, and the stream goes on', async () => {
  const lines = [
    '{"a":1}',
    '',
    '{"a":',
    '[1]',
    'null',
    '{"a":9007199254740993}',
    '{"a":"9007199254740993 \\\\"}',
    '{"a":"\\ud800"}',
    '{"\\udfff":1}',
    `{"a":"${'x'.repeat(200)}"}`,
    '{"__proto__":{"b":1},"constructor":2}',
  ];
  const bytes = Buffer.concat([
    Buffer.from(`${lines.join('\n')}\n{"a":"`),
    Buffer.from([0xff]),
    Buffer.from('"}\n{"z":1}'),
  ]);
  const folder = makeFolder({ 'x.jsonl': bytes });
  const items = await readAll(folder, 'x.jsonl', { maxLineBytes: 100 });
  const hostile = JSON.parse('{"__proto__":{"b":1},"constructor":2}');
  assert.equal(items, [
    { a: 1 },
    'x.jsonl:3 not-json',
    'x.jsonl:4 not-an-object',
    'x.jsonl:5 not-an-object',
    'x.jsonl:6 unsafe-integer',
    { a: '9007199254740993 \\' },
    'x.jsonl:8 not-unicode',
    'x.jsonl:9 not-unicode',
    'x.jsonl:10 line-too-long',
    hostile,
    'x.jsonl:12 not-unicode',
    { z: 1 },
  ]);
  assert.ok(Object.hasOwn(items[9] as object, '__proto__'));
});

test('deep and long values neither crash nor hang', async () => {
  const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
  const folder = makeFolder({ 'deep.jsonl': deep, 'long.jsonl': `{"a":"${'x'.repeat(3_000_000)}"}\n{"b":1}\n` });
  assert.is((await readAll(folder, 'deep.jsonl')).length, 1);
  assert.equal(await readAll(folder, 'long.jsonl', { maxLineBytes: 1_000_000 }), [
    'long.jsonl:1 line-too-long',
    { b: 1 },
  ]);
});

test('damaged files end in failures that name the file, and the row group', async () => {
  const cut = (bytes: Uint8Array, share: number) => bytes.subarray(0, Math.floor(bytes.length * share));
  const broken = parquet(100);
  broken.fill(0xff, 40, 400);
  const window = Buffer.from(compress(Buffer.from(plain)));
  const folder = makeFolder({
    'cut.jsonl.gz': cut(gzipSync(plain), 0.6),
    'bad.jsonl.gz': 'no gzip at all',
    'cut.jsonl.zst': cut(compress(Buffer.from(plain)), 0.6),
    'bad.jsonl.zst': 'no zstd at all',
    'huge.jsonl.zst': Buffer.concat([window.subarray(0, 4), Buffer.from([0, 0xff, 0, 0, 0, 0])]),
    'cut.parquet': cut(parquet(), 0.6),
    'broken.parquet': broken,
    'empty.parquet': '',
  });
  for (const name of [
    'cut.jsonl.gz',
    'bad.jsonl.gz',
    'cut.jsonl.zst',
    'bad.jsonl.zst',
    'huge.jsonl.zst',
    'cut.parquet',
    'empty.parquet',
  ]) {
    const { code, message } = await failureOf(readAll(folder, name));
    assert.is(code, 'dataset-corrupt', name);
    assert.match(message, name);
  }
  const { code, message } = await failureOf(readAll(folder, 'broken.parquet'));
  assert.is(code, 'dataset-corrupt');
  assert.match(message, /broken\.parquet: row group 0 cannot be read/);
});

test('parquet damaged anywhere is a failure or records, never a crash', async () => {
  const clean = parquet(50);
  const folder = makeFolder({ 'x.parquet': clean });
  const codeOf = async (at: number, noise: Iterable<number>) => {
    const bytes = clean.slice();
    bytes.set([...noise], at);
    writeFileSync(join(folder, 'x.parquet'), bytes);
    return (await failureOf(readAll(folder, 'x.parquet', { decodeMs: 200 }))).code;
  };
  // Each of these once kept the decoder busy for minutes.
  assert.is(await codeOf(778, [253, 200, 222, 76]), 'dataset-corrupt');
  assert.is(await codeOf(6412, [195]), 'dataset-corrupt');
  assert.is(await codeOf(6413, [114]), 'dataset-corrupt');
  const footer = new DataView(clean.buffer, clean.byteOffset).getUint32(clean.length - 8, true) + 8;
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.constantFrom(clean.length, footer),
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      async (seed, part, noise) => {
        const code = await codeOf(clean.length - part + (seed % (part - noise.length)), noise);
        assert.ok(['none', 'dataset-corrupt', 'dataset-too-large'].includes(code), code);
      },
    ),
    { numRuns: 12, endOnFailure: true },
  );
});

test('a parquet decoder that loops or takes all memory is ended, and the next file is read', async () => {
  const column = { name: 'v', data: Array.from({ length: 100 }, (_, n) => `v${n % 2}`), type: 'STRING' } as const;
  const clean = parquetWriteBuffer({ columnData: [column], codec: 'UNCOMPRESSED', rowGroupSize: 50 });
  // Indexes into the dictionary, as the width of one and runs of them: a length that the page's header cannot show.
  const at = Buffer.from(clean).lastIndexOf(Buffer.from('010faaaaaaaaaaaa02', 'hex'));
  assert.ok(at > 0);
  const damaged = (runs: string) => {
    const bytes = Buffer.from(clean.slice(0));
    bytes.write(runs, at, 'hex');
    return bytes;
  };
  const folder = makeFolder({
    'loop.parquet': damaged('00ffffffff0f'),
    'memory.parquet': damaged('01feffffff0f01'),
    'a.parquet': new Uint8Array(clean),
  });
  const service = makeDatasets({ dir: folder, decodeMs: 500 });
  const read = async (name: string, reader = service) => {
    let records = 0;
    for await (const frame of reader.read(await refOf(name, folder))) records += frame.length;
    return records;
  };
  const late = await failureOf(read('loop.parquet'));
  assert.is(late.code, 'dataset-corrupt');
  assert.match(late.message, /loop\.parquet: row group 1 cannot be read \(decoding it does not come to an end\)/);
  const died = await failureOf(read('memory.parquet', makeDatasets({ dir: folder })));
  assert.is(died.code, 'dataset-corrupt');
  // Whichever limit a busy machine comes to first.
  assert.match(
    died.message,
    /memory\.parquet: row group 1 cannot be read \(decoding it (ended with .*memory|does not come to an end)/,
  );
  assert.is(await read('a.parquet', makeDatasets({ dir: folder })), 100);
  const stop = new AbortController();
  const reading = (async () => {
    for await (const _ of makeDatasets({ dir: folder }).read(await refOf('loop.parquet', folder), {
      signal: stop.signal,
    }))
      stop.abort();
  })();
  assert.is((await failureOf(reading)).code, 'stopped');
});

test('content that changed after planning is not taken for what was planned', async () => {
  const folder = makeFolder({ 'a.jsonl': jsonl([{ id: 'x' }]), 'a.parquet': parquet() });
  const service = makeDatasets({ dir: folder });
  for (const name of ['a.jsonl', 'a.parquet']) {
    const ref = await refOf(name, folder);
    appendFileSync(join(folder, name), '\n');
    const reading = (async () => {
      for await (const _ of service.read(ref));
    })();
    assert.is((await failureOf(reading)).code, 'dataset-changed', name);
  }
});

test('find gives all records of the values asked for, in file order, and fetch any places in any order', async () => {
  const service = makeDatasets({ dir });
  for (const name of ['a.jsonl', 'a.jsonl.gz', 'a.json', 'a.parquet']) {
    const ref = await refOf(name, dir);
    const found = await service.find(ref, 'id', ['r3', 'r1', 'absent', 'r1'], { columns: ['n'] });
    assert.equal(
      found.map(({ value }) => value),
      [{ n: 1 }, { n: 3 }, { n: 651 }, { n: 653 }],
      name,
    );
    const backwards = found.toReversed();
    assert.equal(await service.fetch(ref, backwards, { columns: ['n'] }), backwards, name);
  }
  const several = makeFolder({
    'p/b.jsonl': jsonl([{ id: 'x', at: 'b' }]),
    'p/a.jsonl': jsonl([{ id: 'x', at: 'a' }, { id: 7 }]),
  });
  const ref = await refOf('p', several);
  const records = await makeDatasets({ dir: several }).find(ref, 'id', ['x', '7']);
  assert.equal(
    records.map(({ value }) => value),
    [{ id: 'x', at: 'a' }, { id: 7 }, { id: 'x', at: 'b' }],
  );
});

test('a lookup fails on a record that it cannot read', async () => {
  const folder = makeFolder({ 'a.jsonl': '{"id":"x"}\n{"id":' });
  const { code, message } = await failureOf(
    makeDatasets({ dir: folder }).find(await refOf('a.jsonl', folder), 'id', ['x']),
  );
  assert.is(code, 'record-invalid');
  assert.match(message, 'a.jsonl:2: ');
});

test('a column that no record has is a wrong name, not a lookup that finds nothing', async () => {
  const folder = makeFolder({ 'a.jsonl': jsonl([{ id: 'x', n: 1 }, { id: 'y' }]), 'none.jsonl': '' });
  const service = makeDatasets({ dir: folder });
  const find = async (spec: string, column: string) => service.find(await refOf(spec, folder), column, ['x']);
  const { code, message } = await failureOf(find('a.jsonl', 'instance_id'));
  assert.is(code, 'dataset-column-missing');
  assert.match(message, "a.jsonl: no record has a column 'instance_id'; the first has id, n");
  assert.equal(await find('a.jsonl', 'n'), []);
  assert.equal(await find('none.jsonl', 'id'), []);
});

test('a reference names its files and holds no absolute path', async () => {
  const folder = makeFolder({
    'd/x/1.traj': '{}',
    'd/2.traj.json': '{}',
    'd/.hidden.json': '{}',
    'd/picture.png': 'x',
    'd/notes.md': 'x',
    'one.jsonl': '{}\n',
  });
  const shown = ({ name, files }: DatasetRef) => [name, ...files.map((file) => `${file.name} ${file.format}`)];
  assert.equal(shown(await refOf('d', folder)), [
    'd',
    '2.traj.json trajectory',
    'notes.md text',
    'x/1.traj trajectory',
  ]);
  assert.equal(shown(await refOf('./d/../one.jsonl', folder)), ['one.jsonl', 'one.jsonl jsonl']);
  assert.equal(shown(await refOf('d/*.json', folder)), ['d/*.json', '2.traj.json trajectory']);
  assert.equal(shown(await refOf('.', join(folder, 'd'))).slice(0, 1), ['dataset']);
  const ref = await refOf('d', folder);
  assert.not.match(JSON.stringify(ref), folder);
  const pairs = ref.files.map(({ name, digest }) => [name, digest]);
  assert.is(ref.digest, createHash('sha256').update(JSON.stringify(pairs)).digest('hex'));
});

test('specs that name nothing, nothing readable or something remote are told apart', async () => {
  const folder = makeFolder({ 'd/a.png': '', 'b.weird': '' });
  const codeOf = async (spec: string) => (await failureOf(refOf(spec, folder))).code;
  assert.is(await codeOf('absent.jsonl'), 'dataset-not-found');
  assert.is(await codeOf('d'), 'dataset-format-unknown');
  assert.is(await codeOf('b.weird'), 'dataset-format-unknown');
  const { code, message } = await failureOf(refOf('s3://bucket/name', folder));
  assert.is(code, 'dataset-remote-unsupported');
  assert.match(message, 'only files');
});

test('texts are read from inside the folder only', async () => {
  const folder = makeFolder({ 'in/a.txt': 'a', 'in/bad.txt': Buffer.from([0xff]), 'out.txt': 'secret' });
  symlinkSync(join(folder, 'out.txt'), join(folder, 'in/link.txt'));
  const service = makeDatasets({ dir: folder });
  const ref = await refOf('in', folder);
  assert.is(await service.readText(ref, 'a.txt'), 'a');
  assert.is(await service.readText(ref, 'in/a.txt', 'manifest'), 'a');
  for (const name of ['../out.txt', join(folder, 'out.txt'), 'link.txt', 'a\0.txt'])
    assert.is((await failureOf(service.readText(ref, name))).code, 'embed-outside', name);
  assert.is((await failureOf(service.readText(ref, 'none.txt'))).code, 'embed-missing');
  assert.is((await failureOf(service.readText(ref, 'bad.txt'))).code, 'not-unicode');
});

test('lines are the same however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('\n', 'a', 'bc', '\r'), { maxLength: 40 }),
      fc.array(fc.nat(6)),
      (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''));
        const lines: string[] = [];
        const splitter = new LineSplitter(8, {
          line: (line, at) => lines.push(`${at}:${line}`),
          tooLong: () => lines.push('long'),
        });
        let at = 0;
        for (const cut of cuts) {
          splitter.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        splitter.push(bytes.subarray(at));
        splitter.end();
        let offset = 0;
        const expected = bytes
          .toString()
          .split('\n')
          .map((line) => {
            const shown = line.length > 8 ? 'long' : `${offset}:${line}`;
            offset += line.length + 1;
            return shown;
          });
        if (bytes.toString().endsWith('\n') || bytes.length === 0) expected.pop();
        assert.equal(lines, expected);
      },
    ),
  );
});

test.run();
