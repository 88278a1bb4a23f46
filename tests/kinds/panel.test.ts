/** The panel as a kind: a row a judge, and the evidence that verdict and gates read. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '#contract/json.ts';
import { DIMENSIONS } from '#domain/duel/dimensions.ts';
import { panelKind } from '#kinds/panel/kind.ts';
import { runWhole } from '#rig/drive-kind.ts';

function duel(nth: number): JsonObject {
  const isGood = nth % 4 !== 0;
  const judges = ['a', 'b', 'x'].flatMap((judge) =>
    ['candidate-first', 'against-first'].map((order) => {
      const verdict =
        judge === 'x' ? (order === 'candidate-first' ? 'candidate' : 'against') : isGood ? 'candidate' : 'against';
      const choices = Object.fromEntries(DIMENSIONS.map((name) => [name, verdict]));
      return { judge, order, status: 'parsed', code: null, choices, quotes: {}, reason: '' };
    }),
  );
  const score = isGood ? 83.333333 : 16.666667;
  return {
    instance_id: `i${nth}`,
    challenger: { text: 'longer text' },
    king: { text: 'text' },
    score,
    judges,
    decided: null,
  };
}

const identical = { ...duel(1), judges: [], score: 50, decided: 'identical' };

async function weigh(config: JsonObject, rows: readonly JsonObject[], probes: readonly JsonObject[] = []) {
  const items = await runWhole(panelKind, config, { from: rows, probes });
  const of = (port: string) =>
    items.flatMap((item) =>
      item.type === 'row' && (item.port ?? 'out') === port ? [{ key: item.key, ...item.fields }] : [],
    );
  return { out: of('out') as readonly JsonObject[], evidence: of('evidence') as readonly JsonObject[] };
}

const rows = [...Array.from({ length: 20 }, (_, nth) => duel(nth)), identical];

test('evidence says whom to leave out and why; a row a judge says the rest', async () => {
  const { out, evidence } = await weigh({}, rows);
  const status = evidence.filter(({ name }) => name === 'judge_status');
  assert.equal(
    status.map(({ slice, value, source }) => [slice, value, source]),
    [
      ['a', 'kept', undefined],
      ['b', 'kept', undefined],
      ['x', 'excluded', 'always-first: 40 of 40 answers take what is shown first'],
    ],
  );
  assert.equal(
    out.map(({ key, status, findings }) => [key, status, findings]),
    [
      ['a', 'kept', []],
      ['b', 'kept', []],
      ['x', 'excluded', ['always-first']],
    ],
  );
  const named = (name: string) => evidence.find((each) => each['name'] === name && each['slice'] === undefined);
  assert.equal([named('drop')?.['value'], named('judges_kept')?.['value']], [['x'], 2]);
  assert.equal(named('margin_kept')?.['n'], 21);
});

test('it measures what it says it measures, under keys of their own', async () => {
  for (const { evidence } of [await weigh({}, rows), await weigh({}, [])]) {
    const names = new Set(evidence.filter(({ slice }) => slice === undefined).map(({ name }) => name));
    assert.equal([...names].sort(), [...(panelKind.evidence ?? [])].sort());
    assert.is(new Set(evidence.map(({ key }) => key)).size, evidence.length);
    for (const { value, status } of evidence) assert.is(status, value === null ? 'not_evaluable' : 'ok');
  }
});

test('a judge that others answered for is seen', async () => {
  const stood = rows.map((row, nth) => ({
    ...row,
    judges: (row['judges'] as readonly JsonObject[]).map((entry) =>
      entry['judge'] === 'b' && nth < 5 ? { ...entry, stand_in: 'c' } : entry,
    ),
  }));
  const { out, evidence } = await weigh({}, stood);
  const found = evidence.filter(({ name }) => name === 'stood_in');
  assert.equal(
    found.map(({ slice, value, n }) => [slice, value, n]),
    [['b/c', 0.25, 40]],
  );
  assert.equal(
    out.map((row) => Object.keys((row['stand_ins'] ?? {}) as JsonObject)),
    [[], ['c'], []],
  );
});

test('probes, and the length of whatever was judged', async () => {
  const judges = (duel(1)['judges'] as readonly JsonObject[]).filter(({ judge }) => judge === 'a');
  const probe = { probe: 'injected', judges };
  const { out } = await weigh(
    { against: 'reference' },
    rows.map((row) => ({ ...row, reference: 'r' })),
    [probe, probe, probe],
  );
  assert.equal(out[0]?.['findings'], ['obeys-injection']);
  assert.is((out[0]?.['longer'] as JsonObject | undefined)?.['n'], 20);
});

test.run();
