import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Failure } from '#contract/failure.ts';
import type { TreeFile } from '#contract/files.ts';
import type { Json } from '#contract/json.ts';
import { failureOf } from '#rig/failure-of.ts';
import { makeFileSource } from '#services/files/file-source.ts';
import { expandBraces, matchSegment } from '#services/files/glob.ts';
import { makePublisher } from '#services/files/publisher.ts';
import { sha256 } from '#util/sha256.ts';

let dir = '';
test.before.each(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-test-'));
});
test.after.each(() => rm(dir, { recursive: true, force: true }));

async function lay(files: { readonly [path: string]: string }): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(dir, path, '..'), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

// ---- reading ----------------------------------------------------------------------------------------------------

function makeNotes() {
  const notes = new Map<string, Json>();
  return {
    notes,
    get: async (name: string) => notes.get(name),
    put: async (name: string, value: Json) => void notes.set(name, value),
  };
}

test('text and digest of a file, null where there is none', async () => {
  await lay({ 'a.txt': 'héllo' });
  const files = makeFileSource();
  assert.equal(await files.readText(join(dir, 'a.txt')), { text: 'héllo', digest: sha256('héllo') });
  assert.equal(await files.digest(join(dir, 'a.txt')), { digest: sha256('héllo'), bytes: 6 });
  for (const path of [join(dir, 'none'), dir, join(dir, 'a.txt/below'), join(dir, 'x'.repeat(5000))]) {
    assert.is(await files.readText(path), null);
    assert.is(await files.digest(path), null);
  }
});

test('what is not UTF-8 is named', async () => {
  await writeFile(join(dir, 'latin'), Buffer.from([0x68, 0xe9]));
  assert.is((await failureOf(makeFileSource().readText(join(dir, 'latin')))).code, 'file-not-utf8');
});

test('an old, large file is hashed once over runs, and again when anything about it changes', async () => {
  const path = join(dir, 'big');
  const notes = makeNotes();
  const old = new Date(Date.now() - 60_000);
  const digestIn = async () => {
    const files = makeFileSource({ notes });
    const found = await files.digest(path);
    await files.flush();
    return found?.digest;
  };
  await writeFile(path, 'a'.repeat(100_000));
  await utimes(path, old, old);
  assert.is(await digestIn(), sha256('a'.repeat(100_000)));
  // Its ctime is young, so this was racy: nothing may be kept yet.
  assert.is(notes.notes.size, 0);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await digestIn();
  const [entry] = notes.notes.get('stat-cache/read') as [[string, string, string, number]];
  assert.equal([entry[0], entry[2], entry[3]], [path, sha256('a'.repeat(100_000)), 100_000]);
  // What the cache holds is believed: this is how to see that the file is not read.
  notes.notes.set('stat-cache/read', [[entry[0], entry[1], 'believed', entry[3]]]);
  assert.is(await digestIn(), 'believed');
  // Same size and same mtime, but ctime and inode tell.
  await writeFile(`${path}2`, 'b'.repeat(100_000));
  await rename(`${path}2`, path);
  await utimes(path, old, old);
  assert.is(await digestIn(), sha256('b'.repeat(100_000)));
});

test('large files are hashed piece by piece', async () => {
  const bytes = Buffer.alloc(9_000_001, 'abc');
  await writeFile(join(dir, 'big'), bytes);
  assert.is((await makeFileSource().digest(join(dir, 'big')))?.digest, sha256(bytes));
});

test('a list is a file, a folder or a pattern, sorted by code unit', async () => {
  await lay({
    'data/b.jsonl': '',
    'data/a.jsonl': '',
    'data/Z.jsonl': '',
    'data/a.csv': '',
    'data/.hidden.jsonl': '',
    'data/deep/er/c.jsonl': '',
    'data/.git/d.jsonl': '',
    'data/odd{1}.txt': '',
  });
  await symlink(join(dir, 'data'), join(dir, 'data/deep/loop'));
  await symlink(join(dir, 'data/a.csv'), join(dir, 'data/deep/link.csv'));
  const list = async (pattern: string) =>
    (await makeFileSource().list(pattern, join(dir, 'data'))).map((path) => path.slice(dir.length + 6));
  assert.equal(await list('a.csv'), ['a.csv']);
  assert.equal(await list('*.jsonl'), ['Z.jsonl', 'a.jsonl', 'b.jsonl']);
  assert.equal(await list('**/*.jsonl'), ['Z.jsonl', 'a.jsonl', 'b.jsonl', 'deep/er/c.jsonl']);
  assert.equal(await list('.'), [
    'Z.jsonl',
    'a.csv',
    'a.jsonl',
    'b.jsonl',
    'deep/er/c.jsonl',
    'deep/link.csv',
    'odd{1}.txt',
  ]);
  assert.equal(await list('deep'), ['deep/er/c.jsonl', 'deep/link.csv']);
  assert.equal(await list('{a,Z}.{csv,jsonl}'), ['Z.jsonl', 'a.csv', 'a.jsonl']);
  assert.equal(await list('../data/?.csv'), ['a.csv']);
  assert.equal(await list(`${dir}/data/a.*`), ['a.csv', 'a.jsonl']);
  assert.equal(await list('odd{1}.txt'), ['odd{1}.txt']);
  assert.equal(await list('.hidden.*'), ['.hidden.jsonl']);
  assert.equal(await list('none*'), []);
  assert.equal(await list('a.csv/*'), []);
});

