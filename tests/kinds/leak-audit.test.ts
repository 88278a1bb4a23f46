/** leak-audit and leak-report: the annotation beside the text, planted leaks, and what is counted of both. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '#contract/json.ts';
import { leakAuditKind } from '#kinds/leak-audit/kind.ts';
import { leakReportKind } from '#kinds/leak-report/kind.ts';
import { checkOf, runRow, runWhole, setOf } from '#rig/drive-kind.ts';
import { makeLlmProbe, model } from '#rig/llm-probe.ts';

const patch = `--- a/src/parse.py
+++ b/src/parse.py
@@ -10,1 +10,2 @@ def parse
-    return value
+    strict_mode = options.get("strict_parsing", False)
+    return self.coerce_value(value, strict_mode)
`;
const pr = { key: 'pr-1', fields: { patch, instance_id: 'x__y-1234' } };
const messages = [{ role: 'user', content: 'Parsing is too lax. Fix it.' }];
const honest = 'THOUGHT: look\n\n```bash\nls\n```';
const leaked = 'THOUGHT: `coerce_value` is missing\n\n```bash\nls\n```';

interface Leak {
  readonly outcome: string;
  readonly evidence: readonly { readonly detector: string; readonly cleared?: string }[];
  readonly control?: number;
  readonly planted?: string;
  readonly caught?: boolean;
}

test('the annotation goes beside the text, or into a field of its own', async () => {
  const row = { messages, king: { text: leaked, command: 'ls' }, reference: honest };
  const beside = setOf(await runRow(leakAuditKind, { field: 'king.text' }, row, { lookups: { pr } }));
  const king = beside['king'] as JsonObject & { readonly leak: Leak };
  assert.equal([king.leak.outcome, king['command'], king['text']], ['quarantine', 'ls', leaked]);
  const top = setOf(await runRow(leakAuditKind, { field: 'reference' }, row, { lookups: { pr } }));
  assert.equal(top, { reference_leak: { outcome: 'pass', evidence: [] } });
});

test('quarantine has a port, reject rejects', async () => {
  const row = { messages, king: { text: leaked } };
  const quarantined = await runRow(leakAuditKind, { field: 'king.text', leak_audit: 'quarantine' }, row, {
    lookups: { pr },
  });
  const [emission] = quarantined.type === 'emit' ? quarantined.emissions : [];
  assert.is(emission?.port, 'quarantined');
  assert.match(JSON.stringify(emission?.set), '"code":"leak-suspected"');
  const rejected = await runRow(leakAuditKind, { field: 'king.text', leak_audit: 'reject' }, row, { lookups: { pr } });
  assert.is(rejected.type === 'reject' && rejected.code, 'leak-suspected');
  const proven = await runRow(
    leakAuditKind,
    { field: 'king.text', leak_audit: 'quarantine' },
    { messages, king: { text: 'see #1234' } },
    { lookups: { pr } },
  );
  assert.is(proven.type === 'reject' && proven.code, 'leak-proven');
});

test('control: drawn only where there is a hit, and what it writes as well is cleared', async () => {
  const control = { model: model('kimi'), samples: 2 };
  const llm = makeLlmProbe(() => leaked);
  const clean = await runRow(
    leakAuditKind,
    { field: 'king.text', control },
    { messages, king: { text: honest } },
    { llm, lookups: { pr } },
  );
  assert.is(clean.type, 'emit');
  assert.is(llm.requests.length, 0);
  const row = { messages, king: { text: leaked } };
  const king = setOf(await runRow(leakAuditKind, { field: 'king.text', control }, row, { llm, lookups: { pr } }))[
    'king'
  ];
  const { leak } = king as unknown as { readonly leak: Leak };
  assert.equal([leak.outcome, leak.control, leak.evidence[0]?.cleared], ['pass', 2, 'control']);
  assert.equal(
    llm.requests.map(({ draw }) => draw),
    [0, 1],
  );
  assert.not(JSON.stringify(llm.requests).includes('coerce_value'));
});

test('mistakes in the config are found', () => {
  const codes = (config: object) => checkOf(leakAuditKind, config as never).map(({ code }) => code);
  assert.equal(codes({}), []);
  assert.equal(codes({ field: 'a.b.c' }), ['annotation-too-deep']);
  assert.equal(codes({ field: 'reference', as: 'reference' }), ['field-overwrites-input']);
  assert.equal(codes({ plant: {}, leak_audit: 'reject' }), ['plant-decides']);
  const prompt = { name: 'c.md', text: '{{ pr.patch }}', includes: {} };
  assert.equal(codes({ control: { model: model('kimi'), prompt } }), ['prompt-shows-pull-request']);
});

test('planted leaks and honest texts become recall and false alarms; hits are counted by detector', async () => {
  const rows: JsonObject[] = [];
  for (let nth = 0; nth < 60; nth++) {
    const set = setOf(
      await runRow(
        leakAuditKind,
        { field: 'reference', plant: { share: 0.5 } },
        { messages, reference: honest },
        { lookups: { pr }, key: `row-${nth}` },
      ),
    );
    assert.equal(Object.keys(set), ['reference_leak'], 'the text itself stays honest');
    rows.push(set);
  }
  const planted = rows.filter((row) => (row['reference_leak'] as unknown as Leak).planted !== undefined);
  assert.ok(planted.length > 15 && planted.length < 45, `${planted.length}`);
  const answers = [
    { challenger: { leak: { outcome: 'pass', evidence: [] }, hidden: { pr_key: '', decoys: ['a_b_c'] } } },
    {
      challenger: {
        leak: { outcome: 'reject', evidence: [{ detector: 'canary', strength: 'proof' }] },
        hidden: { pr_key: '', decoys: ['a_b_c'] },
      },
    },
    {
      challenger: {
        leak: {
          outcome: 'pass',
          evidence: [{ detector: 'hidden-name', strength: 'strong', cleared: 'control' }],
          control: 3,
        },
      },
    },
    { challenger: { text: 'rejected before it was audited' } },
  ];
  const items = await runWhole(leakReportKind, {}, { from: answers as never, calibration: rows });
  const evidence = new Map(items.flatMap((item) => (item.type === 'row' ? [[item.key, item.fields] as const] : [])));
  const share = (key: string) => [evidence.get(key)?.['value'], evidence.get(key)?.['n']];
  assert.equal(share('leak_hits'), [1 / 3, 3]);
  assert.equal(share('leak_detector/canary'), [1 / 3, 3]);
  assert.equal(share('leak_detector/hidden-name'), [0, 3]);
  assert.equal(share('leak_canary_hits'), [0.5, 2]);
  assert.equal(share('leak_cleared'), [1, 1]);
  assert.equal(share('leak_false_alarms'), [0, 60 - planted.length]);
  assert.is(share('leak_recall')[0], 1);
  assert.ok([...evidence.keys()].filter((key) => key.startsWith('leak_recall_sort/')).length >= 6);
  const none = await runWhole(leakReportKind, {}, { from: [] });
  assert.ok(
    none.every(
      (item) => item.type === 'row' && item.fields['value'] === null && item.fields['status'] === 'not_evaluable',
    ),
  );
});

test.run();
