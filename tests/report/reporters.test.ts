/** Golden output of every view, from hand-written runs. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { EventBody, RunEvent } from '#contract/event.ts';
import { toClosing } from '#report/closing.ts';
import { type FrameOptions, toFrame } from '#report/frame.ts';
import { annotate, makeGithub } from '#report/github.ts';
import { makeNdjson } from '#report/ndjson.ts';
import { makePlain } from '#report/plain.ts';
import type { Output, Reporter } from '#report/reporter.ts';
import { ANSI_STYLE, chooseStyle, NO_STYLE } from '#report/style.ts';
import { summarizeAll } from '#report/summarize.ts';
import { loadLiveView, makeTty } from '#report/tty.ts';
import { displayWidth } from '#util/display-width.ts';
import { counts, header, port, started, TROUBLED, toEvents } from './script.ts';

function sink(size: { columns?: number; rows?: number } = {}): Output & { text(): string; writes: string[] } {
  const writes: string[] = [];
  return { ...size, writes, write: (text) => void writes.push(text), text: () => writes.join('') };
}

function tell(reporter: Reporter, events: readonly RunEvent[]): void {
  for (const event of events) reporter.event(event);
}

const CLOSING = `
balance of rows
  node     in  emitted  consumed  rejected  failed  untried  out  reused  codes
  turns     0        0         0         0       0        0   40       0  considered 52, dropped 12; dedupe 10, too-long 2
  prs      40       39         0         1       0        0   39      40  pr-missing 1
  king     40       37         0         2       1        0   37      10  failed; no-fence 2, llm-timeout 1
  verdict   0        0         0         0       0        0    0       0  blocked
  report    2        0         2         0       0        0    0       0

trouble
  turns: dropped dedupe, 10 rows
  turns: dropped too-long, 2 rows
  prs: rejected pr-missing, 1 row
  king: failed rows-failed: 1 of 40 rows failed
  king: failed llm-timeout, 1 row, e.g. d/x.jsonl/4/1: no answer within 60 s
    hint: endpoints.local.timeouts says how long to wait
  king: rejected no-fence, 2 rows, e.g. d/x.jsonl/3/7: no fence in ␛[31mthe answer
  verdict: blocked partial-input: king.out is partial

published
  report  out/report  3 files, 1 written

failed after 6.8 s, lock pipeline.lock.yaml
rows run 72, rows reused 50, calls made 29, calls reused 10, USD 0.0319
`;

test('plain', () => {
  const out = sink();
  tell(makePlain(out), TROUBLED);
  assert.fixture(
    out.text(),
    `duel [example]: run 20260102-030405-abcd, 5 nodes, budget USD 50 (1.5000 spent before)
turns: started
turns: done, 40 out, 12 dropped, 0.1 s
prs: reused, 40 in, 39 out, 1 rejected
king: started
warning[slow-endpoint]: king: chutes answers slowly: 50% (lower concurrency)
king: row d/x.jsonl/4/1 failed, llm-timeout: no answer within 60 s
king: failed, rows-failed: 1 of 40 rows failed; 40 in, 37 out, 10 reused, 2 rejected, 1 failed, 29 calls made, 10 calls reused, USD 0.0319, 5.9 s
verdict: blocked, partial-input: king.out is partial
report: started
report: done, 2 in, 0 out, 0.2 s
${CLOSING}`,
  );
});

test('plain, quiet: failures and the closing', () => {
  const out = sink();
  tell(makePlain(out, { quiet: true }), TROUBLED);
  const lines = out.text().split('\n');
  assert.match(lines[0] ?? '', /^king: row .* failed/);
  assert.match(lines[1] ?? '', /^king: failed, rows-failed/);
  assert.match(lines[2] ?? '', /^verdict: blocked/);
  assert.is(lines[3], '');
});

test('plain gives signs of life in a long silence, and says when rows do not balance', () => {
  const progress = (done: number): EventBody => ({
    type: 'node-progress',
    node: 'a',
    counts: counts({ in: 9, emitted: done, out: done }),
  });
  const out = sink();
  tell(
    makePlain(out),
    toEvents([
      started([header('a', 'row')]),
      { type: 'node-state', node: 'a', state: 'running' },
      progress(1),
      [31_000, progress(2)],
      [1000, progress(3)],
      { type: 'node-state', node: 'a', state: 'done', counts: counts({ in: 9, emitted: 8, out: 8 }) },
      {
        type: 'run-finished',
        outcome: 'done',
        exitCode: 0,
        rowsRun: 8,
        rowsReused: 0,
        calls: 0,
        reusedCalls: 0,
        usd: 0,
      },
    ]),
  );
  assert.match(out.text(), '… rows run 2, rows reused 0, calls made 0, calls reused 0, USD 0.0000 after 31.2 s\n');
  assert.match(out.text(), '✘ a: 9 rows came in, but 8 + 0 + 0 + 0 + 0 are accounted for');
});

test('ndjson is the log', () => {
  const out = sink();
  const ndjson = makeNdjson(out);
  tell(ndjson, TROUBLED);
  void ndjson.close();
  assert.equal(
    out
      .text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    TROUBLED,
  );
});

const TEXT = 'sluice: 1\nnodes:\n  prs: {}\n  king: {}\n';
const GITHUB = {
  texts: new Map([['/repo/pipeline.yaml', TEXT]]),
  fileName: (file: string) => file.replace(/^\/repo\//, ''),
};

test('GitHub: annotations', () => {
  const out = sink();
  const jobSummary = sink();
  tell(makeGithub(out, { ...GITHUB, jobSummary }), TROUBLED);
  assert.fixture(
    out.text(),
    `::warning file=pipeline.yaml,line=3,endLine=3,col=6,endColumn=10,title=slow-endpoint::chutes answers%0Aslowly: 50%25%0Alower concurrency
::error file=pipeline.yaml,line=3,endLine=3,col=6,endColumn=10,title=rows-failed::king: 1 of 40 rows failed
`,
  );
  assert.fixture(
    jobSummary.text(),
    `### duel (example): failed

rows run 72, rows reused 50, calls made 29, calls reused 10, USD 0.0319

| node | state | in | emitted | consumed | rejected | failed | untried | out | codes |
|---|---|---|---|---|---|---|---|---|---|
| turns | done | 0 | 0 | 0 | 0 | 0 | 0 | 40 | dedupe 10, too-long 2 |
| prs | reused | 40 | 39 | 0 | 1 | 0 | 0 | 39 | pr-missing 1 |
| king | failed | 40 | 37 | 0 | 2 | 1 | 0 | 37 | no-fence 2, llm-timeout 1 |
| verdict | blocked | 0 | 0 | 0 | 0 | 0 | 0 | 0 |  |
| report | done | 2 | 0 | 2 | 0 | 0 | 0 | 0 |  |

| node | failure | rows | example | message |
|---|---|---|---|---|
| king | llm-timeout | 1 | d/x.jsonl/4/1 | no answer within 60 s |

| model | calls | reused | failed | tokens in | tokens out | USD |
|---|---|---|---|---|---|---|
| chutes kimi-k2 | 1 | 0 | 1 | 1000 | 200 | 0.0011 |

`,
  );
});

test('GitHub: properties and data are escaped by its rules, places over lines have no column', () => {
  assert.is(
    annotate('error', 'a,b:c%', 'x\r\n::error::y', { file: '/repo/pipeline.yaml', start: 0, end: 12 }, GITHUB),
    '::error file=pipeline.yaml,line=1,endLine=2,title=a%2Cb%3Ac%25::x%0D%0A::error::y',
  );
  assert.is(
    annotate('notice', 't', 'm', { file: 'C:/x,y.yaml', start: 3, end: 4 }, GITHUB),
    '::notice file=C%3A/x%2Cy.yaml,title=t::m',
  );
  assert.is(annotate('notice', 't', 'm', undefined, GITHUB), '::notice title=t::m');
});

// ---- terminal ---------------------------------------------------------------------------------------------------

/** When king is at work. */
const MIDWAY = summarizeAll(TROUBLED.slice(0, 11));
const frame = (columns: number, some: Partial<FrameOptions> = {}) =>
  toFrame(MIDWAY, { columns, rows: 24, now: MIDWAY.at, style: NO_STYLE, ...some }).join('\n');