test('segments match as a regular expression would', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 10 });
  fc.assert(
    fc.property(letters, name, (pattern, text) => {
      const regex = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
      assert.is(matchSegment(pattern, text), regex.test(text));
    }),
    { numRuns: 2000 },
  );
  assert.not(matchSegment('*a'.repeat(100), `${'a'.repeat(50_000)}b`));
});

test('braces nest, and cannot explode', () => {
  assert.equal(expandBraces('a{b,c{d,e}}f'), ['abf', 'acdf', 'acef']);
  assert.equal(expandBraces('a{b}{c'), ['a{b}{c']);
  assert.equal(expandBraces('{,x}y'), ['y', 'xy']);
  assert.throws(
    () => expandBraces('{a,b}'.repeat(30)),
    (error: Failure) => error.code === 'glob-too-large',
  );
});

// ---- publishing -------------------------------------------------------------------------------------------------

type Tree = { readonly [path: string]: string };

const toTree = (tree: Tree): TreeFile[] =>
  Object.entries(tree).map(([path, text]) => ({
    path,
    digest: sha256(text),
    bytes: Buffer.byteLength(text),
    mode: 0o644,
  }));

async function publish(tree: Tree, previous: Tree = {}, to = join(dir, 'out')) {
  const bodies = new Map(Object.values(tree).map((text) => [sha256(text), Buffer.from(text)]));
  const loaded: string[] = [];
  const load = async (digest: string) => {
    loaded.push(digest);
    return bodies.get(digest) ?? Buffer.from('');
  };
  const result = await makePublisher().publish({ to, files: toTree(tree), previous: toTree(previous), load });
  assert.is(loaded.length, result.written);
  return result;
}

async function contents(folder = join(dir, 'out')): Promise<Tree> {
  const tree: { [path: string]: string } = {};
  for (const path of (await readdir(folder, { recursive: true })).sort()) {
    if ((await stat(join(folder, path))).isFile()) tree[path] = await readFile(join(folder, path), 'utf8');
  }
  return tree;
}

test('a tree is laid, kept, mended, changed and emptied', async () => {
  const first = { 'a.txt': 'a', 'd/b.txt': 'b', 'd/e/c.txt': 'c' };
  assert.equal(await publish(first), { written: 3, removed: 0, kept: 0 });
  assert.equal(await contents(), first);
  const before = await stat(join(dir, 'out/a.txt'), { bigint: true });
  assert.equal(await publish(first, first), { written: 0, removed: 0, kept: 3 });
  assert.is((await stat(join(dir, 'out/a.txt'), { bigint: true })).ctimeNs, before.ctimeNs);

  await writeFile(join(dir, 'out/a.txt'), 'X');
  await rm(join(dir, 'out/d/b.txt'));
  await chmod(join(dir, 'out/d/e/c.txt'), 0o600);
  await writeFile(join(dir, 'out/foreign.txt'), 'mine');
  assert.equal(await publish(first, first), { written: 3, removed: 0, kept: 0 });
  assert.equal(await contents(), { ...first, 'foreign.txt': 'mine' });

  const second = { 'a.txt': 'A', 'f/g.txt': 'g' };
  assert.equal(await publish(second, first), { written: 2, removed: 2, kept: 0 });
  assert.equal(await contents(), { ...second, 'foreign.txt': 'mine' });
  assert.equal((await readdir(join(dir, 'out'))).sort(), ['a.txt', 'f', 'foreign.txt']);
  assert.equal(await publish({}, second), { written: 0, removed: 2, kept: 0 });
  assert.equal(await readdir(join(dir, 'out')), ['foreign.txt']);
});

