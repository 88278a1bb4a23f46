/** Many rows through cheap nodes, everything durable: rate, memory, disk; and recalled row by row. */

import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from './figure.ts';
import { expect, finishOf, measured } from './measured.ts';
import { inScratch } from './process.ts';
import { ensureBuilt, resetStore, writeProject, writeRecords } from './project.ts';

/** Fewer for a quick look: `SLUICE_BENCH_ROWS=100000 npm run bench -- rows`. */
const ROWS = Number(process.env['SLUICE_BENCH_ROWS'] ?? 1_000_000);
const FEW = Math.round(ROWS / 5);
const BYTES = 1024;
/** Nodes after the source. The source's own rows are part of the time, not of the count. */
const CHEAP_NODES = 3;

const FLOW = `kinds: [./kinds.ts]
nodes:
  read: { kind: read, dataset: rows.jsonl, key: id }
  scored: { kind: filter, from: read, where: score >= 0 }
  marked: { kind: bench-mark, from: scored }
  long: { kind: filter, from: marked, where: letters > 0 }
`;

/** The rows of \`old\` are recalled one by one: \`more\` has another row, so the node as a whole was never seen. */
const REUSE = `kinds: [./kinds.ts]
nodes:
  old: { kind: read, dataset: rows.jsonl, key: id }
  more: { kind: read, dataset: more.jsonl, key: id }
  counted: { kind: bench-count, from: [old, more] }
`;

const SOURCE = `nodes:
  old: { kind: read, dataset: rows.jsonl, key: id }
`;

const KINDS = `import { defineRow, Type } from 'sluice';

const kind = (name: string, reuse: 'row' | 'node') =>
  defineRow<{ prompt: string; n: number }>()({
    name,
    version: 1,
    summary: 'Counts letters.',
    example: '',
    config: Type.Object({}),
    inputs: { from: { summary: 'rows' } },
    outputs: () => ({ out: { summary: 'rows', carries: 'carry', adds: { letters: Type.Integer() } } }),
    reads: () => ({ prompt: { schema: Type.String() }, n: { schema: Type.Integer() } }),
    reuse,
    run: ({ row }) => ({ type: 'emit', emissions: [{ set: { letters: row.fields.prompt.length + row.fields.n } }] }),
  });

export const mark = kind('bench-mark', 'node');
export const count = kind('bench-count', 'row');
`;

export const bench: Bench = (report) =>
  inScratch(async (dir) => {
    ensureBuilt();
    for (const rows of [FEW, ROWS]) {
      const cwd = project(join(dir, `flow-${rows}`), FLOW, rows);
      const run = await measured(['run', '--json'], cwd);
      expect('rows run', finishOf(run).rowsRun, (CHEAP_NODES + 1) * rows);
      const what = `${rows.toLocaleString('en')} rows of 1 KB`;
      const rate = (CHEAP_NODES * rows) / run.seconds;
      report({ metric: `${what}, three cheap nodes`, value: rate, unit: 'node-rows/s', target: '>= 40,000' });
      report({ metric: `${what}, wall time`, value: run.seconds, unit: 's' });
      report({ metric: `${what}, CPU`, value: (run.cpuSeconds / (CHEAP_NODES * rows)) * 1e6, unit: 'us/node-row' });
      report({ metric: `${what}, peak memory`, value: run.peakBytes / 1e6, unit: 'MB', target: '< 300 MB, flat' });
      const data = sizeOf(join(cwd, 'rows.jsonl'));
      const disk = sizeUnder(join(cwd, 'cache'));
      report({
        metric: `${what}, store`,
        value: disk / 1e6,
        unit: 'MB',
        peer: { name: 'input', value: data / 1e6 },
        ratio: disk / data,
      });
      resetStore(cwd);
    }
    const what = `${FEW.toLocaleString('en')} rows`;
    const cwd = project(join(dir, 'reuse'), REUSE, FEW);
    writeRecords(join(cwd, 'more.jsonl'), FEW, FEW + 1, BYTES);
    const first = await measured(['run', '--json'], cwd);
    expect('rows run', finishOf(first).rowsRun, 2 * FEW + 2);
    report({ metric: `${what}, one node kept row by row, first run`, value: FEW / first.seconds, unit: 'rows/s' });
    writeRecords(join(cwd, 'more.jsonl'), FEW, FEW + 2, BYTES);
    const again = await measured(['run', '--json'], cwd);
    expect('rows run again', finishOf(again).rowsRun, 3);
    expect('rows recalled', finishOf(again).rowsReused, 2 * FEW + 1);
    const target = '>= 100,000';
    report({
      metric: `${what} recalled one by one, start-up included`,
      value: FEW / again.seconds,
      unit: 'rows/s',
      target,
    });
    report({ metric: 'the same, CPU', value: (again.cpuSeconds / FEW) * 1e6, unit: 'us/row' });
    const none = await nothingNew(cwd);
    const node = Math.max(0.001, again.seconds - none);
    report({
      metric: 'the same without start-up, planning and the look at the inputs: the node alone',
      value: FEW / node,
      unit: 'rows/s',
      target,
    });
    report({ metric: 'reuse, peak memory', value: again.peakBytes / 1e6, unit: 'MB', target: '< 300 MB' });
    // Here the source reads, parses and hashes every record again, because its file has another one.
    appendRecord(join(cwd, 'rows.jsonl'), FEW + 2);
    const grown = await measured(['run', '--json'], cwd);
    expect('rows run after the file grew', finishOf(grown).rowsRun, FEW + 2);
    report({
      metric: `${what} recalled one by one after their file grew by one: source and node, start-up included`,
      value: FEW / grown.seconds,
      unit: 'rows/s',
    });
    report({ metric: 'the same, CPU', value: (grown.cpuSeconds / FEW) * 1e6, unit: 'us/row' });
    const source = project(join(dir, 'source'), SOURCE, FEW);
    await measured(['run', '--json'], source);
    appendRecord(join(source, 'rows.jsonl'), FEW + 2);
    const read = await measured(['run', '--json'], source);
    expect('rows read again', finishOf(read).rowsRun, FEW + 1);
    report({
      metric: 'the source alone after its file grew by one, start-up included',
      value: FEW / read.seconds,
      unit: 'rows/s',
    });
    report({ metric: 'the same, CPU', value: (read.cpuSeconds / FEW) * 1e6, unit: 'us/row' });
  });

function project(dir: string, pipeline: string, rows: number): string {
  writeProject(dir, pipeline);
  writeFileSync(join(dir, 'kinds.ts'), KINDS);
  writeRecords(join(dir, 'rows.jsonl'), 0, rows, BYTES);
  return dir;
}

/** Seconds of the same run when every node is recalled as a whole. */
async function nothingNew(cwd: string): Promise<number> {
  const run = await measured(['run', '--json', '--plain'], cwd);
  expect('rows run', finishOf(run).rowsRun, 0);
  return run.seconds;
}

function appendRecord(file: string, nth: number): void {
  const one = `${file}.one`;
  writeRecords(one, nth, nth + 1, BYTES);
  appendFileSync(file, readFileSync(one));
  rmSync(one);
}

function sizeOf(file: string): number {
  return statSync(file).size;
}

function sizeUnder(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + sizeOf(join(entry.parentPath, entry.name)), 0);
}
