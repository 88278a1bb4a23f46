/** label-report: counts by class, operator and source; neutral edits are no mutants; nothing of a stranger's text is markup. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '#contract/json.ts';
import { labelReportKind } from '#kinds/label-report/kind.ts';
import { runWhole } from '#rig/drive-kind.ts';

const labelled = (name: string | null, operator: string | null, label: string, more: JsonObject = {}): JsonObject => ({
  ...(name === null ? {} : { sidecar: { class: name, operator, span: null, before: '', after: '' } }),
  label: {
    label,
    status: label === 'pass' ? 'pass' : label === 'fail' ? 'fail_assert' : 'nondeterministic',
    backend: 'zygote',
    interpreter: 'cpython 3.11.7',
    mode: 'split',
    strength: 'strong',
    forgeable: false,
    forgeable_because: null,
    tests: 'a'.repeat(64),
    policy: { version: 1, digest: 'b'.repeat(64) },
    ...more,
  },
});

const ROWS = [
  labelled('passing_reference', null, 'pass'),
  labelled('neutral_reference', 'name-return', 'pass'),
  labelled('wrong_branch', 'flip-comparison', 'fail'),
  labelled('wrong_branch', 'flip-comparison', 'pass'),
  labelled('wrong_branch', 'swap-arms', 'unknown'),
  labelled(null, null, 'fail', { forgeable: true, forgeable_because: 'the <script> runs beside it', strength: 'weak' }),
];
const YIELDS = [
  { operators: { 'flip-comparison': { made: 3, kept: 2, dropped: { unparsable: 1 } } } },
  {
    operators: {
      'flip-comparison': { made: 2, kept: 1, dropped: { 'same-text': 1 } },
      'swap-arms': { made: 1, kept: 1, dropped: {} },
    },
  },
];

async function report(inputs: { readonly [name: string]: readonly JsonObject[] }) {
  const items = await runWhole(labelReportKind, {}, inputs);
  const files = Object.fromEntries(
    items.flatMap((item) => (item.type === 'file' ? [[item.path, String(item.content)]] : [])),
  );
  const evidence = items.flatMap((item) => (item.type === 'row' && item.port === 'evidence' ? [item.fields] : []));
  const evidenceOf = (name: string, slice?: string) =>
    evidence.find((one) => one['name'] === name && one['slice'] === slice)?.['value'];
  return { files, evidenceOf };
}

test('labels, survival and sources are counted', async () => {
  const { files, evidenceOf } = await report({ from: ROWS, yields: YIELDS, pool: ROWS.slice(0, 3) });
  assert.is(evidenceOf('labels'), 6);
  assert.is(evidenceOf('unverified'), 1);
  assert.is(evidenceOf('label_share', 'pass'), 0.5);
  assert.is(evidenceOf('survival'), 1 / 3);
  assert.is(evidenceOf('survival', 'flip-comparison'), 0.5);
  assert.is(evidenceOf('survival', 'name-return'), undefined);
  assert.is(evidenceOf('reference_pass'), 1);
  assert.is(evidenceOf('forgeable'), 1 / 6);
  assert.is(evidenceOf('weak'), 1 / 6);
  const markdown = files['labels.md'] ?? '';
  assert.match(markdown, '| wrong\\_branch | 3 | 1 | 1 | 1 | 1 |');
  assert.match(markdown, '| flip-comparison | 5 | same-text 1, unparsable 1 | 2 | 1 | 1 \\(50 %\\) | 0 | 1 |');
  assert.match(markdown, '| zygote, cpython 3.11.7, split | 6 | 3 | 2 | 1 |');
  assert.is(JSON.parse(files['labels.json'] ?? '').sections.length, 6);
});

test('text of a stranger is text', async () => {
  const { files } = await report({ from: ROWS });
  assert.not.match(files['labels.html'] ?? '', '<script> runs');
  assert.match(files['labels.html'] ?? '', '&lt;script&gt; runs beside it');
  assert.match(files['labels.md'] ?? '', '&lt;script&gt; runs beside it');
});

test('no labels are no numbers', async () => {
  const { evidenceOf, files } = await report({ from: [] });
  assert.is(evidenceOf('survival'), null);
  assert.match(files['labels.md'] ?? '', '0 candidates');
});

test.run();
