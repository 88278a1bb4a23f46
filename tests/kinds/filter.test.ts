/** filter: kept, filtered and not evaluable are three answers, and a condition sees the fields that it names. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '#contract/json.ts';
import type { Looked, RowKind } from '#contract/kind.ts';
import { readsOfCondition } from '#domain/reads-of-condition.ts';
import { filterKind } from '../../src/kinds/filter/kind.ts';
import { runRowKind } from './run-kind.ts';

async function ask(
  where: string,
  fields: JsonObject,
  lookups: { readonly [name: string]: Looked } = {},
): Promise<string> {
  const outcome = await runRowKind(filterKind, { where }, { key: 'r', fields }, lookups);
  return outcome.type === 'emit' ? 'kept' : outcome.code;
}

test('rows are kept unchanged, or rejected as filtered with the condition as reason', async () => {
  const outcome = await runRowKind(filterKind, { where: 'score > 50' }, { key: 'r', fields: { score: 40 } });
  assert.equal(outcome, { type: 'reject', code: 'filtered', reason: 'where: score > 50' });
  assert.equal(await runRowKind(filterKind, { where: 'score > 50' }, { key: 'r', fields: { score: 50.5 } }), {
    type: 'emit',
    emissions: [{}],
  });
});

test('conditions reach nested members, lists, texts and `row`', async () => {
  const fields = { king: { text: 'ls -la' }, tags: ['a', 'b'], n: 3, license: null };
  assert.is(await ask('king.text.startsWith("ls") && tags.exists(t, t == "b")', fields), 'kept');
  assert.is(await ask('row["n"] == 3 && size(row.tags) == 2', fields), 'kept');
  assert.is(await ask('has(row.missing)', fields), 'filtered');
  assert.is(await ask('has(king.command)', fields), 'filtered');
  assert.is(await ask('license == null', fields), 'kept');
});

test('what cannot be asked of a row is a rejection of its own', async () => {
  assert.is(await ask('score > 50', { score: 'high' }), 'not-evaluable');
  assert.is(await ask('score > 50', {}), 'not-evaluable');
  assert.is(await ask('a.b.c == 1', { a: {} }), 'not-evaluable');
  assert.is(await ask('n + 1', { n: 1 }), 'not-evaluable');
});

test('looked-up rows go by their names', async () => {
  const pr = { key: '', fields: { patch: 'x', license: 'MIT' } };
  assert.is(await ask('pr.license == "MIT"', { n: 1 }, { pr }), 'kept');
  assert.is(await ask('pr == null', { n: 1 }, { pr: null }), 'kept');
  assert.is(await ask('size(prs) == 2 && prs[0].patch == "x"', { n: 1 }, { prs: [pr, pr] }), 'kept');
});

test('without a condition every row stays, for filters by lookup alone', async () => {
  assert.is((await runRowKind(filterKind, {}, { key: 'r', fields: {} })).type, 'emit');
  assert.equal((filterKind as RowKind).reads({}), {});
});

test('only fields that the condition may name are read', async () => {
  const names = (where: string) => {
    const reads = readsOfCondition(where);
    return reads === '*' ? '*' : Object.keys(reads).sort();
  };
  assert.equal(names('turn_index >= 3 && king.text.size() > 4'), ['king', 'turn_index']);
  assert.equal(names('row.score > 1'), ['score']);
  assert.equal(names('has(row.a.b)'), ['a', 'has']);
  assert.is(names('row["score"] > 1'), '*');
  assert.is(names('row .score > 1'), '*');
});

test.run();
