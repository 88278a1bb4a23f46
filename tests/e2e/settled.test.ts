/** A run with nothing to do ends at once, and whatever a run rests on wakes it: a stale "nothing to do" would be a wrong result. */

import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { namesIn, type Settled, settledPath, stampOf, stillSettled } from '#cli/settled.ts';
import { cliOk, digestsUnder, type Ended } from '#rig/cli.ts';
import { type Project, withProject } from '#rig/project.ts';

const NODES = `  rows: { kind: read, dataset: rows.jsonl, key: [id] }
  parts: { kind: read, dataset: data/*.jsonl, key: [id] }
  traces: { kind: read, dataset: traces, key: [id] }
  loud: { kind: loud, from: rows }
  answers: { kind: generate, from: loud, model: m, prompt: prompt.md }
  scored: { kind: command, from: answers, run: [sh, "tools/\${env.TOOL:-tool.sh}"], files: ["tools/*.sh"], reads: [id], pure: true }
  out: { kind: export, from: [scored, parts, traces], formats: { rows: {} }, to: out }
`;

const FILES = {
  'prompt.md': "Answer: {{ question }} {% include 'tail.md' %}\n",
  'tail.md': 'Be short.\n',
  'data/one.jsonl': '{"id": "p1"}\n',
  'traces/deep/one.jsonl': '{"id": "t1"}\n',
  'chain.yaml': 'size: 2\n',
  'tools/tool.sh': `while read -r line; do key=$(printf '%s' "$line" | sed 's/.*"key":"\\([^"]*\\)".*/\\1/'); printf '{"key":"%s","set":{"by":"one"},"done":true}\\n' "$key"; done\n`,
  'tools/other.sh': `while read -r line; do key=$(printf '%s' "$line" | sed 's/.*"key":"\\([^"]*\\)".*/\\1/'); printf '{"key":"%s","set":{"by":"two"},"done":true}\\n' "$key"; done\n`,
  'loud.ts': `import { defineRow, Type } from 'sluice';
import { mark } from './mark.ts';
export const loud = defineRow<{ question: string }>()({
  name: 'loud', version: 1, summary: 'shouts', example: 'loud: { kind: loud, from: rows }',
  config: Type.Object({}, { additionalProperties: false }),
  inputs: { from: { summary: 'rows' } },
  outputs: () => ({ out: { summary: 'the same rows', carries: 'carry', adds: { loud: Type.String() } } }),
  reads: () => ({ question: { schema: Type.String() } }),
  run: ({ row }) => ({ type: 'emit', emissions: [{ set: { loud: row.fields.question.toUpperCase() + mark } }] }),
});
`,
  'mark.ts': "export const mark: string = '!';\n",
};

const TOP = 'kinds: [./loud.ts]\nparams_files: [chain.yaml, { path: more.yaml, optional: true }]';

const isSettled = ({ stdout }: Ended) => /nothing to do/.test(stdout);

/** Runs until a rerun has nothing to do; that may take one that only looks. */
async function settle(project: Project, env: { readonly [name: string]: string } = {}): Promise<Ended> {
  const run = () => cliOk(['run'], { cwd: project.dir, env });
  await run();
  await run();
  const last = await run();
  assert.ok(isSettled(last), `not settled\n${last.stdout}${last.stderr}`);
  return last;
}

const base = { nodes: NODES, top: TOP, files: FILES, rows: 4 };

const TOUCHES: readonly (readonly [what: string, touch: (project: Project) => void])[] = [
  ['the prompt', (p) => p.edit('prompt.md', 'Answer', 'Reply')],
  ['an included template', (p) => p.edit('tail.md', 'short', 'brief')],
  ['a data file', (p) => p.edit('rows.jsonl', 'What is 1', 'Who is 1')],
  ['a new file in a globbed folder', (p) => p.write('data/two.jsonl', '{"id": "p2"}\n')],
  ['a new file in a new folder of a dataset', (p) => p.write('traces/wide/two.jsonl', '{"id": "t2"}\n')],
  ['the kind', (p) => p.edit('loud.ts', '+ mark', "+ mark + '?'")],
  ['what the kind imports', (p) => p.edit('mark.ts', '!', '#')],
  ['a script', (p) => p.edit('tools/tool.sh', 'one', 'three')],
  ['an optional file that appears', (p) => p.write('more.yaml', 'size: 3\n')],
  ['the lock', (p) => p.edit('pipeline.lock.yaml', /rows: \d+/, 'rows: 7')],
  ['a file of params', (p) => p.edit('chain.yaml', '2', '4')],
  ['a published file', (p) => p.remove(publishedFile(p))],
];

