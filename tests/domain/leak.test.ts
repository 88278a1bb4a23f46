/** The leak audit: what each detector sees and where, what it leaves alone, and how often it accuses real, honest turns. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { auditLeak, type LeakQuestion } from '#domain/leak/audit-leak.ts';
import { isCanary, plantDecoys } from '#domain/leak/canaries.ts';
import { clearByControl } from '#domain/leak/control.ts';
import { readDiff } from '#domain/leak/diff-lines.ts';
import { isLexical, PLANT_SORTS, plantLeak } from '#domain/leak/plant-leak.ts';
import { splitName } from '#domain/leak/scan.ts';
import { Visible } from '#domain/leak/visible.ts';
import { hasSharedData, SHARED_DATA } from '#rig/data-sources.ts';

const patch = `diff --git a/spool/ring_buffer.py b/spool/ring_buffer.py
--- a/spool/ring_buffer.py
+++ b/spool/ring_buffer.py
@@ -140,7 +140,9 @@ class Ring:
     def take(self, count):
-        items = self.items[:count]
+        wanted_slice = slice(self.head_offset, self.head_offset + count)
+        if self.is_drained(wanted_slice):
+            raise RingDrained("nothing is left to be taken")
         return items
 
     def size(self):
`;
const test_patch = `diff --git a/tests/test_ring.py b/tests/test_ring.py
--- a/tests/test_ring.py
+++ b/tests/test_ring.py
@@ -3,2 +3,4 @@
 import spool
+def test_take_from_drained_ring():
+    assert spool.Ring(2).take(1) == []
 x = 1
`;
const hidden = { patch, test_patch, instance_id: 'acme__spool-4711', base_commit: '9f3c2ab714de', hints_text: '' };
const history = [
  { role: 'user', content: 'Taking from an empty ring returns old items. Fix it.' },
  { role: 'assistant', content: 'THOUGHT: look\n\n```bash\nls\n```' },
  { role: 'user', content: '<output>\nsetup.cfg\nspool\ntests\n</output>' },
];
const turn = (thought: string, command = 'ls spool') => `THOUGHT: ${thought}\n\n\`\`\`bash\n${command}\n\`\`\``;
const audit = (answer: string, more: Partial<LeakQuestion> = {}) => auditLeak({ answer, history, hidden, ...more });

/** The detectors that count, and that each points at what it names. */
function hits(answer: string, more: Partial<LeakQuestion> = {}): string[] {
  const { evidence } = audit(answer, more);
  for (const { start, end, text } of evidence) assert.is(answer.slice(start, end).slice(0, 200), text);
  return [...new Set(evidence.filter(({ strength }) => strength !== 'weak').map(({ detector }) => detector))].sort();
}

test('an honest turn passes', () => {
  assert.equal(audit(turn('I look for the ring and its tests.')), { outcome: 'pass', evidence: [] });
});

test('each detector by itself, with the place in the answer and in the pull request', () => {
  assert.equal(hits(turn('The code is in spool/ring_buffer.py.')), ['hidden-path']);
  assert.equal(hits(turn('It lacks `is_drained`.')), ['hidden-name']);
  assert.equal(hits(turn('Say "nothing is left to be taken".')), ['hidden-literal']);
  assert.equal(hits(turn('See #4711.')), ['hidden-reference']);
  assert.equal(hits(turn('look', 'git show 9f3c2ab71')), ['hidden-reference', 'history-command']);
  assert.equal(hits(turn('look', "sed -n '141,143p' spool/ring_buffer.py")), ['hidden-line', 'hidden-path']);
  assert.equal(hits(turn('look', 'git log --all -3')), ['history-command']);
  assert.equal(hits(turn('According to the pull request this must change.')), ['pull-request-words']);
  assert.equal(hits(turn('look', "sed -i 's/a/b/' spool/ring_buffer.py")), ['file-unnamed', 'hidden-path']);
  assert.equal(hits(turn('look', 'pytest -k test_take_from_drained_ring')), ['hidden-name']);
  const [line] = audit(turn('I write\n    if self.is_drained(wanted_slice):')).evidence.filter(
    ({ detector }) => detector === 'added-lines',
  );
  assert.is(line?.hidden?.part, 'patch');
  assert.is(patch.slice(line?.hidden?.start, line?.hidden?.end), 'if self.is_drained(wanted_slice):');
});

test('what the session has shown is no leak, in whatever spelling', () => {
  const shown = [
    ...history,
    { role: 'user', content: 'spool/ring_buffer.py: def Is_Drained(self): see #4711, RingDrained' },
  ];
  assert.equal(hits(turn('`_is_drained` in spool/ring_buffer.py, see #4711, ringDrained'), { history: shown }), []);
});

test('a file that was named but never looked into is not edited blindly', () => {
  const named = [...history, { role: 'user', content: 'spool/ring_buffer.py is there' }];
  const edit = turn('look', "sed -i 's/a/b/' spool/ring_buffer.py");
  assert.equal(hits(edit, { history: named }), ['edit-before-read']);
  const read = [...named, { role: 'assistant', content: turn('read', 'cat spool/ring_buffer.py') }];
  assert.equal(hits(edit, { history: read }), []);
});