test('a frame', () => {
  assert.fixture(
    frame(120),
    `✔ turns    40 rows
✔ prs      40/40  reused  1 rejected
● king     20/40  10 reused  2 rejected  8.0/s  eta 2.5 s  1 in flight  USD 0.0099
◌ verdict  waiting: king
◌ report   waiting: king
2/5 nodes  rows run 50, reused 50  calls 9, reused 10  1 in flight  USD 1.5099 of 50  2.9 s`,
  );
});

test('a narrow frame keeps what matters most', () => {
  assert.fixture(
    frame(60),
    `✔ turns    40 rows
✔ prs      40/40  reused  1 rejected
● king     20/40  2 rejected  eta 2.5 s  USD 0.0099
◌ verdict  waiting: king
◌ report   waiting: king
2/5 nodes  rows run 50, reused 50  USD 1.5099 of 50  2.9 s`,
  );
  for (const columns of [1, 2, 5, 8, 13, 24, 40, 80, 200])
    for (const line of frame(columns).split('\n')) assert.ok(displayWidth(line) <= columns, `${columns}: ${line}`);
});

test('rates fade in a silence', () => {
  assert.match(frame(120, { now: MIDWAY.at + 7500 }), '20/40  10 reused  2 rejected  2.0/s  eta 10.0 s');
});

