/** mutate: one span a mutant, neutral ids, choices that stay put, and counts that add up. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LANGUAGES } from '#contract/code.ts';
import type { JsonObject } from '#contract/json.ts';
import type { Sidecar } from '#domain/mutate/candidate-row.ts';
import type { Yields } from '#domain/mutate/make-candidates.ts';
import { MUTANT_CLASSES } from '#domain/mutate/operators/operator.ts';
import { OPERATORS } from '#domain/mutate/operators.ts';
import { mutateKind } from '#kinds/mutate/kind.ts';
import { humanEval } from '#rig/code-tasks.ts';
import { hasSharedData } from '#rig/data-sources.ts';
import { runRow } from '#rig/drive-kind.ts';
import { digestOf, mutantPool } from '#rig/mutant-pool.ts';
import { makeCodeService } from '#services/code/code-service.ts';
import { SAMPLES } from '../domain/mutate/samples.ts';

const code = makeCodeService();

interface CandidateFields {
  readonly candidate_id: string;
  readonly text: string;
  readonly sidecar: Sidecar;
}

async function mutate(fields: JsonObject, config: object = {}) {
  const outcome = await runRow(
    mutateKind,
    { bytecode: false, ...config },
    { task_id: 't', ...fields },
    { services: { code } },
  );
  if (outcome.type === 'reject') throw new Error(`${outcome.code}: ${outcome.reason}`);
  const candidates = outcome.emissions.flatMap(({ port, set }) =>
    port === undefined ? [set as never as CandidateFields] : [],
  );
  const yields = outcome.emissions.find(({ port }) => port === 'yields')?.set?.['operators'] as never as Yields;
  return { candidates, yields, outcome };
}

const codeOf = async (fields: JsonObject, config: object = {}): Promise<string> => {
  const outcome = await runRow(mutateKind, { bytecode: false, ...config }, fields, { services: { code } });
  return outcome.type === 'reject' ? outcome.code : 'emitted';
};

const BEFORE = 'def add(numbers, start=0):\n    """Sum."""\n    pass\n';
const REFERENCE = `def add(numbers, start=0):
    """Sum."""
    total = start  # from here
    for number in numbers:
        if number > 0 and number != 13:
            total += number
    return max(total, start)
`;

test('a mutant is its reference but for one span, in every language', async () => {
  for (const language of LANGUAGES) {
    const reference = SAMPLES[language];
    const { candidates } = await mutate({ reference, language }, { pool_size: 'all' });
    const mutants = candidates.filter(({ sidecar }) => sidecar.operator !== null);
    assert.ok(mutants.length > 15, `${language}: ${mutants.length}`);
    for (const { text, sidecar } of mutants) {
      const [start, end] = sidecar.span ?? [0, 0];
      assert.is(reference.slice(start, end), sidecar.before);
      assert.is(reference.slice(0, start) + sidecar.after + reference.slice(end), text);
    }
    assert.is(new Set(candidates.map(({ text }) => text)).size, candidates.length);
  }
});

test('every operator has a place in some sample', async () => {
  const seen = new Set<string>();
  for (const language of LANGUAGES) {
    const { yields } = await mutate({ reference: SAMPLES[language], language }, { pool_size: 'all' });
    for (const operator of Object.keys(yields)) seen.add(operator);
  }
  assert.equal(
    OPERATORS.map(({ name }) => name).filter((name) => !seen.has(name)),
    [],
  );
});

test('what is made is kept or dropped by name', async () => {
  const { candidates, yields } = await mutate({ reference: REFERENCE, language: 'python' }, { pool_size: 'all' });
  let kept = 0;
  for (const [operator, counts] of Object.entries(yields)) {
    const dropped = Object.values(counts.dropped).reduce((sum, n) => sum + n, 0);
    assert.is(counts.made, counts.kept + dropped, operator);
    kept += counts.kept;
  }
  const mutants = candidates.filter(
    ({ sidecar }) => sidecar.class !== 'neutral_reference' && sidecar.operator !== null,
  );
  assert.is(mutants.length, kept);
  assert.is(yields['swap-arguments']?.dropped.commutative, 1);
});

test('documentation, comments and imports are left alone', async () => {
  const reference = `import os\n${REFERENCE}`;
  const { candidates } = await mutate({ reference, language: 'python' }, { pool_size: 'all' });
  for (const { text } of candidates) {
    assert.match(text, 'import os\n');
    assert.match(text, '"""Sum."""');
  }
});

test('baits come from the state before, one neutral edit each', async () => {
  const { candidates } = await mutate(
    { reference: REFERENCE, before: BEFORE, language: 'python' },
    { before: 'before' },
  );
  const of = (name: string) => candidates.filter(({ sidecar }) => sidecar.class === name);
  assert.equal(
    of('passing_reference').map(({ text }) => text),
    [REFERENCE],
  );
  assert.equal(
    of('no_action_bait').map(({ text }) => text),
    [BEFORE],
  );
  const [near] = of('near_no_action_bait');
  const [neutral] = of('neutral_reference');
  assert.ok(near !== undefined && near.text !== BEFORE && near.text.includes('pass'));
  assert.ok(neutral !== undefined && neutral.text !== REFERENCE);
});

test('a state before that does not parse is a bait all the same', async () => {
  const before = 'def add(numbers\n';
  const { candidates } = await mutate({ reference: REFERENCE, before, language: 'python' }, { before: 'before' });
  const classes = candidates.map(({ sidecar }) => sidecar.class);
  assert.ok(classes.includes('no_action_bait') && !classes.includes('near_no_action_bait'));
});

test('an operator less changes no choice of another class, and no rank of its own', async () => {
  const choose = async (config: object) =>
    (await mutate({ reference: REFERENCE, language: 'python' }, { pool_size: 12, oversample: 2, ...config }))
      .candidates;
  const all = await choose({});
  const fewer = await choose({ without: ['change-number', 'swap-arithmetic', 'return-nothing'] });
  const rows = (candidates: readonly CandidateFields[], own: boolean) =>
    candidates
      .filter(({ sidecar }) => (sidecar.class === 'deterministic_mutant') === own)
      .map(({ candidate_id, sidecar, text }) => [candidate_id, sidecar, text]);
  assert.equal(rows(fewer, false), rows(all, false));
  const left = rows(all, true).filter(
    ([, sidecar]) => !/number|arithmetic|nothing/.test((sidecar as Sidecar).operator ?? ''),
  );
  for (const row of left) assert.ok(rows(fewer, true).some((one) => JSON.stringify(one) === JSON.stringify(row)));
});

test('neither id nor order tells the class', async () => {
  const first: string[] = [];
  for (let n = 0; n < 40; n += 1) {
    const { candidates } = await mutate({ reference: REFERENCE, language: 'python', task_id: `t${n}` });
    assert.match(candidates[0]?.candidate_id ?? '', /^[0-9a-f]{12}$/);
    first.push(candidates[0]?.sidecar.class ?? '');
  }
  // One in about twenty candidates is the reference.
  assert.ok(first.filter((name) => name === 'passing_reference').length < 12);
  assert.ok(new Set(first).size > 3);
});

test('seed and pool size may be the task’s own', async () => {
  const task = { reference: REFERENCE, language: 'python' };
  const ids = async (fields: JsonObject, config: object = {}) =>
    (await mutate({ ...task, ...fields }, { seed_field: 'seed', pool_size_field: 'size', ...config })).candidates
      .length;
  assert.ok((await ids({ size: 24 })) > (await ids({ size: 4 })));
  assert.is(await codeOf({ task_id: 't', ...task, size: 65 }, { pool_size_field: 'size' }), 'pool-size-invalid');
  const chosen = async (seed: number) =>
    new Set(
      (await mutate({ ...task, seed }, { seed_field: 'seed', oversample: 1 })).candidates.map(({ text }) => text),
    );
  assert.not.equal(await chosen(1), await chosen(2));
  assert.equal(await chosen(3), await chosen(3));
});

test('tasks that cannot be used are rejected by name', async () => {
  const task = { task_id: 't', reference: REFERENCE, language: 'python' };
  assert.is(await codeOf({ ...task, task_id: null }), 'task-id-missing');
  assert.is(await codeOf({ ...task, reference: ' ' }), 'reference-missing');
  assert.is(await codeOf({ ...task, reference: 'def f(:' }), 'reference-unparsable');
  assert.is(await codeOf({ ...task, language: 'pyhton' }), 'language-unknown');
  assert.is(await codeOf({ ...task, language: 'constructor' }), 'language-unknown');
});

/** Of the whole HumanEval pool, seed 7. It changes with the operators and grammars alone: then the version of mutate must be raised. */
const POOL_DIGEST = '189d653b3a3d45b8ec5a200a4be61358d76f4ea05b0487487350e53350749bb6';

test('the HumanEval pool: over 5,000 mutants of one span, the same bytes on every run and machine', async () => {
  if (!hasSharedData('mutants of HumanEval')) return;
  const pool = await mutantPool(humanEval(), {}, code);
  const mutants = pool.filter(({ sidecar }) => isMutant(sidecar.class));
  assert.ok(mutants.length > 5_000, String(mutants.length));
  for (const { task, text, sidecar } of mutants) {
    const [start, end] = sidecar.span ?? [0, 0];
    assert.is(task.reference.slice(0, start) + sidecar.after + task.reference.slice(end), text);
  }
  assert.is(digestOf(pool), POOL_DIGEST);
});

const isMutant = (name: string): boolean => (MUTANT_CLASSES as readonly string[]).includes(name);

test.run();
