/** join: one row a match, keys from content. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '#contract/json.ts';
import { joinKind } from '#kinds/join/kind.ts';
import { checkOf, runRow } from '#rig/drive-kind.ts';

const row = (fields: JsonObject) => ({ key: String(fields['id']), fields });
const A = row({ id: 'a', text: 'one', meta: { n: 1 } });
const B = row({ id: 'b', text: 'two', meta: { n: 2 } });

type Joined = readonly (readonly [string | undefined, JsonObject | undefined])[];

async function joined(lookups: object, set: object): Promise<Joined> {
  const rows = await join(lookups, set);
  if (typeof rows === 'string') throw new Error(rows);
  return rows;
}

async function join(lookups: object, set: object): Promise<Joined | string> {
  const outcome = await runRow(joinKind, { set }, { own: 1 }, { lookups: lookups as never });
  if (outcome.type === 'reject') return outcome.code;
  return outcome.emissions.map(({ suffix, set: fields }) => [suffix, fields] as const);
}

test('one match: fields are laid on, the key stays', async () => {
  assert.equal(await join({ a: A }, { text: 'a.text', n: 'a.meta.n', gone: 'a.none', all: 'a' }), [
    [undefined, { text: 'one', n: 1, gone: null, all: A.fields }],
  ]);
  assert.equal(await join({ a: null }, { text: 'a.text' }), [[undefined, { text: null }]]);
});

test('many matches: a row each, whose key hangs on what it was given', async () => {
  const forth = await joined({ a: [A, B] }, { text: 'a.text' });
  const back = await joined({ a: [B, A, B] }, { text: 'a.text' });
  assert.equal([...back].sort(), [...forth].sort());
  assert.is(new Set(forth.map(([suffix]) => suffix)).size, 2);
  assert.is((await joined({ a: [A, B], b: [A, B] }, { one: 'a.id', two: 'b.id' })).length, 4);
  assert.is(await join({ a: [] }, { text: 'a.text' }), 'lookup-missing');
});

test('a lookup that is not there, and a field inside another, are named', async () => {
  try {
    await join({ a: A }, { text: 'b.text' });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, "begins with 'b'");
  }
  assert.equal(
    checkOf(joinKind, { set: { 'a.b': 'x' } }).map(({ code }) => code),
    ['field-not-top-level'],
  );
});

test.run();