test('colours add nothing but colour', () => {
  const coloured = frame(120, { style: ANSI_STYLE });
  assert.is.not(coloured, frame(120));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what this is about
  assert.is(coloured.replace(/\u001b\[\d+m/g, ''), frame(120));
});

test('who gets colours', () => {
  const choose = (env: { [name: string]: string }, isTTY = true) =>
    chooseStyle((name) => env[name], { write() {}, isTTY }) === ANSI_STYLE;
  assert.is(choose({}), true);
  assert.is(choose({}, false), false);
  assert.is(choose({ NO_COLOR: '1', FORCE_COLOR: '1' }), false);
  assert.is(choose({ NO_COLOR: '' }), true);
  assert.is(choose({ FORCE_COLOR: '1' }, false), true);
  assert.is(choose({ FORCE_COLOR: '0' }), false);
  assert.is(choose({ TERM: 'dumb' }), false);
});

test('ten thousand nodes fit on a screen, trouble and work first', () => {
  const nodes = Array.from({ length: 10_000 }, (_, index) => header(`n${index}`, 'row'));
  const at = (index: number, state: 'done' | 'failed' | 'running'): EventBody => ({
    type: 'node-state',
    node: `n${index}`,
    state,
  });
  const summary = summarizeAll(
    toEvents([
      started(nodes),
      ...Array.from({ length: 50 }, (_, index) => at(index, 'done')),
      at(7000, 'failed'),
      at(60, 'running'),
    ]),
  );
  const lines = toFrame(summary, { columns: 80, rows: 10, now: summary.at, style: NO_STYLE });
  assert.equal(lines.slice(0, -2), [
    '✔ n45    0/0',
    '✔ n46    0/0',
    '✔ n47    0/0',
    '✔ n48    0/0',
    '✔ n49    0/0',
    '● n60    0/0',
    '✘ n7000  0/0',
  ]);
  assert.equal(lines.slice(-2), [
    '… 9993 more nodes: 45 done, 9948 wanted',
    '51/10000 nodes  rows run 0, reused 0  5.2 s',
  ]);
  for (const rows of [1, 2, 3, 4]) {
    const few = toFrame(summary, { columns: 80, rows, now: summary.at, style: NO_STYLE });
    assert.ok(few.length <= Math.max(2, rows), `${rows}: ${few.length}`);
  }
});

/** What a terminal shows after the text: the few escapes that the view uses. */
function screenOf(text: string, lines: string[] = ['']): string[] {
  let [row, column] = [lines.length - 1, 0];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what this is about
  for (const [token, count, command] of text.matchAll(/\u001b\[(\d*)([A-Za-z])|\n|[^\n\u001b]+/g)) {
    const times = count === undefined || count === '' ? 1 : Number(count);
    if (token === '\n') [row, column] = [row + 1, 0];
    else if (command === 'A') row = Math.max(0, row - times);
    else if (command === 'B') row += times;
    else if (command === 'G') column = 0;
    else if (command === 'K') lines[row] = count === '2' ? '' : (lines[row] ?? '').slice(0, column);
    else if (command === undefined) {
      const line = (lines[row] ?? '').padEnd(column);
      lines[row] = line.slice(0, column) + token + line.slice(column + token.length);
      column += token.length;
    } else throw new Error(`unknown escape ${JSON.stringify(token)}`);
    while (lines.length <= row) lines.push('');
  }
  return lines;
}

test.before(loadLiveView);

test('on a terminal: frames are replaced, trouble stays above, the closing and next commands are what is left', () => {
  const out = sink({ columns: 120, rows: 24 });
  let now = 0;
  const tty = makeTty(out, { now: () => now, file: 'pipelines/duel' });
  for (const event of TROUBLED) {
    now = event.at;
    tty.event(event);
  }
  tty.close();
  assert.match(out.text(), '● king     20/40  10 reused  2 rejected  8.0/s');
  assert.fixture(
    screenOf(out.text()).join('\n').trimEnd(),
    `warning[slow-endpoint]: king: chutes answers slowly: 50%
  hint: lower concurrency
king: row d/x.jsonl/4/1 failed, llm-timeout: no answer within 60 s
king: failed, rows-failed: 1 of 40 rows failed
${CLOSING}
next
  sluice why pipelines/duel king d/x.jsonl/4/1 --profile example            # what became of that row
  sluice run pipelines/duel --profile example                               # go on: only what is missing is done
  sluice show pipelines/duel king.rejected --count-by rejection.code --profile example  # its 2 rejected rows
  sluice open pipelines/duel --profile example                              # the report in the browser`,
  );
});

/** As terminals do that are made narrower. */
function reflow(lines: readonly string[], columns: number): string[] {
  return lines.flatMap((line) => (line === '' ? [''] : (line.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? [])));
}

test('a window made narrower and wider again leaves no stale line', () => {
  let columns = 110;
  const out = sink({ rows: 24 });
  Object.defineProperty(out, 'columns', { get: () => columns });
  let now = 0;
  const tty = makeTty(out, { now: () => now });
  const nodes = ['rows', 'a-node-with-a-long-name', 'another'].map((name) => header(name, 'row'));
  const progress = (done: number): EventBody[] =>
    nodes.map(({ id }) => ({
      type: 'node-progress',
      node: id,
      counts: counts({ in: 90_000, emitted: done, rejected: done, reused: done, failed: 1 }),
    }));
  const events = toEvents([started(nodes), ...progress(100), ...progress(40_000), ...progress(80_000)]);
  let screen = [''];
  for (const [nth, event] of events.entries()) {
    if (nth === 5 || nth === 8) {
      screen = reflow(screen, nth === 5 ? 40 : 200);
      columns = nth === 5 ? 40 : 200;
    }
    const before = out.writes.length;
    now += 500;
    tty.event(event);
    screen = screenOf(out.writes.slice(before).join(''), screen);
    while (screen.at(-1) === '' && screen.at(-2) === '') screen.pop();
    const told = screen.filter((line) => line !== '');
    assert.is(told.length, nth === 0 ? 0 : 4, `${nth}: ${screen.join('\n')}`);
    assert.ok(
      told.every((line) => displayWidth(line) <= columns),
      screen.join('\n'),
    );
  }
  tty.close();
});

test('in a narrow terminal the balance leaves out what is 0 everywhere', () => {
  const events = TROUBLED.map((event) => event);
  const wide = toClosing(summarizeAll(events)).join('\n');
  assert.match(wide, /in {2}emitted {2}consumed {2}rejected {2}failed {2}untried {2}out {2}reused {2}codes/);
  const narrow = toClosing(summarizeAll(events), { columns: 60 }).join('\n');
  assert.match(narrow, /in {2}emitted {2}consumed {2}rejected {2}failed {2}out {2}reused {2}codes/);
});

test('a terminal is redrawn at most ten times a second, and not at all by a run that ends at once', () => {
  const out = sink({ columns: 120, rows: 24 });
  let now = 0;
  const tty = makeTty(out, { now: () => now });
  const events = toEvents([
    started([header('a', 'row')]),
    ...Array.from(
      { length: 1000 },
      (_, done): EventBody => ({ type: 'node-progress', node: 'a', counts: counts({ in: 1000, emitted: done }) }),
    ),
  ]);
  for (const event of events) {
    now += 1;
    tty.event(event);
  }
  assert.ok(out.writes.length >= 8 && out.writes.length <= 10, String(out.writes.length));
  tty.close();
  assert.is(screenOf(out.text()).join('').trim(), '');

  const fast = sink({ columns: 120, rows: 24 });
  const view = makeTty(fast, { now: () => 5 });
  tell(
    view,
    toEvents([
      started([header('a', 'row')]),
      {
        type: 'node-state',
        node: 'a',
        state: 'done',
        reused: true,
        counts: counts({ in: 3, emitted: 3, out: 3 }),
        ports: { out: port(3) },
      },
      {
        type: 'run-finished',
        outcome: 'done',
        exitCode: 0,
        rowsRun: 0,
        rowsReused: 3,
        calls: 0,
        reusedCalls: 0,
        usd: 0,
      },
    ]),
  );
  view.close();
  assert.is(fast.writes.join('').includes('\u001b['), false);
  assert.match(fast.text(), 'rows run 0, rows reused 3, calls made 0, calls reused 0, USD 0.0000\n');
});

test.run();
