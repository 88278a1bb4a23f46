/** export: formats, what is never exported, files and their manifest, and the same bytes every time. */

import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import type { JsonObject } from '#contract/json.ts';
import type { WholeItem } from '#contract/kind.ts';
import { exportKind } from '../../src/kinds/export/kind.ts';
import { dropsOf, filesOf, type NamedRow, runWholeKind } from './run-kind.ts';

const SFT = { formats: { sft: { completion: 'challenger.text' } } };
const DPO = { formats: { dpo: { chosen: 'challenger.text', rejected: 'king.text' } } };

function duel(index: number, over: JsonObject = {}): NamedRow {
  return {
    key: `set/file.jsonl/${index}/3`,
    fields: {
      instance_id: `task-${index % 5}`,
      messages: [
        { content: 'You act in a shell.', role: 'system' },
        { content: `task ${index}\u2028`, role: 'user' },
      ],
      king: { text: `ls ${index}` },
      challenger: { text: `cat ${index}`, hidden: { pr_key: 'secret-pr' } },
      score: index,
      ...over,
    },
  };
}

const some = (count: number) => Array.from({ length: count }, (_, index) => duel(index));
const run = (config: JsonObject, rows: readonly NamedRow[]) =>
  runWholeKind(exportKind, config, { from: { from: rows } });
const linesOf = (text = '') =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

function manifestOf(items: readonly WholeItem[]) {
  return JSON.parse(filesOf(items)['manifest.json'] ?? 'null');
}

test('sft: a conversation that ends with the completion', async () => {
  const files = filesOf(await run(SFT, some(2)));
  assert.equal(Object.keys(files), ['data/train-00000-of-00001.jsonl', 'README.md', 'croissant.json', 'manifest.json']);
  assert.equal(linesOf(files['data/train-00000-of-00001.jsonl'])[1], {
    messages: [
      { role: 'system', content: 'You act in a shell.' },
      { role: 'user', content: 'task 1\u2028' },
      { role: 'assistant', content: 'cat 1' },
    ],
  });
});

test('sft: prompt and completion apart, from messages and from a text', async () => {
  const sft = { completion: 'challenger.text', style: 'prompt-completion' };
  const [fromMessages] = linesOf(filesOf(await run({ formats: { sft } }, some(1)))['data/train-00000-of-00001.jsonl']);
  assert.equal(fromMessages.completion, [{ role: 'assistant', content: 'cat 0' }]);
  assert.is(fromMessages.prompt.length, 2);
  const rows = [duel(0, { question: 'why?' })];
  const text = await run({ formats: { sft: { ...sft, prompt: 'question' } } }, rows);
  assert.equal(linesOf(filesOf(text)['data/train-00000-of-00001.jsonl']), [{ prompt: 'why?', completion: 'cat 0' }]);
});

test('dpo: prompt, chosen, rejected; several formats have a folder each', async () => {
  const files = filesOf(await run({ formats: { ...SFT.formats, ...DPO.formats }, keep: ['score', '$key'] }, some(1)));
  assert.equal(Object.keys(files).sort(), [
    'README.md',
    'croissant.json',
    'data/dpo/train-00000-of-00001.jsonl',
    'data/sft/train-00000-of-00001.jsonl',
    'manifest.json',
  ]);
  const [pair] = linesOf(files['data/dpo/train-00000-of-00001.jsonl']);
  assert.equal(pair.chosen, [{ role: 'assistant', content: 'cat 0' }]);
  assert.equal(pair.rejected, [{ role: 'assistant', content: 'ls 0' }]);
  assert.equal([pair.score, pair.key], [0, 'set/file.jsonl/0/3']);
});

test('an answer with any leak annotation but a clean pass is never chosen; as rejected it may stand', async () => {
  const challenger = (leak: JsonObject) => ({ challenger: { text: 'cat', leak } });
  const rows = [
    duel(0, challenger({ outcome: 'quarantine', evidence: [] })),
    duel(1, challenger({ outcome: 'reject' })),
    duel(2, challenger({ outcome: 'flag' })),
    duel(3, challenger({ outcome: 'pass', canary: true })),
    duel(4, challenger({ outcome: 'pass', evidence: [] })),
    duel(5, { challenger: { text: 'cat', leak: 'odd' } }),
  ];
  for (const config of [SFT, DPO]) {
    const items = await run(config, rows);
    assert.is(linesOf(filesOf(items)['data/train-00000-of-00001.jsonl']).length, 1);
    assert.equal(dropsOf(items), { leaked: 5 });
  }
  const swapped = await run({ formats: { dpo: { chosen: 'king.text', rejected: 'challenger.text' } } }, rows);
  assert.equal(dropsOf(swapped), {});
});

