/** experiment: what is believed, what is refused by name, and what is kept of a run cut short. Real programs in the real sandbox. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Experiment } from '#domain/experiment/experiment-row.ts';
import { cli, cliOk, finishOf, inTemp } from '#rig/cli.ts';

const OPEN = `import json, os\nROOT = os.environ["DATASET_CACHE_ROOT"]\nrows = open(ROOT + "/toy/rows.csv").read().split()\nprint("DATASET_USED: toy")\n`;
const LINE = 'print("PER_SEED: cond=a seed=0 acc: 0.5")\n';
const write = (path: string, value: string): string =>
  `os.makedirs(os.path.dirname("${path}") or ".", exist_ok=True)\nopen("${path}", "w").write('''${value}''')\n`;
const RESULTS = '{"conditions": {"a": {"0": {"acc": 0.5}}}}';

const PROGRAMS: { readonly [name: string]: string } = {
  honest: `${OPEN}${LINE}${write('results.json', RESULTS)}`,
  fills: `${OPEN}accuracy = len(rows)\nprint("rows:", accuracy)\nprint("CONDITION_SUMMARY cond=a acc: 0.5")\n${write('results/main.json', RESULTS)}`,
  synthetic: `import os\nprint("DATASET_USED: toy")\nos.path.exists(os.environ["DATASET_CACHE_ROOT"] + "/toy/rows.csv")\nrows = [1, 2, 3]\n${LINE}`,
  unnamed: `${OPEN.replace('print("DATASET_USED: toy")\n', '')}${LINE}`,
  twice: `${OPEN}print("DATASET_USED: toy")\n${LINE}`,
  other: `${OPEN.replace('USED: toy', 'USED: cifar')}${LINE}`,
  doubled: `${OPEN}${write('results.json', RESULTS)}${write('results/b.json', RESULTS)}`,
  malformed: `${OPEN}${write('results.json', '{"conditions": ')}`,
  nan: `${OPEN}${write('results.json', '{"metrics": {"acc": NaN}}')}`,
  conflict: `${OPEN}print("PER_SEED: cond=a seed=0 acc: 0.9")\n${write('results.json', RESULTS)}`,
  nameless: `${OPEN}${write('results.json', '{"conditions": [{"acc": 1}]}')}`,
  linked: `${OPEN}os.symlink("/etc/passwd", "results.json")\n${LINE}`,
  fifo: `${OPEN}os.mkfifo("results.json")\n${LINE}`,
  folder: `${OPEN}os.makedirs("results.json")\n${LINE}`,
  sparse: `${OPEN}open("results.json", "wb").truncate(400 << 20)\n${LINE}`,
  deep: `${OPEN}open("results.json", "w").write('{"metrics": ' + '[' * 200000 + ']' * 200000 + '}')\n`,
  proto: `${OPEN}open("results.json", "w").write('{"metrics": {"__proto__": {"acc": 1}, "constructor": 0.5}}')\n`,
  binary: `${OPEN}import sys\nsys.stdout.flush()\nsys.stdout.buffer.write(bytes(range(256)) * 1000 + b"\\n")\nsys.stdout.buffer.flush()\n${LINE}`,
  errors: `${OPEN}import sys\nsys.stderr.write("PER_SEED: cond=a seed=0 acc: 0.9\\nDATASET_USED: toy\\n")\n${LINE}`,
  peeked: `import os\nprint("DATASET_USED: toy")\npath = os.environ["DATASET_CACHE_ROOT"] + "/toy/rows.csv"\nos.stat(path)\nos.listdir(os.path.dirname(path))\nos.open(path, os.O_PATH)\n${LINE}`,
  daemon: `${OPEN}import time\n${LINE}import sys\nsys.stdout.flush()\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(1)\n    print("PER_SEED: cond=a seed=1 acc: 0.9", flush=True)\n    time.sleep(600)\n`,
  crashed: `${OPEN}${LINE}raise SystemExit(3)\n`,
  silent: OPEN,
  identical: `${OPEN}print("PER_SEED: cond=a seed=0 acc: 0.5")\nprint("PER_SEED: cond=b seed=0 acc: 0.5")\n`,
  network: `${OPEN}import socket\nsocket.create_connection(("127.0.0.1", 80), timeout=1)\n${LINE}`,
  overwrites: `${OPEN}open(ROOT + "/toy/rows.csv", "a").write("x")\n${LINE}`,
};

const CODES: { readonly [name: string]: readonly string[] } = {
  honest: [],
  fills: [],
  synthetic: ['no-dataset-evidence'],
  unnamed: ['dataset-not-named'],
  twice: ['dataset-named-twice'],
  other: ['dataset-unknown'],
  doubled: ['results-doubled', 'no-metrics'],
  malformed: ['results-shape', 'no-metrics'],
  nan: ['metric-not-finite', 'no-metrics'],
  conflict: ['metric-conflict'],
  nameless: ['condition-nameless', 'no-metrics'],
  linked: ['results-unusable'],
  fifo: ['results-unusable'],
  folder: [],
  sparse: ['results-unusable'],
  deep: ['results-shape', 'no-metrics'],
  proto: [],
  binary: [],
  errors: [],
  peeked: ['no-dataset-evidence'],
  daemon: [],
  crashed: ['exit-code'],
  silent: ['no-metrics'],
  identical: [],
  network: ['exit-code', 'no-metrics'],
  overwrites: ['exit-code', 'no-metrics'],
};

function lay(dir: string, programs: { readonly [name: string]: string }, node: string): void {
  mkdirSync(join(dir, 'data/toy'), { recursive: true });
  writeFileSync(join(dir, 'data/toy/rows.csv'), '1 2 3\n');
  const rows = Object.entries(programs).map(([name, code]) => JSON.stringify({ name, code }));
  writeFileSync(join(dir, 'rows.jsonl'), `${rows.join('\n')}\n`);
  writeFileSync(
    join(dir, 'pipeline.yaml'),
    `sluice: 1\nname: lab\nnodes:\n  rows: { kind: read, dataset: rows.jsonl, key: name }\n  runs: { kind: experiment, from: rows, datasets: { toy: data/toy }, ${node} }\n`,
  );
}

async function runsOf(dir: string): Promise<{ readonly [name: string]: Experiment }> {
  const { stdout } = await cliOk(['show', '.', 'runs', '--json', '--fields', 'name,experiment'], { cwd: dir });
  const rows = stdout.split('\n').filter((line) => line !== '');
  return Object.fromEntries(
    rows.map((line) => {
      const { name, experiment, fields = { name, experiment } } = JSON.parse(line);
      return [fields.name, fields.experiment];
    }),
  );
}

test('each program is believed or refused, by name', () =>
  inTemp(async (dir) => {
    lay(dir, PROGRAMS, 'time_budget_s: 60');
    await cliOk(['run', '.'], { cwd: dir });
    const runs = await runsOf(dir);
    for (const [name, codes] of Object.entries(CODES)) {
      const run = runs[name];
      assert.equal(
        run?.troubles.map(({ code }) => code),
        codes,
        `${name}: ${JSON.stringify(run?.troubles)} ${run?.stderr_tail}`,
      );
      assert.is(run?.status, codes.length === 0 ? 'completed' : 'failed', name);
    }
    assert.equal(runs['honest']?.metrics, { 'a/0/acc': 0.5 });
    assert.is(runs['honest']?.dataset, 'toy');
    assert.is(runs['honest']?.results_file, 'results.json');
    assert.equal(runs['fills']?.metrics, { 'a/0/acc': 0.5, 'a/acc': 0.5, rows: 3 });
    assert.is(runs['synthetic']?.dataset, null);
    assert.equal(
      runs['identical']?.warnings.map(({ code }) => code),
      ['conditions-identical'],
    );
    // Everything was reused, and the data's content is in the key: where it lies is not.
    assert.is(finishOf(await cliOk(['run', '.', '--json'], { cwd: dir })).rowsRun, 0);
    writeFileSync(join(dir, 'data/toy/rows.csv'), '1 2 3 4\n');
    assert.ok(finishOf(await cliOk(['run', '.', '--json'], { cwd: dir })).rowsRun >= Object.keys(PROGRAMS).length);
  }));

test('a run cut by its budget keeps what it measured, and says so', () =>
  inTemp(async (dir) => {
    const programs = {
      // Neither the file nor the signal is listened to.
      cut: `${OPEN}import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n${LINE.replace('")', '", flush=True)')}time.sleep(600)\n`,
      polite: `${OPEN}import signal, sys, time\ndef stop(*_):\n    print("PER_SEED: cond=a seed=0 acc: 0.5", flush=True)\n    sys.exit(0)\nsignal.signal(signal.SIGTERM, stop)\nwhile not os.path.exists(os.environ["STOP_FILE"]):\n    time.sleep(0.01)\nstop()\n`,
      nothing: `${OPEN}import time\ntime.sleep(600)\n`,
    };
    lay(dir, programs, 'time_budget_s: 2, stop_hint: 0.25');
    await cliOk(['run', '.'], { cwd: dir });
    const { cut, polite, nothing } = await runsOf(dir);
    assert.is(cut?.status, 'partial', JSON.stringify(cut));
    assert.equal(cut?.metrics, { 'a/0/acc': 0.5 });
    assert.equal(
      cut?.troubles.map(({ code }) => code),
      ['time-budget-spent'],
    );
    assert.is(polite?.status, 'completed', JSON.stringify(polite));
    assert.is(nothing?.status, 'failed');
  }));

test('files that lay there before are no results, and what was expected must be there', () =>
  inTemp(async (dir) => {
    lay(dir, { stale: `${OPEN}${LINE}` }, 'files: { results.json: old.json }, evidence: required');
    writeFileSync(join(dir, 'old.json'), RESULTS);
    await cliOk(['run', '.'], { cwd: dir });
    const stale = (await runsOf(dir))['stale'];
    assert.is(stale?.status, 'completed');
    assert.is(stale?.results_file, null);
    lay(dir, { touched: `${OPEN}open("results.json", "a").write(" ")\n${LINE}` }, 'files: { results.json: old.json }');
    await cliOk(['run', '.'], { cwd: dir });
    assert.equal(
      (await runsOf(dir))['touched']?.troubles.map(({ code }) => code),
      ['results-stale'],
    );
    lay(dir, { some: `${OPEN}${LINE}` }, 'expect: { conditions: [a, b], seeds: [0, 1], metrics: [acc, f1] }');
    await cliOk(['run', '.'], { cwd: dir });
    const [trouble] = (await runsOf(dir))['some']?.troubles ?? [];
    assert.is(trouble?.reason, 'it measured no seed 1 of a, no condition b, no metric f1');
  }));

test('repeats that differ are told', () =>
  inTemp(async (dir) => {
    const programs = {
      same: `${OPEN}${LINE}`,
      differs: `${OPEN}import random\nprint(f"PER_SEED: cond=a seed=0 acc: {random.random()}")\n`,
    };
    lay(dir, programs, 'repeats: 3');
    await cliOk(['run', '.'], { cwd: dir });
    const { same, differs } = await runsOf(dir);
    assert.is(same?.reproducible, true);
    assert.is(differs?.reproducible, false);
    assert.equal(
      differs?.warnings.map(({ code }) => code),
      ['repeats-differ'],
    );
  }));

test('a module that is missing is told before anything runs', () =>
  inTemp(async (dir) => {
    lay(dir, { any: LINE }, 'requirements: [json, no_such_module_here]');
    const { code, stdout, stderr } = await cli(['run', '.'], { cwd: dir });
    assert.is(code, 1);
    assert.match(stdout + stderr, /requirements-missing/);
    assert.match(stdout + stderr, /no_such_module_here/);
  }));

test('without rows it is one experiment; a dataset that is not there is a mistake with its place', () =>
  inTemp(async (dir) => {
    lay(dir, { any: LINE }, '');
    writeFileSync(join(dir, 'train.py'), `${OPEN}${LINE}`);
    const pipeline = (data: string) =>
      `sluice: 1\nname: lab\nnodes:\n  runs: { kind: experiment, program: train.py, datasets: { toy: ${data} } }\n`;
    writeFileSync(join(dir, 'pipeline.yaml'), pipeline('data/toy'));
    await cliOk(['run', '.'], { cwd: dir });
    const { stdout } = await cliOk(['show', '.', 'runs', '--json', '--fields', 'experiment'], { cwd: dir });
    assert.match(stdout, '"status":"completed"');
    writeFileSync(join(dir, 'pipeline.yaml'), pipeline('data/tyo'));
    const missing = await cli(['check', '.'], { cwd: dir });
    assert.is(missing.code, 2);
    assert.match(missing.stdout + missing.stderr, /pipeline\.yaml:4:\d+.*there are no files at data\/tyo/s);
  }));

test('a backend that cannot do what is asked of it is refused where it is named', () =>
  inTemp(async (dir) => {
    lay(dir, { any: LINE }, '');
    writeFileSync(join(dir, 'train.py'), LINE);
    const common = 'kind: experiment, program: train.py';
    const nodes = {
      programs: [`${common}, sandbox: { backend: quickjs }`, 'sandbox-backend-unfit'],
      mounts: [`${common}, datasets: { toy: data/toy }, sandbox: { backend: process }`, 'sandbox-backend-unfit'],
      evidence: [`${common}, datasets: { toy: data/toy }, sandbox: { backend: bwrap }`, 'sandbox-backend-unfit'],
      weak: [`${common}, sandbox: { backend: process, strict: true }`, 'sandbox-weak'],
      label: [
        'kind: sandbox-label, from: rows, language: javascript, tests: { type: cases, entry: name, field: code }, sandbox: { backend: zygote }',
        'sandbox-backend-unfit',
      ],
      mutants: [
        'kind: mutate, from: rows, task_id: name, reference: code, language: python, sandbox: { backend: quickjs }',
        'sandbox-backend-unfit',
      ],
    };
    const lines = Object.entries(nodes).map(([id, [node]]) => `  ${id}: { ${node} }\n`);
    const head = 'sluice: 1\nname: lab\nnodes:\n  rows: { kind: read, dataset: rows.jsonl, key: name }\n';
    writeFileSync(join(dir, 'pipeline.yaml'), head + lines.join(''));
    for (const command of ['check', 'plan', 'run']) {
      const { code, stdout, stderr } = await cli([command, '.'], { cwd: dir });
      assert.is(code, 2);
      const told = [...(stdout + stderr).matchAll(/pipeline\.yaml:(\d+):(\d+): error\[([\w-]+)\]/g)];
      assert.equal(
        told.map(([, line, column, reason]) => [Number(line), Number(column), reason]),
        Object.values(nodes).map(([, reason], at) => [
          at + 5,
          (lines[at] ?? '').indexOf('backend: ') + 'backend: '.length + 1,
          reason,
        ]),
      );
    }
  }));

test.run();
