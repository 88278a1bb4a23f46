import { spawn } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ProcessRequest } from '#contract/services.ts';
import { failureOf } from '#rig/failure-of.ts';
import { makeProcessService } from '#services/process/process-service.ts';

let dir = '';
let service: ReturnType<typeof makeProcessService>;

test.before.each(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  const env = { PATH: process.env['PATH'] };
  const redact = (text: string) => text.replaceAll('hunter2', '[secret P]');
  // No program is started from this process, all from the small one.
  service = makeProcessService({ manifestDir: dir, env, redact, tempDir: dir, outputLimit: 100_000, directStarts: 0 });
});
test.after.each(async () => {
  await service.close();
  await rm(dir, { recursive: true });
});

const never = new AbortController().signal;
setMaxListeners(0, never);

function shell(script: string, over: Partial<ProcessRequest> = {}): ProcessRequest {
  return { argv: ['sh', '-c', script], env: {}, files: [], timeoutMs: 20_000, cwd: 'fresh', ...over };
}

async function becomesTrue(isTrue: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await isTrue()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

test('output, environment and files are as if started from here', async () => {
  const result = await service.run(
    shell('echo "$NAME"; pwd >&2; echo hunter2 >&2; echo x > left', { env: { NAME: 'ö' } }),
    never,
  );
  assert.equal(result.stdout, 'ö\n');
  assert.match(result.stderr, dir);
  assert.match(result.stderr, '[secret P]');
  assert.equal(
    result.outputs.map(({ path }) => path),
    ['left'],
  );
});

test('many at once are not mixed up', async () => {
  const all = await Promise.all(
    Array.from({ length: 30 }, (_, nth) => service.run(shell(`printf '%s' ${nth}; exit 0`), never)),
  );
  assert.equal(
    all.map(({ stdout }) => stdout),
    all.map((_, nth) => String(nth)),
  );
});

test('a program that is not there, one that fails, one that writes too much', async () => {
  const missing = await failureOf(service.run({ ...shell(''), argv: ['no-such-program-here'] }, never));
  assert.equal(missing.code, 'command-not-found');
  const failed = await failureOf(service.run(shell('echo why >&2; exit 3'), never));
  assert.equal(failed.code, 'command-exit');
  assert.match(failed.message, 'exit code 3: why');
  const much = await failureOf(service.run(shell('yes'), never));
  assert.equal(much.code, 'command-bad-output');
});

test('folders are made and removed where the program is started, whatever it leaves in them', async () => {
  const keeps = { stdout: true, outputs: false };
  const { stdout, outputs } = await service.run(
    shell('echo "$HOME"; ls -A . "$HOME" | wc -w; mkdir -p a/b "$HOME/.cache"; echo x > a/b/c', { keeps }),
    never,
  );
  const [home = '', words] = stdout.split('\n');
  assert.is(Number(words), 2, 'two names of folders, and nothing in them');
  assert.equal(outputs, []);
  assert.ok(await becomesTrue(() => !existsSync(home) && !existsSync(home.replace(/\.home$/, ''))));
  await failureOf(service.run({ ...shell('', { keeps }), argv: ['no-such-program-here'] }, never));
  assert.ok(await becomesTrue(async () => (await readdir(join(home, '..'))).length === 0));
  await rm(join(home, '..'), { recursive: true });
  const refused = await failureOf(service.run(shell('true', { keeps }), never));
  assert.is(refused.code, 'command-not-started');
  assert.match(refused.message, 'its folder cannot be made (ENOENT)');
});

test('a stop ends what was started', async () => {
  const stop = new AbortController();
  const run = failureOf(service.run(shell(`echo $$ > ${dir}/pid; sleep 600`), stop.signal));
  assert.ok(await becomesTrue(async () => (await readdir(dir)).includes('pid')));
  assert.ok(await becomesTrue(async () => (await readFile(join(dir, 'pid'), 'utf8')).endsWith('\n')));
  stop.abort();
  assert.equal((await run).code, 'stopped');
  assert.ok(await becomesTrue(async () => isGone(Number(await readFile(join(dir, 'pid'), 'utf8')))));
});

test('closing ends what was started, and the process that started it', async () => {
  const run = failureOf(service.run(shell(`echo $$ $PPID > ${dir}/pids; sleep 600`), never));
  assert.ok(await becomesTrue(async () => (await readdir(dir)).includes('pids')));
  assert.ok(await becomesTrue(async () => (await readFile(join(dir, 'pids'), 'utf8')).endsWith('\n')));
  const pids = (await readFile(join(dir, 'pids'), 'utf8')).split(' ').map(Number);
  await service.close();
  assert.equal((await run).code, 'stopped');
  for (const pid of pids) assert.ok(await becomesTrue(() => isGone(pid)));
});

async function pidsIn(file: string): Promise<number[]> {
  const path = join(dir, file);
  assert.ok(await becomesTrue(async () => (await readFile(path, 'utf8').catch(() => '')).endsWith('\n')));
  return (await readFile(path, 'utf8')).trim().split(/\s+/).map(Number);
}

test('a launcher that is killed: its programs fail by name and are ended, and the next ones get a new one', async () => {
  const held = [1, 2, 3].map((nth) =>
    failureOf(service.run(shell(`echo $$ $PPID > ${dir}/p${nth}; sleep 600`), never)),
  );
  const started = await Promise.all([1, 2, 3].map((nth) => pidsIn(`p${nth}`)));
  for (const launcher of new Set(started.map(([, parent = 0]) => parent))) process.kill(launcher, 'SIGKILL');
  for (const { code, scope } of await Promise.all(held))
    assert.equal([code, scope], ['command-lost', 'infrastructure']);
  for (const [pid = 0] of started) assert.ok(await becomesTrue(() => isGone(pid)));
  assert.is((await service.run(shell('echo again'), never)).stdout, 'again\n');
});

test('a parent that is killed leaves no program behind, wherever it was started from, and no folder', async () => {
  const main = fileURLToPath(import.meta.resolve('#rig/program-parent.ts'));
  for (const directStarts of ['0', '99']) {
    const args = ['--conditions=development', '--import', 'tsx', main, dir, directStarts];
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const pids = (await Promise.all(['plain', 'fed', 'daemon'].map(pidsIn))).flat();
    assert.is(pids.length, 3);
    parent.kill('SIGKILL');
    for (const pid of pids) assert.ok(await becomesTrue(() => isGone(pid)), `${directStarts}: ${pid}`);
    assert.ok(await becomesTrue(async () => !(await readdir(dir)).some((name) => name.startsWith('sluice-'))));
    for (const name of ['plain', 'fed', 'daemon']) await rm(join(dir, name));
  }
});

test('a daemon finds no folder of a later program, and is gone after the run', async () => {
  // It stays in a session of its own, and writes into every folder that it was ever told of.
  const daemon = `setsid sh -c 'echo $$ > ${dir}/daemon; while :; do echo x > "$0/late"; echo x > "$1/late"; sleep .01; done'`;
  await service.run(shell(`${daemon} "$PWD" "$HOME" >/dev/null 2>&1 & sleep .1; pwd > ${dir}/first`), never);
  const [pid = 0] = await pidsIn('daemon');
  for (let nth = 0; nth < 5; nth++) {
    const { stdout, outputs } = await service.run(shell('pwd; sleep .05; ls -A . "$HOME"'), never);
    assert.not.match(stdout, await readFile(join(dir, 'first'), 'utf8'));
    assert.not.match(stdout, 'late');
    assert.equal(outputs, []);
  }
  assert.not.ok(isGone(pid));
  await service.close();
  assert.ok(await becomesTrue(() => isGone(pid)));
});

test('what nobody asks for is not carried', async () => {
  const keeps = { stdout: false, outputs: false };
  const { stdout, outputs, stderr } = await service.run(
    shell('echo out; echo err >&2; echo x > left; head -c 200000 /dev/zero', { keeps }),
    never,
  );
  assert.equal([stdout, outputs, stderr], ['', [], 'err\n']);
});

test.run();
