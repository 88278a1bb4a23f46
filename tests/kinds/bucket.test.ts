/** bucket: which port a row goes to. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bucketKind } from '#kinds/bucket/kind.ts';
import { checkOf, resolveConfig, runRow } from '#rig/drive-kind.ts';

async function portOf(fields: object, config: object = {}) {
  const outcome = await runRow(bucketKind, { ...config }, fields as never);
  return outcome.type === 'reject' ? outcome.code : outcome.emissions[0]?.port;
}

test('thresholds are least values, the highest that fits wins', async () => {
  const ports = await Promise.all([100, 80, 79.999999, 66.666667, 66, 65.999999, 0].map((score) => portOf({ score })));
  assert.equal(ports, ['final', 'final', 'refined', 'refined', 'refined', 'defeat', 'defeat']);
});

test('no score and leaks are apart, and a leak outweighs a score', async () => {
  assert.is(await portOf({ score: null }), 'unjudged');
  assert.is(await portOf({}), 'unjudged');
  assert.is(await portOf({ score: 95, challenger: { leak: { outcome: 'quarantine' } } }), 'leaked');
  assert.is(await portOf({ score: 95, challenger: { leak: { outcome: 'pass' } } }), 'final');
});

test('any number by any names; what fits nowhere is rejected', async () => {
  const config = { by: 'metrics.progress', at: { good: 50 } };
  assert.is(await portOf({ metrics: { progress: 50 } }, config), 'good');
  assert.is(await portOf({ metrics: { progress: 49 } }, config), 'below-every-bucket');
  const outputs = bucketKind.outputs(resolveConfig(bucketKind, config));
  assert.equal(Object.keys(outputs), ['good', 'unjudged', 'leaked']);
});

test('conditions in place of thresholds: exactly one holds, whatever their order', async () => {
  const where = { good: "label == 'pass'", hard: "label == 'fail' && n > 1", odd: 'n == 7' };
  const turned = Object.fromEntries(Object.entries(where).reverse());
  for (const config of [{ where }, { where: turned }]) {
    assert.is(await portOf({ label: 'pass', n: 0 }, config), 'good');
    assert.is(await portOf({ label: 'fail', n: 2 }, config), 'hard');
    assert.is(await portOf({ label: 'fail', n: 1 }, config), 'in-no-bucket');
    assert.is(await portOf({ label: 'pass', n: 7 }, config), 'in-two-buckets');
    assert.is(await portOf({ label: 'fail', n: 'x' }, config), 'not-evaluable');
  }
  assert.is(await portOf({ label: 'pass', n: 0, challenger: { leak: { outcome: 'reject' } } }, { where }), 'leaked');
  assert.equal(Object.keys(bucketKind.outputs(resolveConfig(bucketKind, { where }))), [
    'good',
    'hard',
    'odd',
    'leaked',
  ]);
  const codes = (config: object) => checkOf(bucketKind, { ...config }).map(({ code }) => code);
  assert.equal(codes({ where }), []);
  assert.equal(codes({ where, at: { a: 1 } }), ['bucket-two-ways']);
  assert.equal(codes({ where: { rejected: 'true' } }), ['bucket-name-taken']);
});

test('names and thresholds that cannot work are found', () => {
  const codes = (at: object) => checkOf(bucketKind, { at }).map(({ code, path }) => `${code} ${path.join('.')}`);
  assert.equal(codes({ final: 80, rest: 0 }), []);
  assert.equal(codes({ rejected: 1 }), ['bucket-name-taken at.rejected']);
  assert.equal(codes({ a: 1, b: 1 }), ['bucket-same-threshold at.b']);
});

test.run();