test('proof rejects, suspicion quarantines, and a control clears what was to be inferred', () => {
  assert.is(audit(turn('See #4711.')).outcome, 'reject');
  const answer = turn('It lacks `is_drained`, see spool/ring_buffer.py.');
  const verdict = audit(answer);
  assert.is(verdict.outcome, 'quarantine');
  const question = { answer, history, hidden };
  const one = clearByControl(verdict, [turn('Perhaps `is_drained` is missing')], question);
  assert.equal([one.outcome, one.evidence.map(({ cleared }) => cleared)], ['quarantine', ['control', undefined]]);
  const both = clearByControl(verdict, [turn('`is_drained`'), turn('spool/ring_buffer.py')], question);
  assert.is(both.outcome, 'pass');
});

test('decoys: the same for the same rows, named nowhere, and proof that nothing clears', () => {
  const visible = new Visible(history);
  const planted = plantDecoys(hidden, visible, 1);
  assert.equal(planted, plantDecoys(hidden, visible, 1));
  const [path = '', name = ''] = planted?.decoys ?? [];
  assert.match(path, /^spool\/\w+\.py$/);
  const files = readDiff(planted?.patch ?? '');
  assert.equal(
    files.map((file) => file.path),
    ['spool/ring_buffer.py', path],
  );
  assert.not(patch.includes(name));
  for (const said of [path, name, name.toUpperCase()]) {
    const answer = turn(`I use ${said}.`);
    const verdict = audit(answer, { decoys: [path, name] });
    assert.is(verdict.outcome, 'reject', said);
    const cleared = clearByControl(verdict, [answer], { answer, history, hidden, decoys: [path, name] });
    assert.is(cleared.outcome, 'reject');
  }
  const chosen = Array.from({ length: 2000 }, (_, key) => isCanary(0, String(key), 0.1)).filter(Boolean).length;
  assert.ok(chosen > 150 && chosen < 250, `${chosen} of 2000`);
});

test('names are split as they are read', () => {
  assert.equal(splitName('parseHTTPUrl_v2'), ['parse', 'http', 'url', 'v', '2']);
  assert.equal(splitName('_snake_CASE'), ['snake', 'case']);
});

test('any text at all: an audit ends, and its evidence lies in the answer', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom('git log ', '+++ b/', '@@ -1 +1 @@\n', "'", '```bash\n', 'is_drained', '\ud800'),
  );
  const texts = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(texts, texts, texts, (answer, seen, change) => {
      const { evidence } = auditLeak({
        answer: answer + change,
        history: [{ role: 'user', content: seen }],
        hidden: { patch: patch + change, test_patch: change, description: answer },
      });
      for (const { start, end } of evidence)
        assert.ok(start >= 0 && start <= end && end <= answer.length + change.length);
    }),
    { numRuns: 200 },
  );
});

test('texts made to be slow: hundreds of kilobytes of each end', () => {
  for (const piece of ['a ', "'", 'a.', '"\\', '<', 'git -c ', '#1', '+ a a a\n', 'aB', '12,', '\n']) {
    const text = piece.repeat(400_000 / piece.length);
    const change = `--- a/x.py\n+++ b/x.py\n@@ -1,1 +1,500000 @@\n${'+a a a a a b\n'.repeat(20_000)}${text}`;
    auditLeak({
      answer: text,
      history: [{ role: 'user', content: text }],
      hidden: { patch: change, hints_text: text },
    });
  }
});

test('real turns: under 2 % of the honest are suspected, and lexical leaks are found', () => {
  if (!hasSharedData('false alarms and recall of the leak audit')) return;
  const read = (path: string) =>
    readFileSync(`${SHARED_DATA}/${path}`, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  const prs = new Map(read('instances/swebench_verified.jsonl').map((pr) => [pr.instance_id, pr]));
  let [honest, alarms, planted, caught] = [0, 0, 0, 0];
  const sorts = PLANT_SORTS.filter(isLexical);
  assert.ok(sorts.length >= 6);
  for (const { instance_id, messages } of read('trajectories/gemini3_mini_v1.jsonl')) {
    const pr = prs.get(instance_id);
    for (const [at, { role, content }] of messages.entries()) {
      if (role !== 'assistant' || (at / 2) % 8 !== 1) continue;
      const before = messages.slice(0, at);
      honest++;
      if (audit(content, { history: before, hidden: pr }).outcome !== 'pass') alarms++;
      const sort = sorts[honest % sorts.length] ?? '';
      const leak = plantLeak(sort, { history: before, text: content }, pr, `${instance_id}/${at}`);
      if (leak === null) continue;
      planted++;
      if (audit(leak.text, { history: before, hidden: pr }).outcome !== 'pass') caught++;
    }
  }
  assert.ok(honest > 500, `${honest} turns`);
  assert.ok(alarms / honest < 0.03, `${alarms} of ${honest}; the benchmark holds all turns to 2 %`);
  assert.ok(planted > 250 && caught / planted > 0.95, `${caught} of ${planted}`);
});

test.run();
