/** pool: quotas, one a behaviour, few easy ones; and a task whose reference fails gives nothing. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '#contract/json.ts';
import { CANDIDATE_CLASSES } from '#domain/mutate/make-candidates.ts';
import { poolKind } from '#kinds/pool/kind.ts';
import { runWhole } from '#rig/drive-kind.ts';

let serial = 0;
const candidate = (
  name: string,
  label = 'fail',
  more: { behaviour?: string; detail?: string; status?: string } = {},
) => {
  serial += 1;
  const status = more.status ?? (label === 'pass' ? 'pass' : label === 'fail' ? 'fail_assert' : 'nondeterministic');
  const behaviour = more.behaviour ?? (label === 'pass' ? 'right' : `b${serial}`);
  return {
    task_id: 't',
    candidate_id: `c${serial}`,
    text: `text ${serial}`,
    sidecar: { class: name, operator: null, span: null, before: '', after: '' },
    label: { label, status, behaviour, detail: more.detail ?? '' },
  };
};

async function pool(rows: readonly JsonObject[], config: { readonly [name: string]: unknown } = {}) {
  const items = await runWhole(poolKind, config, { from: rows });
  const of = (port: string | undefined) =>
    items.flatMap((item) => (item.type === 'row' && item.port === port ? [item.fields] : []));
  return {
    taken: of(undefined) as unknown as ReturnType<typeof candidate>[],
    tasks: of('tasks') as unknown as {
      wanted: number;
      taken: number;
      complete: boolean;
      left: { [code: string]: number };
    }[],
    evidence: Object.fromEntries(of('evidence').map((row) => [row['name'], row['value']])),
    drops: Object.fromEntries(items.flatMap((item) => (item.type === 'drop' ? [[item.code, item.count]] : []))),
  };
}

const classes = (rows: readonly { sidecar: { class: string } }[]) => rows.map(({ sidecar }) => sidecar.class).sort();

test('a pool has one of each fixed class and fills up with mutants, a class in turn', async () => {
  const rows = [
    candidate('passing_reference', 'pass'),
    candidate('no_action_bait'),
    candidate('near_no_action_bait'),
    candidate('neutral_reference', 'pass'),
    ...Array.from({ length: 9 }, () => candidate('wrong_branch')),
    ...Array.from({ length: 2 }, () => candidate('wrong_symbol')),
  ];
  const { taken, tasks } = await pool(rows, { size: 8 });
  assert.equal(classes(taken), [
    'near_no_action_bait',
    'neutral_reference',
    'no_action_bait',
    'passing_reference',
    'wrong_branch',
    'wrong_branch',
    'wrong_symbol',
    'wrong_symbol',
  ]);
  assert.equal(tasks[0]?.left, { 'pool-full': 7 });
  assert.is(tasks[0]?.complete, true);
});

test('a quota holds a class down', async () => {
  const rows = [candidate('passing_reference', 'pass'), ...Array.from({ length: 5 }, () => candidate('wrong_branch'))];
  const { taken, tasks } = await pool(rows, { quotas: { wrong_branch: 2, passing_reference: 0 } });
  assert.equal(classes(taken), ['wrong_branch', 'wrong_branch']);
  assert.equal(tasks[0]?.left, { 'class-full': 4 });
});

test('mutants that behave alike are one, and one that behaves like the reference is none', async () => {
  const rows = [
    candidate('passing_reference', 'pass'),
    candidate('wrong_branch', 'fail', { behaviour: 'same' }),
    candidate('wrong_symbol', 'fail', { behaviour: 'same' }),
    candidate('missing_logic', 'pass'),
    candidate('missing_logic', 'pass', { behaviour: 'right, with a print' }),
  ];
  const { taken, drops, evidence } = await pool(rows);
  assert.is(taken.length, 2);
  assert.equal(drops, { 'equivalent-suspected': 2, 'same-behaviour': 1 });
  assert.is(evidence['equivalent_suspected'], 0.4);
  assert.is((await pool(rows, { equivalents: 'keep' })).taken.length, 4);
});

test('what a reader sees without running it is held down', async () => {
  const easy = () =>
    candidate('wrong_symbol', 'fail', { status: 'fail_exception', detail: "NameError: name 'x' is not defined" });
  const hard = () => candidate('wrong_symbol', 'fail', { status: 'fail_exception', detail: 'IndexError: list index' });
  const rows = [
    candidate('passing_reference', 'pass'),
    ...Array.from({ length: 8 }, easy),
    ...Array.from({ length: 8 }, hard),
  ];
  const { taken, tasks } = await pool(rows, { size: 10 });
  assert.is(taken.filter(({ label }) => label.detail.startsWith('NameError')).length, 2);
  assert.is(tasks[0]?.left['too-easy'], 6);
});

test('no label is made up: unknown ones, a failing reference and a failing neutral edit are left out by name', async () => {
  const unknown = [
    candidate('passing_reference', 'pass'),
    candidate('wrong_branch', 'unknown'),
    candidate('neutral_reference'),
  ];
  assert.equal((await pool(unknown)).drops, { 'label-unknown': 1, mislabelled: 1 });
  const failing = [candidate('passing_reference', 'fail'), candidate('wrong_branch')];
  const { taken, drops } = await pool(failing);
  assert.equal(taken, []);
  assert.equal(drops, { 'reference-not-passing': 2 });
});

test('a short pool is kept or refused as a whole', async () => {
  const rows = [candidate('passing_reference', 'pass'), candidate('wrong_branch')];
  assert.is((await pool(rows)).taken.length, 2);
  const { taken, drops, tasks } = await pool(rows, { shortfall: 'reject' });
  assert.equal(taken, []);
  assert.equal(drops, { 'pool-short': 2 });
  assert.is(tasks[0]?.complete, false);
});

test('size may be the task’s own, and one that is none is a failure', async () => {
  const rows = Array.from({ length: 9 }, () => ({ ...candidate('wrong_branch'), size: 3 }));
  assert.is((await pool(rows, { size_field: 'size' })).taken.length, 3);
  const bad = rows.map((row) => ({ ...row, size: 1 }));
  try {
    await pool(bad, { size_field: 'size' });
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code?: string }).code, 'pool-size-invalid');
  }
});

test('every candidate is taken or left by name, and the choice does not hang on their order', async () => {
  const arbitrary = fc.array(
    fc.record({
      name: fc.constantFrom(...CANDIDATE_CLASSES),
      label: fc.constantFrom('pass', 'fail', 'unknown'),
      behaviour: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      detail: fc.constantFrom('', 'NameError: x'),
      order: fc.integer(),
    }),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(arbitrary, fc.integer({ min: 2, max: 12 }), async (made, size) => {
      const rows = made.map(({ name, label, behaviour, detail }) => candidate(name, label, { behaviour, detail }));
      // Only one reference decides.
      const one = rows.filter(
        (row, at) =>
          row.sidecar.class !== 'passing_reference' ||
          rows.findIndex((r) => r.sidecar.class === 'passing_reference') === at,
      );
      const { taken, drops } = await pool(one, { size });
      const dropped = Object.values(drops).reduce((sum: number, n) => sum + (n as number), 0);
      assert.is(taken.length + dropped, one.length);
      assert.ok(taken.length <= size);
      const turned = await pool([...one].reverse(), { size });
      const ids = (list: typeof taken) => list.map(({ candidate_id }) => candidate_id).sort();
      assert.equal(ids(turned.taken), ids(taken));
    }),
    { numRuns: 200 },
  );
});

test.run();
