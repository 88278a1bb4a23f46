/** report: numbers that add up, hostile texts that stay texts, sizes that stay bounded, and a page that works. */

import { runInNewContext } from 'node:vm';
import { parseHTML } from 'linkedom';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '#contract/json.ts';
import { actionStyle } from '../../src/kinds/report/action-style.ts';
import { reportKind } from '../../src/kinds/report/kind.ts';
import { bucketPorts, duelRow, HOSTILE, LOST, VERDICT } from './duel-rows.ts';
import { filesOf, type NamedRow, type Ports, runWholeKind } from './run-kind.ts';

const DUELS = Array.from({ length: 60 }, (_, index) => duelRow(index));
const INPUTS = { duels: { duel: DUELS }, buckets: bucketPorts(DUELS), verdict: { verdict: [VERDICT] }, lost: LOST };

async function report(inputs: { readonly [input: string]: Ports }, config: JsonObject = {}, partial = false) {
  const files = filesOf(await runWholeKind(reportKind, config, inputs, partial));
  const html = files['report.html'] ?? '';
  return { markdown: files['report.md'] ?? '', html, document: parseHTML(html).document };
}

/** Runs the page's own script against its document, as a browser would. */
function start(document: ReturnType<typeof parseHTML>['document']) {
  const script = [...document.querySelectorAll('script')].find((each) => !each.getAttribute('type'));
  runInNewContext(script?.textContent ?? '', { document });
  const lines = () =>
    [...document.querySelectorAll('#row-table tbody tr')].map((line) => line.children[0]?.textContent);
  return { lines };
}

test('both files say what the duels hold', async () => {
  const { markdown, document } = await report(INPUTS);
  assert.match(markdown, '55 of 60 duels have a score');
  assert.match(markdown, /\| deepseek \| 120 \| 91.7 % \|/);
  assert.match(markdown, /5 of 60 duels have no score that counts; answers without a verdict: 10 of deepseek \\\(/);
  assert.match(markdown, '| king | no-fence | 2 |');
  assert.match(markdown, '**Accepted**');
  assert.match(markdown, '1.1 to 7.4');
  assert.equal(
    [...document.querySelectorAll('h2')].map((heading) => heading.textContent),
    ['In short', 'Verdict', 'Where the rows went', 'Scores', 'Judges', 'Actions', 'Rejections', 'Turns'],
  );
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.getAttribute('id'));
  assert.is(new Set(ids).size, ids.length, 'ids are unique');
});

test('which judge to leave out, in the words of the panel', async () => {
  const status = (slice: string, value: string, source?: string): NamedRow => ({
    key: `judge_status/${slice}`,
    fields: { name: 'judge_status', slice, value, status: 'ok', ...(source === undefined ? {} : { source }) },
  });
  const told = [status('deepseek', 'kept'), status('qwen', 'excluded', `flips: 9 of 20 choices ${HOSTILE}`)];
  const { markdown, document } = await report({ ...INPUTS, evidence: { 'panel.evidence': told } });
  assert.match(markdown, /\| deepseek \|.*\| keep \|/);
  assert.match(markdown, /\| qwen \|.*\| leave out: flips: 9 of 20 choices/);
  assert.match(document.querySelector('#judges')?.textContent ?? '', 'leave out flips: 9 of 20 choices');
  assert.is(document.querySelectorAll('img').length, 0);
});

test('hostile texts are text: no element, no script, no way out of the data', async () => {
  const { html, markdown, document } = await report(INPUTS);
  assert.is(document.querySelectorAll('img').length, 0);
  assert.is([...document.querySelectorAll('script')].filter((each) => !each.getAttribute('type')).length, 1);
  assert.not.match(html, HOSTILE);
  assert.not.match(html, '\u202E');
  assert.not.match(markdown, /<script|<img/);
  start(document);
  assert.is(document.querySelectorAll('#viewer img, #viewer script').length, 0);
  assert.match(document.querySelector('#viewer')?.textContent ?? '', '</script>');
});

