/** The example as a user runs it: offline, every way through the pipeline taken, and only what is new done again. */

import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cliOk, digestsUnder, type Ended, eventsOf, finishOf, inTemp } from '#rig/cli.ts';
import { sha256 } from '#util/sha256.ts';

const EXAMPLE = fileURLToPath(new URL('../../pipelines/duel', import.meta.url));

/** What the format gate can say, each said once. */
const KING_CODES = [
  'command-repeated',
  'control-token',
  'fence-many',
  'fence-missing',
  'turn-empty',
  'turn-truncated',
] as const;
const CHALLENGER_CODES = [
  'command-empty',
  'fence-unclosed',
  'shell-syntax',
  'thought-missing',
  'thought-word-missing',
  'turn-too-long',
] as const;

interface NodeEnd {
  readonly state: string;
  readonly counts: { readonly in: number; readonly out: number; readonly codes: { readonly [code: string]: number } };
  readonly ports: { readonly [port: string]: { readonly count: number } };
}

interface Duel {
  readonly score: number | null;
  readonly flips: number;
  readonly decided: string | null;
  readonly judges: readonly {
    readonly status: string;
    readonly code: string | null;
    readonly choices: { readonly [dimension: string]: string };
  }[];
}

/** A copy without what a run in the checkout may have left there. */
function copyExample(dir: string): string {
  const copy = join(dir, 'duel');
  cpSync(EXAMPLE, copy, { recursive: true, filter: (path) => !/\/(?:out|cache)$/.test(path) });
  return copy;
}

/** With an empty environment: no key, no address. */
async function run(dir: string, profile: string, ...more: string[]): Promise<Ended> {
  return cliOk(['run', 'duel', '--profile', profile, '--cache', 'cache', '--json', ...more], { cwd: dir });
}

function endOf(result: Ended, node: string): NodeEnd {
  const end = eventsOf(result).findLast((event) => event.type === 'node-state' && event['node'] === node);
  if (end === undefined) throw new Error(`nothing is told about ${node}`);
  return end as unknown as NodeEnd;
}

function nodesThatRan(result: Ended): string[] {
  return eventsOf(result)
    .filter(({ type, state }) => type === 'node-state' && state === 'running')
    .map(({ node }) => String(node))
    .sort();
}

async function duelsOf(dir: string): Promise<Duel[]> {
  const args = ['show', 'duel', 'duel', '--profile', 'example', '--cache', 'cache', '--json', '--limit', '1000'];
  const { stdout } = await cliOk(args, { cwd: dir });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).fields);
}

test('the example takes every way through the pipeline, and only what is new is done again', async () => {
  await inTemp(async (dir) => {
    const copy = copyExample(dir);
    const first = await run(dir, 'example');
    assert.is(finishOf(first).calls, 0, 'nothing is paid');

    assert.equal(Object.keys(endOf(first, 'prs').counts.codes).sort(), ['pr-ambiguous', 'pr-license', 'pr-missing']);
    assert.equal(Object.keys(endOf(first, 'king').counts.codes).sort(), [...KING_CODES]);
    assert.equal(Object.keys(endOf(first, 'challenger').counts.codes).sort(), [...CHALLENGER_CODES]);
    assert.is(endOf(first, 'challenger').ports['quarantined']?.count, 1, 'one names a file that had not come up');
    assert.ok(endOf(first, 'duel').counts.in >= 24);
    for (const bucket of ['final', 'refined', 'defeat', 'unjudged'])
      assert.ok((endOf(first, 'buckets').ports[bucket]?.count ?? 0) > 0, bucket);

    checkDuels(await duelsOf(dir));
    checkDataset(join(copy, 'out/dataset'), endOf(first, 'buckets').ports['final']?.count ?? 0);
    checkReport(join(copy, 'out/report'));
    await checkOnlyWhatIsNew(dir, copy);
    await checkMode1(dir, copy);
    await checkCompat(dir, copy);
  });
});

function checkDuels(duels: readonly Duel[]): void {
  assert.ok(
    duels.some(({ flips }) => flips > 3),
    'a choice that turns with the order',
  );
  assert.ok(
    duels.some(({ decided, score }) => decided === 'identical' && score === 50),
    'equal answers',
  );
  const unparsed = new Set(duels.flatMap(({ judges }) => judges.map(({ code }) => code)));
  assert.equal(unparsed, new Set([null, 'no-verdict', 'truncated']));
  assert.ok(
    duels.some(({ score, judges }) => score !== null && judges.some(({ status }) => status === 'unparsed')),
    'a score in spite of an unparsed judge',
  );
  assert.ok(
    duels.some(({ judges }) => judges.some(({ choices }) => Object.values(choices).includes('void'))),
    'a quote that nobody wrote',
  );
}

function checkDataset(folder: string, rows: number): void {
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  assert.equal(manifest.files.map(({ format }: { format: string }) => format).sort(), ['dpo', 'sft']);
  for (const file of manifest.files) {
    const bytes = readFileSync(join(folder, file.path));
    assert.is(sha256(bytes), file.sha256, file.path);
    assert.is(bytes.toString('utf8').split('\n').filter(Boolean).length, rows);
  }
}