test('an answer that used a planted decoy is never chosen, audited or not', async () => {
  const decoyed = duel(0, {
    challenger: { text: 'cat src/moonbeam.py', hidden: { pr_key: 'p', decoys: ['moonbeam.py'] } },
  });
  for (const config of [SFT, DPO]) assert.equal(dropsOf(await run(config, [decoyed, duel(1)])), { canaried: 1 });
  const kto = { completion: 'challenger.text', label: 'bucket' };
  const labelled = (bucket: string) => ({ ...decoyed, fields: { ...decoyed.fields, bucket } });
  const items = await run({ formats: { kto } }, [labelled('final'), { ...labelled('defeat'), key: 'b' }]);
  assert.equal(dropsOf(items), { canaried: 1 });
  const [shunned] = linesOf(filesOf(items)['data/train-00000-of-00001.jsonl']);
  assert.is(shunned.label, false);
  assert.not.match(Object.values(filesOf(items)).join(''), /pr_key|decoys/);
});

test('kto: one answer a record, true or false by its bucket', async () => {
  const kto = { completion: 'challenger.text' };
  const rows = [
    duel(0, { bucket: 'final' }),
    duel(1, { bucket: 'defeat' }),
    duel(2, { bucket: 'refined' }),
    duel(3, { bucket: true }),
    duel(4, { bucket: null }),
    duel(5, { bucket: 'final', challenger: { text: 'cat', leak: { outcome: 'quarantine' } } }),
    duel(6, { bucket: 'defeat', challenger: { text: 'cat', leak: { outcome: 'quarantine' } } }),
  ];
  const items = await run({ formats: { kto }, keep: ['bucket'] }, rows);
  const records = linesOf(filesOf(items)['data/train-00000-of-00001.jsonl']);
  assert.equal(
    records.map(({ label, bucket }) => [label, bucket]),
    [
      [true, 'final'],
      [false, 'defeat'],
      [true, true],
      [false, 'defeat'],
    ],
  );
  assert.equal(Object.keys(records[0] ?? {}), ['prompt', 'completion', 'label', 'bucket']);
  assert.equal(records[0]?.completion, [{ role: 'assistant', content: 'cat 0' }]);
  assert.equal(dropsOf(items), { 'label-missing': 2, leaked: 1 });
});

test('reward: pairs with scores and their margin, the better one chosen', async () => {
  const reward = { chosen: 'challenger.text', rejected: 'king.text', score: 'score', order: 'by-score' };
  const leaked = { text: 'cat', leak: { outcome: 'reject' } };
  const rows = [
    duel(0, { score: 80 }),
    duel(1, { score: 33.333333 }),
    duel(2, { score: 50 }),
    duel(3, { score: null }),
    duel(4, { score: 90, challenger: leaked }),
    duel(5, { score: 10, challenger: leaked }),
  ];
  const items = await run({ formats: { reward } }, rows);
  const pairs = linesOf(filesOf(items)['data/train-00000-of-00001.jsonl']).map(({ prompt: _, ...rest }) => rest);
  const text = (content: string) => [{ role: 'assistant', content }];
  assert.equal(pairs, [
    { chosen: text('cat 0'), rejected: text('ls 0'), chosen_score: 80, rejected_score: 20, margin: 60 },
    {
      chosen: text('ls 1'),
      rejected: text('cat 1'),
      chosen_score: 66.666667,
      rejected_score: 33.333333,
      margin: 33.333334,
    },
    { chosen: text('ls 5'), rejected: text('cat'), chosen_score: 90, rejected_score: 10, margin: 80 },
  ]);
  assert.equal(dropsOf(items), { 'margin-too-small': 1, 'score-missing': 1, leaked: 1 });
  const asGiven = await run({ formats: { reward: { ...reward, order: 'as-given', min_margin: 61 } } }, rows);
  assert.equal(dropsOf(asGiven), { 'margin-too-small': 4, 'score-missing': 1, leaked: 1 });
});