test('any tree after any tree gives exactly the new one, and spares what is foreign', async () => {
  const path = fc.constantFrom('a', 'b', 'd/a', 'd/b', 'd/e/a', 'f/a');
  const tree = fc.dictionary(path, fc.constantFrom('x', 'y', 'z'));
  let nth = 0;
  await fc.assert(
    fc.asyncProperty(tree, tree, tree, async (first, second, third) => {
      const to = join(dir, String(nth++));
      await publish(first, {}, to);
      await mkdir(join(to, 'd'), { recursive: true });
      await writeFile(join(to, 'd/foreign'), 'mine');
      await publish(second, first, to);
      await publish(third, second, to);
      assert.equal(await contents(to), { ...third, 'd/foreign': 'mine' });
    }),
    { numRuns: 40 },
  );
});

test('a foreign file in the way stops everything before a byte is written', async () => {
  await lay({ 'out/b.txt': 'mine' });
  const failure = await failureOf(publish({ 'a.txt': 'a', 'b.txt': 'b' }));
  assert.equal([failure.code, failure.scope], ['publish-foreign-file', 'infrastructure']);
  assert.is(failure.message, `${join(dir, 'out/b.txt')} is in the way: a file that this node did not write`);
  assert.equal(await contents(), { 'b.txt': 'mine' });
  assert.equal(await publish({ 'b.txt': 'mine' }), { written: 0, removed: 0, kept: 1 });
});

test('links are neither followed nor overwritten, on the way or at the end', async () => {
  await lay({ 'outside/x.txt': 'outside', 'out/keep': '' });
  await symlink(join(dir, 'outside'), join(dir, 'out/d'));
  await symlink(join(dir, 'outside/x.txt'), join(dir, 'out/l.txt'));
  assert.match((await failureOf(publish({ 'd/x.txt': 'new' }))).message, 'is in the way: a link');
  assert.match((await failureOf(publish({ 'l.txt': 'new' }))).message, 'is in the way: a link');
  // Even of a previous tree nothing is removed through a link, and a link that took our file's place is replaced, not followed.
  await publish({}, { 'd/x.txt': 'outside' });
  await publish({ 'l.txt': 'new' }, { 'l.txt': 'old' });
  assert.equal(await contents(join(dir, 'outside')), { 'x.txt': 'outside' });
  assert.is(await readFile(join(dir, 'out/l.txt'), 'utf8'), 'new');
});

test('an edited file of an earlier tree is not deleted', async () => {
  await publish({ 'a.txt': 'a', 'b.txt': 'b' });
  await writeFile(join(dir, 'out/a.txt'), 'notes of mine');
  assert.is((await publish({}, { 'a.txt': 'a', 'b.txt': 'b' })).removed, 1);
  assert.equal(await contents(), { 'a.txt': 'notes of mine' });
});

for (const path of [
  '../x',
  '/etc/x',
  'a/../../x',
  'a//b',
  './a',
  '',
  'a\\b',
  'a\0b',
  '.sluice-staging/0',
  'C:x',
  'x'.repeat(300),
]) {
  test(`the path ${JSON.stringify(path).slice(0, 30)} is refused`, async () => {
    assert.is((await failureOf(publish({ [path]: 'x' }))).code, 'publish-bad-path');
  });
}

test('a path under a file is refused', async () => {
  assert.match((await failureOf(publish({ a: 'x', 'a/b': 'y' }))).message, "'a/b' lies under 'a', which is a file");
});

test('what an interrupted publish left behind is cleared away', async () => {
  await lay({ 'out/.sluice-staging/0': 'half' });
  await publish({ 'a.txt': 'a' });
  assert.equal(await readdir(join(dir, 'out')), ['a.txt']);
});

test('a file where the folder should be is named', async () => {
  await lay({ out: 'a file' });
  assert.match((await failureOf(publish({ 'a.txt': 'a' }))).code, /^publish-/);
});

test('a full disk and a read-only folder are named', async () => {
  if (process.getuid?.() === 0) {
    // root may write anywhere; the kernel's own folders refuse all the same.
    assert.match((await failureOf(publish({ 'a.txt': 'a' }, {}, '/proc/sluice'))).code, /^publish-/);
    return;
  }
  await mkdir(join(dir, 'out'));
  await chmod(join(dir, 'out'), 0o500);
  assert.is((await failureOf(publish({ 'a.txt': 'a' }))).code, 'publish-read-only');
  await chmod(join(dir, 'out'), 0o700);
});

test.run();