function checkReport(folder: string): void {
  const page = readFileSync(join(folder, 'report.html'), 'utf8');
  assert.match(page, 'Accepted');
  assert.match(page, 'turns → eligible');
  assert.match(readFileSync(join(folder, 'report.md'), 'utf8'), '**Accepted**');
}

async function checkOnlyWhatIsNew(dir: string, copy: string): Promise<void> {
  const before = digestsUnder(join(copy, 'out'));
  const second = finishOf(await run(dir, 'example'));
  assert.is(second.rowsRun, 0);
  assert.is(second.calls, 0);
  assert.is(second.reusedCalls, 0, 'no recording is asked either');
  assert.equal(digestsUnder(join(copy, 'out')), before);

  const stricter = await run(dir, 'example', '--set', 'nodes.verdict.win_margin=20');
  assert.equal(nodesThatRan(stricter), ['report', 'verdict'], 'a changed threshold');
  assert.is(finishOf(stricter).reusedCalls, 0);

  const closed = await run(dir, 'example', '--set', 'nodes.verdict.win_margin=90');
  assert.is(endOf(closed, 'dataset').state, 'skipped');
  assert.is(finishOf(closed).outcome, 'done', 'a closed gate is no failure');

  const more = await run(dir, 'example', '--set', 'params.turns=48');
  const fresh = endOf(more, 'duel').counts.in - 25;
  assert.is(fresh, 4);
  const samples = 3;
  const calls = fresh * (1 + 1 + 3 * 2) + samples;
  assert.is(finishOf(more).reusedCalls, calls, 'king, challenger, six judgements; blind samples for one with a hit');
}

/** The recordings hold an answer for every turn, also of those that the example does not draw. */
async function checkMode1(dir: string, copy: string): Promise<void> {
  const all = await run(dir, 'example,mode1', '--set', 'params.turns=1000');
  assert.is(finishOf(all).calls, 0);
  assert.is(endOf(all, 'duel').counts.in, 35);
  assert.is(endOf(all, 'dataset').state, 'skipped', 'about even with the recorded agent: nothing is exported');
  assert.not(existsSync(join(copy, 'out/mode1/dataset')));
  const page = readFileSync(join(copy, 'out/mode1/report/report.md'), 'utf8');
  assert.match(page, '**Not accepted**');
  assert.match(page, '| instance | turn | score | bucket | reference | challenger |');
}

/** The earlier pipeline: one order, turns as the unit, any closed fence, a JSON file a turn. */
async function checkCompat(dir: string, copy: string): Promise<void> {
  const first = await run(dir, 'example,compat');
  assert.is(finishOf(first).calls, 0);
  // Of the twelve answers that the example's gate refuses only those without a closed command block are refused here.
  assert.equal(Object.keys(endOf(first, 'king').counts.codes), ['fence-missing']);
  assert.equal(Object.keys(endOf(first, 'challenger').counts.codes), ['fence-unclosed']);
  const { ports } = endOf(first, 'buckets');
  const turns = join(copy, 'out/compat/turns');
  for (const bucket of ['final', 'refined', 'defeat']) {
    const files = readdirSync(join(turns, bucket));
    assert.ok(files.length > 0 && files.length === ports[bucket]?.count, bucket);
    const row = JSON.parse(readFileSync(join(turns, bucket, files[0] ?? ''), 'utf8'));
    assert.is(row.bucket, bucket);
    // Three judges, all read, in one order; king first. Fifteen choices: a grid of 1/30.
    assert.equal(
      row.judges.map(({ order, status }: { order: string; status: string }) => `${order} ${status}`),
      ['against-first parsed', 'against-first parsed', 'against-first parsed'],
    );
    assert.ok(Math.abs((row.score / 100) * 30 - Math.round((row.score / 100) * 30)) < 1e-4, String(row.score));
  }
  const show = ['show', 'duel', 'verdict', '--profile', 'example,compat', '--cache', 'cache', '--json'];
  const { fields } = JSON.parse((await cliOk(show, { cwd: dir })).stdout);
  assert.is(fields.clusters, fields.parsed, 'every turn its own');
  assert.is(fields.p_value, null, 'the bootstrap decides');
  assert.match(fields.notes.join('\n'), /turns are resampled as if they were independent/);
  const again = finishOf(await run(dir, 'example,compat'));
  assert.equal([again.rowsRun, again.calls], [0, 0]);
}

test('the manifest is sound as the real job too', async () => {
  await inTemp(async (dir) => {
    copyExample(dir);
    for (const profile of [[], ['--profile', 'example'], ['--profile', 'mode1'], ['--profile', 'compat']]) {
      const { stdout, stderr } = await cliOk(['check', 'duel', ...profile, '--cache', 'cache'], { cwd: dir });
      assert.match(stdout, /^ok: \d+ nodes/);
      assert.is(stderr, '');
    }
  });
});

test.run();