test('reward: hard negatives with their labels', async () => {
  const reward = { chosen: 'king.text', rejected: 'challenger.text', label: 'status', negatives: ['fail', 'timeout'] };
  const rows = ['fail', 'pass', 'timeout', null].map((status, at) => duel(at, { status }));
  const items = await run({ formats: { reward } }, rows);
  const pairs = linesOf(filesOf(items)['data/train-00000-of-00001.jsonl']);
  assert.equal(
    pairs.map(({ rejected_label }) => rejected_label),
    ['fail', 'timeout'],
  );
  assert.equal(dropsOf(items), { 'not-a-negative': 2 });
});

const HOSTILE_NAME = 'a|b`c\n# x ]()<script> "%';
const CARDED = {
  formats: { sft: SFT.formats.sft, kto: { completion: 'challenger.text' } },
  keep: ['license', 'score', HOSTILE_NAME],
  split: { by: 'instance_id', fractions: { train: 0.5, test: 0.5 } },
  card: { title: 'no: {x}', description: '<script>\n\n| a |', url: 'https://example.org/d', version: '1.0.0' },
};
const carded = (n: number) =>
  some(n).map((row, at) => ({
    ...row,
    fields: { ...row.fields, bucket: 'final', license: at % 3 === 0 ? 'MIT' : 'GPL-3.0-only', [HOSTILE_NAME]: 'x' },
  }));