function publishedFile(project: Project): string {
  return `out/${Object.keys(digestsUnder(project.path('out')))[0]}`;
}

test('nothing to do is said; published files are mended all the same; every file that a run rests on wakes it', () =>
  withProject(base, async (project) => {
    const last = await settle(project);
    assert.match(last.stdout, /rows run 0, rows reused \d+, calls made 0/);
    assert.match(last.stdout, / out /);
    assert.is(last.stderr, '');

    const whole = digestsUnder(project.path('out'));
    const name = publishedFile(project);
    project.write('out/notes.txt', 'mine');
    for (const harm of [
      () => project.remove(name),
      () => project.write(name, 'edited'),
      () => project.edit(name, /^./, '~'),
    ]) {
      harm();
      await cliOk(['run'], { cwd: project.dir });
      const { 'notes.txt': notes, ...rest } = digestsUnder(project.path('out'));
      assert.ok(notes, 'what is not ours is left alone');
      assert.equal(rest, whole);
    }

    await settle(project);
    for (const [what, touch] of TOUCHES) {
      assert.ok(readRecord(project), `before: ${what}`);
      touch(project);
      assert.not.ok(readRecord(project), what);
      restamp(project);
    }
    project.edit('prompt.md', 'Reply', 'Tell');
    const env = { TOOL: 'other.sh' };
    const other = await cliOk(['run'], { cwd: project.dir, env });
    assert.not.ok(isSettled(other));
    const text = Object.keys(digestsUnder(project.path('out'))).map((path) => project.read(`out/${path}`));
    for (const isNew of [/p2/, /t2/, /"by":\s*"two"/, /#\?/, /Who is 1/]) assert.match(text.join('\n'), isNew);
    await cliOk(['run'], { cwd: project.dir, env });
    assert.ok(isSettled(await cliOk(['run'], { cwd: project.dir, env })));
    assert.not.ok(isSettled(await cliOk(['run'], { cwd: project.dir })), 'a variable wakes it');
  }));

function recordPath(project: Project): string {
  return settledPath(project.path('cache'), project.dir, ['run']);
}

function readRecord(project: Project): Settled | null {
  const { code } = JSON.parse(readFileSync(recordPath(project), 'utf8')) as Settled;
  return stillSettled(recordPath(project), code, () => undefined);
}

/** As if a run had taken note of the last touch, without one: so that each touch is seen alone. */
function restamp(project: Project): void {
  const record = JSON.parse(readFileSync(recordPath(project), 'utf8')) as Settled;
  const fresh: Settled = {
    ...record,
    files: record.files.map(([path]) => [path, stampOf(path)]),
    folders: record.folders.map(([path]) => [path, namesIn(path)]),
  };
  writeFileSync(recordPath(project), JSON.stringify(fresh));
}

const LABELLED = {
  nodes: `  rows: { kind: read, dataset: rows.jsonl, key: [id] }
  labels: { kind: sandbox-label, from: rows, language: python, text: question, tests: { type: cases }, sandbox: { backend: process } }
`,
  rows: 1,
  files: {},
};

test('another interpreter wakes a run that labels', () =>
  withProject(LABELLED, async (project) => {
    const row = { id: 'a', question: 'def f(n): return n\n', entry_point: 'f', cases: [{ args: [1], expected: 1 }] };
    project.write('rows.jsonl', `${JSON.stringify(row)}\n`);
    const here = process.env['PATH'] ?? '';
    await settle(project, { PATH: here });
    const { code, env } = JSON.parse(readFileSync(recordPath(project), 'utf8')) as Settled;
    const moved = (name: string) => (name === 'PATH' ? `${project.dir}:${here}` : undefined);
    assert.ok(stillSettled(recordPath(project), code, (name) => (name === 'PATH' ? here : undefined)));
    assert.not.ok(stillSettled(recordPath(project), code, moved), JSON.stringify(env));
  }));

test('an edit while a run is under way is seen by the next', () =>
  withProject(
    {
      ...base,
      server: {
        answers: (request) => {
          if (request.nth === 0) onFirst();
          return 'fine';
        },
      },
    },
    async (project) => {
      onFirst = () => project.edit('prompt.md', 'Answer', 'Reply');
      await cliOk(['run'], { cwd: project.dir });
      const next = await cliOk(['run'], { cwd: project.dir });
      assert.not.ok(isSettled(next));
      assert.is(project.answered, 8);
    },
  ));

let onFirst: () => void = () => undefined;

test.run();