test('the page asks nobody for anything', async () => {
  const { html } = await report(INPUTS);
  const outside = html.replaceAll('http://www.w3.org/2000/svg', '').replace(/http-equiv/, '');
  assert.not.match(outside, /<link|<iframe|@import|url\(|https?:\/\//);
  assert.match(html, 'default-src &#39;none&#39;');
});

test('the table opens, sorts, filters and steps from row to row', async () => {
  const { document } = await report(INPUTS);
  const { lines } = start(document);
  assert.is(lines().length, 25);
  assert.match(document.querySelector('#viewer h3')?.textContent ?? '', 'astropy__astropy-1000, turn 0');
  const click = (element: { dispatchEvent(event: unknown): unknown } | null | undefined) =>
    element?.dispatchEvent(new document.defaultView.Event('click'));
  const heads = [...document.querySelectorAll('#row-table th')];
  click(heads[2]);
  const scores = [...document.querySelectorAll('#row-table tbody tr')].map((line) =>
    Number(line.children[2]?.textContent),
  );
  assert.equal(
    scores,
    [...scores].sort((a, b) => b - a),
  );
  const search = document.querySelector('input');
  search.value = '1007 DEFEAT';
  search.dispatchEvent(new document.defaultView.Event('input'));
  assert.equal(lines(), ['astropy__astropy-1007', 'astropy__astropy-1007']);
  // linkedom draws nothing and so cannot scroll.
  document.querySelector('#viewer').scrollIntoView = () => undefined;
  click(document.querySelectorAll('#row-table tbody tr')[1]);
  assert.match(document.querySelector('#viewer h3')?.textContent ?? '', 'astropy__astropy-1007, turn 3');
  click(document.querySelectorAll('#viewer button')[0]);
  assert.match(document.querySelector('#viewer h3')?.textContent ?? '', 'astropy__astropy-1007, turn 7');
});

test('texts are cut to their share, rows to their number, and both say so', async () => {
  const long = 'x'.repeat(50_000);
  const rows = DUELS.map(({ key, fields }) => ({
    key,
    fields: { ...fields, challenger: { text: long, thought: '', command: 'ls' } },
  }));
  const { html } = await report({ duels: { duel: rows } }, { max_bytes: 100_000 });
  assert.ok(html.length < 300_000, String(html.length));
  assert.match(html, 'more characters');
  const few = await report({ duels: { duel: rows } }, { max_rows: 10 });
  assert.match(few.html, 'The first 10 of 60 rows');
  assert.match(few.markdown, '55 of 60');
});

test('tallies of nodes give the balance of rows', async () => {
  const tally = (key: string, count: number): NamedRow => {
    const [disposition = '', code = null] = key.split('/');
    return { key, fields: { disposition, code, count } };
  };
  const tallies = {
    'turns.tally': [tally('considered', 70), tally('dropped', 6), tally('out', 64), tally('code/instance-cap', 6)],
    'king.tally': [
      tally('in', 64),
      tally('emitted', 60),
      tally('rejected', 3),
      tally('out', 60),
      tally('code/fence-many', 1),
      tally('code/fence-missing', 2),
      { key: 'usage/m', fields: { disposition: 'usage', code: 'm', count: 4, input: 900, output: 80 } },
    ],
  };
  const { markdown, html } = await report({ duels: { duel: DUELS }, tallies });
  assert.match(markdown, '| turns | 64 | instance-cap 6 |');
  assert.match(markdown, '| king | 60 | fence-many 1, fence-missing 2, failed or untried 1 |');
  assert.match(html, 'turns → king: 64');
});

test('rows that are no duels get a table of their fields', async () => {
  const rows = Array.from({ length: 30 }, (_, index) => ({
    key: `r/${index}`,
    fields: { label: index % 2 ? 'pass' : 'fail', n: index, nested: { b: 1, a: HOSTILE }, gone: null },
  }));
  const { markdown, document } = await report({ from: { rows } }, { title: 'Labels' });
  assert.match(markdown, '# Labels');
  assert.match(markdown, '| n | number | 30 | 0 | 14.5 | 29 |');
  assert.match(markdown, /fail \\\(15\\\), pass \\\(15\\\)/);
  start(document);
  assert.is(document.querySelectorAll('#viewer pre').length, 4);
});

test('duels under `from` are recognised; nothing at all is still a report', async () => {
  assert.match((await report({ from: { duel: DUELS } })).markdown, '55 of 60 duels');
  const empty = await report({}, {}, true);
  assert.match(empty.html, 'There are no rows to report on');
  assert.match(empty.markdown, 'Partial');
  assert.match((await report({ duels: { duel: [] } })).markdown, '0 of 0 duels');
});

test('a duel that no judge was asked about says why', async () => {
  const row = duelRow(1);
  const decided = { key: row.key, fields: { ...row.fields, judges: [], score: 50, decided: 'identical' } };
  assert.match((await report({ duels: { duel: [decided] } })).html, 'Decided without a judge: identical.');
});

test('answers of a stand-in are shown as such, in the table of judges and in the duel', async () => {
  const row = duelRow(1);
  const judges = (row.fields['judges'] as readonly JsonObject[]).map((entry) =>
    entry['judge'] === 'deepseek' ? { ...entry, stand_in: 'glm' } : entry,
  );
  const { markdown, document, html } = await report({
    duels: { duel: [{ key: row.key, fields: { ...row.fields, judges } }] },
  });
  assert.match(markdown, /\| deepseek \\\(answers in its place: 2 by glm\\\) \|/);
  assert.match(document.querySelector('#judges')?.textContent ?? '', 'deepseek (answers in its place: 2 by glm)');
  assert.match(html, 'glm for deepseek');
});

test('rows of another shape do not break it', async () => {
  const odd = ['x', 7, null, [], [null], [{ judge: 1 }], [{ judge: 'j', choices: 3, status: 'parsed' }]].map(
    (judges, index) => ({
      key: String(index),
      fields: {
        judges,
        score: 'high',
        metrics: [1],
        messages: [null, { role: 1 }, { content: [{ a: 1 }] }],
        flips: 'x',
      } as JsonObject,
    }),
  );
  assert.match((await report({ duels: { duel: odd } })).markdown, '0 of 7 duels');
});

test('the same rows give the same bytes, however their members were put together', async () => {
  const turned = (rows: readonly NamedRow[]) => rows.map(({ key, fields }) => ({ key, fields: reversed(fields) }));
  const reversed = (fields: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(fields)
        .reverse()
        .map(([name, value]) => [
          name,
          typeof value === 'object' && value !== null && !Array.isArray(value) ? reversed(value as JsonObject) : value,
        ]),
    );
  const one = await report(INPUTS);
  const other = await report({ ...INPUTS, duels: { duel: turned(DUELS) }, verdict: { verdict: turned([VERDICT]) } });
  assert.ok(one.html === other.html);
  assert.ok(one.markdown === other.markdown);
});

test('commands are told apart by what they do', () => {
  const styles: readonly (readonly [string | null, string])[] = [
    ['ls -la', 'search'],
    ['cd /repo && grep -rn "a -> b" src 2>/dev/null', 'search'],
    ['cat setup.py | head -20', 'read'],
    ['sed -n 1,20p a.py', 'read'],
    ["sed -i 's/a/b/' a.py", 'edit'],
    ["cat > a.py <<'EOF'\nx\nEOF", 'edit'],
    ["python - <<'PY'\nopen('a.py', 'w').write(text)\nPY", 'edit'],
    ["python - <<'PY'\nassert add(1, 2) >= 3\nPY", 'run'],
    ['python -m pytest tests -q', 'test'],
    ['python a.py 2>&1', 'run'],
    ['git diff', 'version control'],
    ['echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT', 'submit'],
    ['', 'no action'],
    [null, 'no action'],
    ['true', 'other'],
  ];
  for (const [command, style] of styles) assert.is(actionStyle(command), style, String(command));
});

test('the questions that are asked first are answered in a sentence each', async () => {
  const rows = Array.from({ length: 6 }, (_, index) => duelRow(index)).map((row, index) => ({
    ...row,
    fields: {
      ...row.fields,
      challenger: {
        ...(row.fields['challenger'] as object),
        leak:
          index === 0
            ? {
                outcome: 'quarantine',
                evidence: [{ detector: 'hidden-path' }, { detector: HOSTILE, cleared: 'control' }],
              }
            : { outcome: 'pass', evidence: [] },
      },
    } as JsonObject,
  }));
  const verdict = {
    key: 'verdict',
    fields: {
      ...VERDICT.fields,
      survivorship: { started: 38, share: 0.65789, interval: [0.5, 0.8], bounds: [-10.6, 57.8] },
      leave_one_out: [
        { without: 'qwen', accepted: false, margin: 1, interval: [-1, 3], parsed: 20, failed: ['margin', HOSTILE] },
      ],
      decide: {
        margin: 1,
        clusters: 3955,
        turns: 10283,
        drawn: 15029,
        calls: 87010,
        of: 'all',
        tokens: { input: 1, output: 2 },
        usd: 47.71,
      },
    } as JsonObject,
  };
  const status = (slice: string, value: string, source: string): NamedRow => ({
    key: `judge_status/${slice}`,
    fields: { name: 'judge_status', slice, value, source, status: 'ok' },
  });
  const panel = [status('deepseek', 'excluded', `always-first: on 40 of 40 ${HOSTILE}`), status('qwen', 'kept', '')];
  const files = filesOf(
    await runWholeKind(
      reportKind,
      {},
      { duels: { duel: rows }, verdict: { verdict: [verdict] }, evidence: { 'panel.evidence': panel }, lost: LOST },
    ),
  );
  const markdown = files['report.md'] ?? '';
  const short = markdown.slice(markdown.indexOf('## In short'), markdown.indexOf('## Verdict'));
  assert.match(short, /Which judge should go\?\*\* deepseek .*always-first: on 40 of 40/);
  assert.match(short, /The outcome hangs on qwen/);
  assert.match(
    short,
    /Why were rows lost\?\*\* 4 rows: no-fence at king 2, control-token at challenger 1, truncated at king 1\./,
  );
  assert.match(short, /65.8 % of 38 turns .* between -10.6 and 57.8/);
  assert.match(
    short,
    /decide a margin of 1 point\?\*\* 3,955 clusters with 10,283 duels out of 15,029 turns, 87,010 calls, 3 tokens, USD 47.71/,
  );
  assert.match(short, /Of 6 audited answers: pass 5, quarantine 1; found by hidden-path 1\./);
  assert.match(markdown, /### With other judges\n\n.*\n.*\n\| qwen \| 1 \| -1 to 3 \| 20 \| not accepted: margin/);
  assert.not.match(short, /<img|<script/);
  const page = files['report.html'] ?? '';
  assert.match(page, 'id="answers"');
  assert.not.match(page, /<img src=x/);
  const bare = filesOf(await runWholeKind(reportKind, {}, { duels: { duel: [duelRow(0)] } }))['report.md'] ?? '';
  assert.match(bare, /Nobody looked: no answer was audited/);
  assert.match(bare, /Not measured: wire a panel/);
});

test.run();