test('the card: a header that the hub reads, whatever fields are called', async () => {
  const files = filesOf(await run(CARDED, carded(30)));
  const card = files['README.md'] ?? '';
  const [, header = '', body = ''] = card.split(/^---$/m);
  const { pretty_name, license, size_categories, configs, dataset_info } = parse(header, { version: '1.1' });
  assert.equal([pretty_name, license, size_categories], ['no: {x}', ['gpl-3.0', 'mit'], ['n<1K']]);
  assert.equal(configs[0], {
    config_name: 'sft',
    default: true,
    data_files: [
      { split: 'train', path: 'data/sft/train-*.jsonl' },
      { split: 'test', path: 'data/sft/test-*.jsonl' },
    ],
  });
  const manifest = JSON.parse(files['manifest.json'] ?? '');
  const [sft] = dataset_info;
  for (const split of sft.splits) {
    const own = manifest.files.filter(
      (file: { format: string; split: string }) => file.format === 'sft' && file.split === split.name,
    );
    assert.is(
      split.num_bytes,
      own.reduce((sum: number, { bytes }: { bytes: number }) => sum + bytes, 0),
    );
    assert.is(
      split.num_examples,
      own.reduce((sum: number, { rows }: { rows: number }) => sum + rows, 0),
    );
  }
  assert.equal(sft.features, [
    {
      name: 'messages',
      list: [
        { name: 'role', dtype: 'string' },
        { name: 'content', dtype: 'string' },
      ],
    },
    { name: 'license', dtype: 'string' },
    { name: 'score', dtype: 'int64' },
    { name: HOSTILE_NAME, dtype: 'string' },
  ]);
  assert.not.match(body, /<script>|^# x/m);
  assert.match(body, '| GPL-3.0-only | 20 |');
  for (const { path, sha256, bytes } of manifest.documents) {
    assert.is(
      sha256,
      createHash('sha256')
        .update(files[path] ?? '')
        .digest('hex'),
    );
    assert.is(bytes, Buffer.byteLength(files[path] ?? ''));
  }
  const unnamed = filesOf(await run(SFT, some(2)))['README.md'] ?? '';
  assert.match(unnamed, /^license: unknown$/m);
});

test('croissant: what has no one type is a field only where it is text', async () => {
  const rows = some(3).map((row, nth) => ({ ...row, fields: { ...row.fields, about: { nth, by: ['x'] } } }));
  for (const [layout, isField] of [
    ['jsonl', false],
    ['json-files', false],
    ['parquet', true],
  ] as const) {
    const config = { formats: { rows: {} }, layout };
    const [set] = JSON.parse(filesOf(await run(config, rows))['croissant.json'] ?? '').recordSet;
    const names = set.field.map(({ name }: { name: string }) => name);
    assert.is(names.includes('rows/about'), isField, `${layout}: ${names}`);
    assert.ok(names.includes('rows/score'));
    assert.is(/Beside the fields: .*about/.test(set.description), !isField);
  }
});

test('croissant: every file with its digest, and fields that name columns as they are', async () => {
  for (const layout of ['jsonl', 'parquet', 'json-files']) {
    const files = filesOf(await run({ ...CARDED, layout }, carded(12)));
    const { distribution, recordSet, conformsTo, license, url } = JSON.parse(files['croissant.json'] ?? '');
    assert.equal(
      [conformsTo, license, url],
      ['http://mlcommons.org/croissant/1.0', ['GPL-3.0-only', 'MIT'], 'https://example.org/d'],
    );
    const manifest = JSON.parse(files['manifest.json'] ?? '');
    const objects = distribution.filter((each: JsonObject) => each['@type'] === 'cr:FileObject');
    assert.equal(
      objects.map((each: JsonObject) => [each['contentUrl'], each['sha256']]),
      manifest.files.map((each: JsonObject) => [each['path'], each['sha256']]),
    );
    const sets = new Map(distribution.map((each: JsonObject) => [each['@id'], each]));
    const ids = new Set<string>();
    for (const { field } of recordSet)
      for (const each of field) {
        assert.not(ids.has(each['@id']), each['@id']);
        ids.add(each['@id']);
        const { source } = each;
        const set = sets.get(source.fileSet['@id']) as { includes: string } | undefined;
        const pattern = new RegExp(`^${set?.includes.replace(/[.]/g, '\\.').replace(/\*/g, '[^/]*')}$`);
        assert.ok(
          manifest.files.some(({ path }: { path: string }) => pattern.test(path)),
          set?.includes,
        );
      }
    const columns = recordSet[0].field.map(
      (each: { source?: { extract: { column?: string } } }) => each.source?.extract.column,
    );
    if (layout !== 'json-files') assert.ok(columns.includes(HOSTILE_NAME));
    const [split] = recordSet[0].field;
    const regex = new RegExp(split.source.transform.regex);
    for (const { path, split: name } of manifest.files) assert.is(regex.exec(`/x/${path}`)?.[1], name);
  }
});

test('what cannot be a record is dropped by name', async () => {
  const rows = [
    duel(0, { challenger: { text: 'ls 0' } }),
    duel(1, { king: { text: null } }),
    duel(2, { messages: [] }),
    duel(3, { messages: [{ content: 'no role' }] }),
    duel(4),
  ];
  const items = await run(DPO, rows);
  assert.equal(dropsOf(items), { 'pair-identical': 1, 'text-missing': 1, 'prompt-missing': 2 });
  assert.equal(manifestOf(items).formats.dpo.dropped, dropsOf(items));
});

test('rows: everything but what the challenger was shown in secret', async () => {
  const text = filesOf(await run({ formats: { rows: {} } }, [duel(0, { hidden: 'x', ['__proto__']: 1 })]))[
    'data/train-00000-of-00001.jsonl'
  ];
  assert.not.match(text ?? '', /secret-pr|hidden/);
  assert.match(text ?? '', '"challenger":{"text":"cat 0"}');
  const deep = filesOf(
    await run({ formats: { rows: {} } }, [duel(0, { all: [{ drafts: [{ hidden: 'secret-pr' }] }] })]),
  );
  assert.not.match(Object.values(deep).join(''), /secret-pr/);
  const kept = filesOf(await run({ formats: { rows: {} }, keep: ['king.text', 'challenger'] }, some(1)));
  assert.is(kept['data/train-00000-of-00001.jsonl'], '{"king":{"text":"ls 0"},"challenger":{"text":"cat 0"}}\n');
});

test('the manifest names every file with its digest, bytes and rows', async () => {
  const items = await run({ ...SFT, shards: 3 }, some(7));
  const manifest = manifestOf(items);
  assert.equal(
    manifest.files.map((file: { path: string; rows: number }) => [file.path, file.rows]),
    [
      ['data/train-00000-of-00003.jsonl', 2],
      ['data/train-00001-of-00003.jsonl', 2],
      ['data/train-00002-of-00003.jsonl', 3],
    ],
  );
  for (const file of manifest.files) {
    const item = items.find((each) => each.type === 'file' && each.path === file.path);
    const content = item?.type === 'file' ? item.content : '';
    assert.is(file.sha256, createHash('sha256').update(content).digest('hex'));
    assert.is(file.bytes, content.length);
  }
});

test('files are cut by size, and hold every row once and in order', async () => {
  const items = await run({ ...SFT, shard_bytes: 1024, keep: ['score'] }, some(40));
  const manifest = manifestOf(items);
  assert.ok(manifest.files.length > 3);
  for (const { bytes } of manifest.files) assert.ok(bytes <= 1024);
  const files = filesOf(items);
  const scores = manifest.files.flatMap(({ path }: { path: string }) => linesOf(files[path]).map((row) => row.score));
  assert.equal(
    scores,
    Array.from({ length: 40 }, (_, index) => index),
  );
});

test('nothing to export is still a valid export that says so', async () => {
  for (const layout of ['jsonl', 'parquet', 'json-files']) {
    const items = await run({ ...DPO, layout }, []);
    const manifest = manifestOf(items);
    assert.equal(manifest.formats.dpo.rows, { train: 0 });
    assert.is(manifest.notices[0].code, 'no-rows');
    assert.is(manifest.files.length, layout === 'json-files' ? 0 : 1);
  }
});

test('no group is in two splits, and more rows move none', async () => {
  const split = { by: 'instance_id', fractions: { train: 0.6, validation: 0.2, test: 0.2 }, seed: 3 };
  const config = { formats: { rows: {} }, keep: ['instance_id'], split };
  const rows = Array.from({ length: 300 }, (_, index) => duel(index, { instance_id: `task-${index % 60}` }));
  const groupsOf = async (of: readonly NamedRow[]) => {
    const files = filesOf(await run(config, of));
    return new Map(
      ['train', 'validation', 'test'].map((name) => [
        name,
        new Set(linesOf(files[`data/${name}-00000-of-00001.jsonl`]).map((row) => row.instance_id)),
      ]),
    );
  };
  const all = await groupsOf(rows);
  const sizes = [...all.values()].map((groups) => groups.size);
  assert.is(
    sizes.reduce((sum, size) => sum + size, 0),
    60,
  );
  assert.ok(
    sizes.every((size) => size >= 5),
    `sizes ${sizes}`,
  );
  for (const [name, groups] of await groupsOf(rows.slice(0, 120)))
    for (const group of groups) assert.ok(all.get(name)?.has(group));
});

test('a row without a group is left out by name', async () => {
  const split = { by: 'instance_id', fractions: { train: 1 } };
  assert.equal(dropsOf(await run({ ...SFT, split }, [duel(0, { instance_id: null }), duel(1)])), {
    'group-missing': 1,
  });
});

test('json-files: a file a row, named so that further rows rename none', async () => {
  const config = { ...SFT, layout: 'json-files' };
  const few = Object.keys(filesOf(await run(config, some(2))));
  const more = filesOf(await run(config, [duel(9), ...some(2)]));
  for (const path of few) assert.ok(path in more, path);
  assert.match(few[0] ?? '', /^data\/sft\/train\/set-file-jsonl-0-3-[0-9a-f]{12}\.json$/);
  assert.is(JSON.parse(more[few[0] ?? ''] ?? '').messages.length, 3);
});

async function readParquet(items: readonly WholeItem[], path: string): Promise<JsonObject[]> {
  const item = items.find((each) => each.type === 'file' && each.path === path);
  const bytes = item?.type === 'file' ? Uint8Array.from(item.content as Uint8Array) : new Uint8Array();
  return (await parquetReadObjects({ file: bytes.buffer, compressors })) as JsonObject[];
}

test('json-files in folders by a field, which cannot lead elsewhere', async () => {
  const rows = ['final', 'defeat', '../x', '', 'a/b', 7].map((bucket, at) => duel(at, { bucket }));
  const config = { formats: { rows: {} }, layout: 'json-files', folder_by: 'bucket' };
  const items = await run(config, rows);
  const folders = Object.keys(filesOf(items)).flatMap((path) => (path.includes('/') ? [path.split('/')[0]] : []));
  assert.equal(folders, ['final', 'defeat']);
  assert.equal(dropsOf(items), { 'folder-invalid': 4 });
  const croissant = JSON.parse(filesOf(items)['croissant.json'] ?? '');
  assert.is(croissant.distribution.at(-1).includes, '*/*.json');
});

test('parquet: messages as lists of structs, one schema over all files', async () => {
  const keep = ['score', 'mixed', 'tags'];
  const rows = some(6).map(({ key, fields }, index) => ({
    key,
    fields: { ...fields, mixed: index % 2 ? 'a' : { b: [index] }, tags: index ? ['x', 'y'] : [], score: index / 2 },
  }));
  const items = await run({ ...DPO, layout: 'parquet', shards: 2, keep }, rows);
  const read = [
    ...(await readParquet(items, 'data/train-00000-of-00002.parquet')),
    ...(await readParquet(items, 'data/train-00001-of-00002.parquet')),
  ];
  assert.is(read.length, 6);
  assert.equal(read[1]?.['chosen'], [{ role: 'assistant', content: 'cat 1' }]);
  assert.equal(
    read.slice(0, 2).map((row) => [row['score'], row['mixed'], row['tags']]),
    [
      [0, { b: [0] }, []],
      [0.5, 'a', ['x', 'y']],
    ],
  );
  assert.equal(manifestOf(items).formats.dpo.columns, {
    prompt: 'records',
    chosen: 'records',
    rejected: 'records',
    score: 'double',
    mixed: 'json',
    tags: 'texts',
  });
});

test('parquet: whatever the values, they come back', async () => {
  const value = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.string(), { maxLength: 3 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 8 }), async (values) => {
      const rows = values.map((each, index) => ({ key: String(index), fields: { value: each } }));
      const items = await run({ formats: { rows: {} }, keep: ['value'], layout: 'parquet' }, rows);
      const read = await readParquet(items, 'data/train-00000-of-00001.parquet');
      const plain = read.map((row) =>
        typeof row['value'] === 'bigint' ? Number(row['value']) : (row['value'] ?? null),
      );
      assert.equal(plain, values);
    }),
    { numRuns: 60 },
  );
});

