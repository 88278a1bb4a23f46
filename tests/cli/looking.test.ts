/** Commands that need no run: check, graph, kinds, init, new, doctor, completion, and the help of all. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cli, cliOk, inTemp } from '#rig/cli.ts';
import type { Io } from '../../src/cli/io.ts';
import { runProgram } from '../../src/cli/program.ts';

const SOURCE = `
import { defineSource, Type } from 'sluice';
export const kind = defineSource({
  name: 'items', version: 1, summary: 'numbered rows', example: '', inputs: {},
  config: Type.Object({ count: Type.Integer() }),
  outputs: () => ({ out: { summary: 'rows', carries: 'own', adds: { text: Type.String(), n: Type.Integer() } } }),
  async *run({ config }) {
    for (let n = 0; n < config.count; n++) yield { type: 'row', key: 'item/' + n, fields: { text: 'w '.repeat(n), n } };
  },
});
`;

function writePipeline(dir: string, field = 'text'): void {
  writeFileSync(join(dir, 'items.ts'), SOURCE);
  writeFileSync(
    join(dir, 'pipeline.yaml'),
    `sluice: 1
name: own
kinds: [./items.ts, ./count-words.ts]
nodes:
  a: { kind: items, count: 3 }
  b: { kind: count-words, from: a, field: ${field} }
`,
  );
}

test('a new kind works as it is written, and a rejected row says why', () =>
  inTemp(async (dir) => {
    const options = { cwd: dir };
    assert.match((await cliOk(['new', 'kind', 'count-words'], options)).stdout, /kinds: \[\.\/count-words\.ts\]/);
    assert.is((await cli(['new', 'kind', 'count-words'], options)).code, 2);
    assert.match((await cli(['new', 'kind', 'judge'], options)).stderr, /error\[user-kind-name-taken\]/);
    assert.match((await cli(['new', 'kind', 'Bad Name'], options)).stderr, /error\[kind-name\]/);
    writePipeline(dir);
    assert.is((await cliOk(['check'], options)).stdout, 'ok: 2 nodes\n');
    assert.not.ok(existsSync(join(dir, 'cache')));
    await cliOk(['run'], options);
    assert.match(
      (await cliOk(['show', '.', 'b', '--fields', 'words'], options)).stdout,
      /item\/2 +2\n2 rows on b\.out/,
    );
    const why = await cliOk(['why', '.', 'b', 'item/0'], options);
    assert.match(why.stdout, /rejected \(too-short\): 0 words, at least 1 are wanted/);
    const counted = await cliOk(['show', '.', 'b.rejected', '--count-by', 'rejection.code'], options);
    assert.match(counted.stdout, /1 {2}too-short/);
  }));

test('a changed module of a kind is named as the cause', () =>
  inTemp(async (dir) => {
    const options = { cwd: dir };
    await cliOk(['new', 'kind', 'count-words'], options);
    writePipeline(dir);
    await cliOk(['run'], options);
    const file = join(dir, 'count-words.ts');
    writeFileSync(file, readFileSync(file, 'utf8').replace('set: { words }', 'set: { words: words + 1 }'));
    await cliOk(['run'], options);
    assert.match(
      (await cliOk(['why', '.', 'b'], options)).stdout,
      /code of the kind: its module or something that it imports/,
    );
    const row = await cliOk(['why', '.', 'b', 'item/2'], options);
    assert.match(row.stdout, /made anew against run/);
  }));

test('check tells every mistake with its place, as text and as JSON', () =>
  inTemp(async (dir) => {
    const options = { cwd: dir };
    await cliOk(['new', 'kind', 'count-words'], options);
    writePipeline(dir, 'txt');
    const text = await cli(['check'], options);
    assert.is(text.code, 2);
    assert.match(text.stderr, /pipeline\.yaml:6:\d+: error\[[\w-]+\]/);
    assert.match(text.stderr, /~~~/);
    const json = await cli(['check', '--json'], options);
    const [first] = json.stdout.trim().split('\n');
    const diagnostic = JSON.parse(first ?? '');
    assert.is(diagnostic.severity, 'error');
    assert.is(diagnostic.line, 6);
    assert.is(json.code, 2);
    assert.is((await cli(['why', '.', 'b'], options)).code, 2);
  }));

test('graph draws Mermaid, dot and SVG', () =>
  inTemp(async (dir) => {
    const options = { cwd: dir };
    await cliOk(['new', 'kind', 'count-words'], options);
    writePipeline(dir);
    assert.match((await cliOk(['graph'], options)).stdout, /^flowchart LR\n/);
    assert.match((await cliOk(['graph', '--format', 'dot'], options)).stdout, /"a" -> "b"/);
    const svg = (await cliOk(['graph', '--format', 'svg'], options)).stdout;
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 \d/);
    assert.match(svg, /<\/svg>\n$/);
  }));

for (const template of ['jsonl', 'csv', 'duel']) {
  test(`init --from ${template} writes a pipeline that checks, and never overwrites`, () =>
    inTemp(async (dir) => {
      const first = await cliOk(['init', 'made', '--from', template], { cwd: dir });
      assert.match(first.stdout, /cd made\n[\s\S]*sluice check/);
      assert.match((await cliOk(['check'], { cwd: join(dir, 'made') })).stdout, /^ok: \d+ nodes/);
      const again = await cli(['init', 'made', '--from', template], { cwd: dir });
      assert.is(again.code, 2);
      assert.match(again.stderr, /error\[file-exists\]: .*pipeline\.yaml/);
    }));
}

test('kinds lists all and describes one', () =>
  inTemp(async (dir) => {
    const list = (await cliOk(['kinds'], { cwd: dir })).stdout;
    for (const kind of ['king', 'challenger', 'judge', 'verdict', 'export'])
      assert.match(list, new RegExp(`^${kind} `, 'm'));
    assert.ok(list.split('\n').every((line) => line.length <= 100));
    const judge = (await cliOk(['kinds', 'judge'], { cwd: dir })).stdout;
    for (const part of [/inputs:/, /ports:/, /config:\n/, /panel: list of model alias/, /\(required\)/, /example:/])
      assert.match(judge, part);
    const json = JSON.parse((await cliOk(['kinds', 'judge', '--json'], { cwd: dir })).stdout);
    assert.is(json.config.properties.panel.type, 'array');
  }));

test('doctor says what works, completion suggests commands and nodes', () =>
  inTemp(async (dir) => {
    const options = { cwd: dir };
    const doctor = await cliOk(['doctor', '--json'], options);
    const found = doctor.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(
      found.slice(0, 3).map(({ what, state }) => [what, state]),
      [
        ['node', 'ok'],
        ['lmdb', 'ok'],
        ['disk', 'ok'],
      ],
    );
    assert.match((await cliOk(['completion', 'bash'], options)).stdout, /sluice complete --/);
    writePipeline(dir);
    assert.match((await cliOk(['complete', '--', 'why', '.', ''], options)).stdout, /^a\t.*\nb\t/);
    assert.match((await cliOk(['complete', '--', 'ver'], options)).stdout, /^verify\t/);
  }));

test('a real bash completes commands, nodes, options and files, without any package, also when told twice', () =>
  inTemp(async (dir) => {
    writePipeline(dir);
    mkdirSync(join(dir, 'bin'));
    const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
    writeFileSync(join(dir, 'bin/sluice'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 });
    const script = `source <(sluice completion bash) && source <(sluice completion bash)
complete -p sluice
ask() { COMP_WORDS=(sluice "$@"); COMP_CWORD=$#; _sluice; echo "$*: \${COMPREPLY[*]}"; }
ask ver; ask why . ''; ask why . '$(touch evil)'; ask run . --res`;
    const said = execFileSync('bash', ['--norc', '-c', script], {
      cwd: dir,
      env: { PATH: `${dir}/bin:${process.env['PATH']}`, HOME: dir },
      encoding: 'utf8',
    });
    assert.equal(said.trimEnd().split('\n'), [
      'complete -o bashdefault -o default -F _sluice sluice',
      'ver: verify',
      'why . : a b',
      'why . $(touch evil): ',
      'run . --res: --resample',
    ]);
    assert.not.ok(existsSync(join(dir, 'evil')));
  }));

/** In this process: the same program, with streams of its own. */
async function help(dir: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const io: Io = {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    stdin: process.stdin,
    cwd: dir,
    env: () => undefined,
    environment: {},
    version: '0.0.0',
    onInterrupt: () => () => {},
  };
  const code = await runProgram(args, io);
  return { code, stdout, stderr };
}

test('every command has examples in its help; what is not there is a mistake of the call', () =>
  inTemp(async (dir) => {
    const { stdout } = await help(dir, 'help');
    const names = [...stdout.matchAll(/^ {2}([a-z]+) /gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'help');
    assert.ok(names.length >= 16, names.join());
    for (const name of names) assert.match((await help(dir, 'help', name)).stdout, /Examples:\n {2}\$ sluice /, name);
    for (const args of [['frob'], ['run', '--bogus'], ['status', '--limit', 'many'], ['why', '.']])
      assert.is((await help(dir, ...args)).code, 2, args.join(' '));
    assert.match((await help(dir, 'status')).stderr, /error\[no-runs\]/);
    assert.match((await help(dir, 'check', 'nowhere')).stderr, /error\[manifest-not-found\]/);
    assert.match((await help(dir, 'completion', 'csh')).stderr, /error\[unknown-shell\]/);
    assert.match((await help(dir, 'kinds', 'jugde')).stderr, /error\[unknown-kind\][\s\S]*did you mean 'judge'/);
  }));

test.run();
