/** Trees kept between runs: what is read back is what parsing gives, and what must not be kept is not. */

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import type { Json } from '#contract/json.ts';
import { loadManifest } from '#manifest/load-manifest.ts';
import { type Parsed, parseYaml } from '#manifest/parse-yaml.ts';
import { parseCached, type TreeCache } from '#manifest/tree-cache.ts';

const PAD = `# ${'x'.repeat(20_000)}\n`;

function memory(): TreeCache & { readonly kept: Map<string, Json> } {
  const kept = new Map<string, Json>();
  return {
    kept,
    get: async (file) => kept.get(file),
    put: async (file, value) => void kept.set(file, JSON.parse(JSON.stringify(value)) as Json),
  };
}

/** Parses twice; the second time without a parser where the tree was kept. */
async function twice(text: string, cache = memory()): Promise<{ first: Parsed; second: Parsed; parses: number }> {
  let parses = 0;
  const parse = (file: string, source: string) => {
    parses++;
    return parseYaml(file, source);
  };
  const puts: (() => Promise<void>)[] = [];
  const once = () => parseCached('/p.yaml', text, parse, cache, (put) => puts.push(put));
  const first = await once();
  for (const put of puts) await put();
  return { first, second: await once(), parses };
}

test('any tree is read back as it was, places included', async () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.string(),
      fc.integer({ min: -1e6, max: 1e6 }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(fc.string({ minLength: 1 }), tie('any'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).any;
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value), async (object) => {
      const { first, second, parses } = await twice(`${PAD}${stringify(object)}`);
      assert.equal(second, first);
      assert.ok(parses === 1 || first.diagnostics.length > 0 || /\*\S/.test(stringify(object)), `${parses}`);
    }),
    { numRuns: 200 },
  );
});

test('another text, mistakes, aliases and short texts are parsed', async () => {
  const cache = memory();
  await twice(`${PAD}a: 1\n`, cache);
  const { second, parses } = await twice(`${PAD}a: 2\n`, cache);
  assert.is(parses, 1);
  assert.equal(second.root, parseYaml('/p.yaml', `${PAD}a: 2\n`).root);
  for (const text of [`${PAD}a: 1\na: 2\n`, `${PAD}a: &x [1]\nb: *x\n`, 'a: 1\n', `${PAD}a: {b: \${params.c}}\n`]) {
    const result = await twice(text);
    assert.is(result.parses, 2, text.slice(-30));
    assert.equal(result.second, result.first);
  }
});

test('a damaged note is parsed over', async () => {
  const text = `${PAD}nodes: { a: [1, x], b: {} }\n`;
  const cache = memory();
  const { first } = await twice(text, cache);
  const [digest] = cache.kept.get('/p.yaml') as [string, Json];
  const damaged: Json[] = [
    null,
    7,
    [],
    [1],
    [0, 1e9, 'x'],
    [0, 5, 0, 3],
    [0, 5, 1, ['a', 0]],
    [0, 5, [1]],
    [0, 5, 0, [9]],
  ];
  for (const tree of damaged) {
    await cache.put('/p.yaml', [digest, tree]);
    const { second, parses } = await twice(text, cache);
    assert.is(parses, 1, JSON.stringify(tree));
    assert.equal(second, first);
  }
});

test('a manifest with a secret in it leaves nothing behind', async () => {
  const trees = memory();
  const load = (key: string) =>
    loadManifest({
      file: '/p.yaml',
      profiles: [],
      sets: [],
      readText: async () =>
        `${PAD}sluice: 1\nname: p\nendpoints: { e: { provider: openai, base_url: "https://example.org/v1", api_key: "${key}" } }\nnodes: { a: { kind: read } }\n`,
      trees,
      env: () => undefined,
    });
  const { diagnostics } = await load('sk-abcdefghijklmnopqrstuvwx');
  assert.ok(diagnostics.some(({ code }) => code === 'secret-literal'));
  assert.is(trees.kept.size, 0);
  assert.equal((await load(`$${'{secret.KEY}'}`)).diagnostics, []);
  assert.is(trees.kept.size, 1);
});

test.run();