test('equal rows give equal bytes, however their members were put together', async () => {
  const turned = (rows: readonly NamedRow[]) =>
    rows.map(({ key, fields }) => ({ key, fields: Object.fromEntries(Object.entries(fields).reverse()) }));
  for (const layout of ['jsonl', 'parquet', 'json-files']) {
    const config = { formats: { rows: {} }, layout };
    const bytes = (items: readonly WholeItem[]) =>
      items.map((item) => (item.type === 'file' ? [item.path, Buffer.from(item.content).toString('base64')] : []));
    assert.equal(bytes(await run(config, some(20))), bytes(await run(config, turned(some(20)))));
  }
});

test('mistakes are found before a row is read', () => {
  const codes = (config: JsonObject) => (exportKind.check?.(config as never, {}) ?? []).map((finding) => finding.code);
  const kto = { completion: 'challenger.text' };
  assert.equal(codes({ formats: { kto } }), []);
  assert.equal(codes({ formats: { kto: { ...kto, desirable: ['a'], undesirable: ['b', 'a'] } } }), ['label-twice']);
  const reward = { chosen: 'challenger.text', rejected: 'king.text' };
  assert.equal(codes({ formats: { reward: { ...reward, score: 'score', chosen_score: 'a' } } }), ['one-score']);
  assert.equal(codes({ formats: { reward: { ...reward, order: 'by-score' } } }), ['one-score']);
  assert.equal(codes({ formats: { kto: { completion: 'challenger.hidden.pr_key' } } }), ['never-exported']);
  assert.equal(codes({ ...SFT, folder_by: 'bucket' }), ['folder-by-needs-files']);
  assert.equal(codes({ ...SFT, keep: ['challenger.hidden', 'messages'] }), ['never-exported', 'keep-conflict']);
  assert.equal(codes({ ...SFT, split: { by: 'repo', fractions: { train: 0.5 } } }), ['split-fractions']);
  assert.equal(codes({ ...SFT, split: { by: 'repo', fractions: { train: 0.7, validation: 0.2, test: 0.1 } } }), []);
});

test.run();
