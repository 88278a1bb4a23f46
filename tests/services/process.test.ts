import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '#contract/failure.ts';
import type { ProcessRequest } from '#contract/services.ts';
import { failureOf } from '#rig/failure-of.ts';
import { LineSplitter, LineTooLong } from '#services/process/line-splitter.ts';
import { makeProcessService } from '#services/process/process-service.ts';

let dir = '';
let temp = '';
let service: ReturnType<typeof makeProcessService>;

test.before.each(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  temp = join(dir, 'temp');
  await mkdir(temp);
  const env = { PATH: process.env['PATH'], LEAKED: 'no' };
  const redact = (text: string) => text.replaceAll('hunter2', '[secret P]');
  service = makeProcessService({
    manifestDir: dir,
    env,
    redact,
    tempDir: temp,
    lineLimit: 10_000,
    outputLimit: 100_000,
  });
});
test.after.each(async () => {
  await service.close();
  assert.equal(await readdir(temp), [], 'nothing is left behind');
  await rm(dir, { recursive: true });
});

const never = new AbortController().signal;

function request(argv: readonly string[], over: Partial<ProcessRequest> = {}): ProcessRequest {
  return { argv, env: {}, files: [], timeoutMs: 20_000, cwd: 'fresh', ...over };
}

const shell = (script: string, over: Partial<ProcessRequest> = {}) => request(['sh', '-c', script], over);

/** Whether a process is still there, once it has had its chance to end. */
async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

// ---- run --------------------------------------------------------------------------------------------------------

test('run gives input, output and the files that were made', async () => {
  await mkdir(join(dir, 'scripts'));
  await writeFile(
    join(dir, 'scripts/up.sh'),
    'tr a-z A-Z; echo kept > kept.txt; mkdir d; echo made > d/made.txt; ln -s /etc/passwd link',
  );
  const result = await service.run(
    { ...request(['sh', 'scripts/up.sh'], { files: ['scripts'] }), stdin: 'hello' },
    never,
  );
  assert.is(result.stdout, 'HELLO');
  assert.equal(
    result.outputs.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]),
    [
      ['d/made.txt', 'made\n'],
      ['kept.txt', 'kept\n'],
    ],
  );
});

test('the environment is scrubbed, the folder and HOME are fresh', async () => {
  const { stdout } = await service.run(shell('env; ls -A . "$HOME"', { env: { GIVEN: 'yes' } }), never);
  assert.match(stdout, 'GIVEN=yes');
  assert.match(stdout, 'LANG=C.UTF-8');
  assert.not.match(stdout, 'LEAKED');
  assert.ok(stdout.endsWith(`.:\n\n${/HOME=(.*)/.exec(stdout)?.[1]}:\n`), stdout);
});

test('input may be a stream, and a program need not read it', async () => {
  async function* lines() {
    for (let nth = 0; nth < 20_000; nth++) yield `line ${nth}\n`;
  }
  assert.is((await service.run({ ...shell('wc -l'), stdin: lines() }, never)).stdout.trim(), '20000');
  assert.is((await service.run({ ...shell('true'), stdin: lines() }, never)).stdout, '');
});

test('an input that breaks is told as itself', async () => {
  // biome-ignore lint/correctness/useYield: it breaks before the first
  async function* broken(): AsyncIterable<string> {
    throw new Failure('blob-missing', 'gone');
  }
  assert.is((await failureOf(service.run({ ...shell('cat'), stdin: broken() }, never))).code, 'blob-missing');
});

test('in the manifest’s folder nothing is laid and nothing collected', async () => {
  const { stdout, outputs } = await service.run(shell('pwd; touch here', { cwd: 'manifest' }), never);
  assert.match(stdout, dir);
  assert.equal(outputs, []);
});

test('a failing program is command-exit with its last words, without secrets', async () => {
  const failure = await failureOf(
    service.run(shell('echo first >&2; echo the password is hunter2 >&2; exit 3'), never),
  );
  assert.is(failure.code, 'command-exit');
  assert.match(failure.message, 'ended with exit code 3: the password is [secret P]');
  assert.equal(failure.detail, { exitCode: 3, signal: null, stderr: 'first\nthe password is [secret P]\n' });
  assert.match((await failureOf(service.run(shell('kill -9 $$'), never))).message, 'was ended by SIGKILL');
});

test('only the end of a long standard error is kept', async () => {
  const failure = await failureOf(service.run(shell('yes é | head -c 99999 >&2; echo end >&2; exit 1'), never));
  const { stderr } = failure.detail as { stderr: string };
  assert.ok(Buffer.byteLength(stderr) <= 8192 && stderr.endsWith('end\n') && !stderr.includes('\ufffd'));
});

test('what cannot be started is named', async () => {
  const missing = await failureOf(service.run(request(['no-such-program-here']), never));
  assert.equal([missing.code, missing.scope], ['command-not-found', 'infrastructure']);
  assert.is(missing.message, "there is no program 'no-such-program-here'");
  await writeFile(join(dir, 'plain.txt'), 'x');
  const plain = await failureOf(service.run(request(['./plain.txt'], { files: ['plain.txt'] }), never));
  assert.is(plain.message, "'./plain.txt' cannot be run (EACCES)");
  assert.is((await failureOf(service.run(request([]), never))).code, 'command-not-started');
  assert.is((await failureOf(service.run(request(['echo', 'a\0b']), never))).code, 'command-not-started');
  assert.is((await failureOf(service.run(request(['echo', 'x'.repeat(3e6)]), never))).code, 'command-not-started');
});

test('files outside the manifest or missing are refused', async () => {
  assert.is((await failureOf(service.run(request(['true'], { files: ['../x'] }), never))).code, 'command-file-outside');
  assert.is(
    (await failureOf(service.run(request(['true'], { files: ['/etc/passwd'] }), never))).code,
    'command-file-outside',
  );
  assert.is((await failureOf(service.run(request(['true'], { files: ['nope'] }), never))).code, 'command-file-missing');
});

test('a timeout ends the whole group', async () => {
  const failure = await failureOf(
    service.run(shell('sleep 1000 & echo $! > pid; cp pid ../../pid; wait', { timeoutMs: 300 }), never),
  );
  assert.is(failure.code, 'command-timeout');
  assert.match(failure.message, 'did not end within 300 ms');
  const { readFileSync } = await import('node:fs');
  assert.ok(await isGone(Number(readFileSync(join(temp, 'pid'), 'utf8'))));
  await rm(join(temp, 'pid'));
});

test('a background child that keeps the pipes open holds nobody up', async () => {
  const { stdout } = await service.run(shell('sleep 1000 & echo done'), never);
  assert.is(stdout, 'done\n');
});

test('an abort ends a program', async () => {
  const controller = new AbortController();
  const work = failureOf(service.run(shell('sleep 1000'), controller.signal));
  controller.abort();
  assert.is((await work).code, 'stopped');
  assert.is((await failureOf(service.run(shell('true'), controller.signal))).code, 'stopped');
});

test('too much output is refused', async () => {
  const failure = await failureOf(service.run(shell('yes'), never));
  assert.is(failure.code, 'command-bad-output');
});

test('a link in the folder is not followed', async () => {
  await symlink('/etc', join(dir, 'etc'));
  const { outputs } = await service.run(shell('ln -s /etc etc; ln -s / root'), never);
  assert.equal(outputs, []);
});

// ---- open -------------------------------------------------------------------------------------------------------

/** A program in JavaScript: `body` handles `{key, value}` and may `say` objects. */
function program(body: string, over: Partial<ProcessRequest> = {}): ProcessRequest {
  const source = `
    const say = (line) => process.stdout.write(typeof line === 'string' ? line : JSON.stringify(line) + '\\n');
    require('readline').createInterface({ input: process.stdin }).on('line', (text) => {
      const { key, value } = JSON.parse(text);
      ${body}
    });`;
  return request([process.execPath, '-e', source], over);
}

test('answers are matched by key, in any order and number', async () => {
  const program_ = program(`
    if (value.nth % 3 === 0) setImmediate(() => { say({ key, set: { a: 1 } }); say({ key, set: { b: 2 } }); say({ key, done: true }); });
    else if (value.nth % 3 === 1) { say({ key, reject: { code: 'odd', reason: 'because' } }); say({ key, done: true }); }
    else say({ key, error: 'broke' });`);
  const opened = await service.open(program_, never);
  const answers = await Promise.all(Array.from({ length: 300 }, (_, nth) => opened.exchange(`row ${nth}`, { nth })));
  await opened.close();
  assert.equal(answers[0], [
    { key: 'row 0', set: { a: 1 } },
    { key: 'row 0', set: { b: 2 } },
    { key: 'row 0', done: true },
  ]);
  assert.equal(answers[1], [{ key: 'row 1', reject: { code: 'odd', reason: 'because' } }]);
  assert.equal(answers[299], [{ key: 'row 299', error: 'broke' }]);
});

test('large values flow both ways under backpressure', async () => {
  const opened = await service.open(program(`say({ key, done: value.length });`), never);
  const value = 'é'.repeat(100_000);
  const answers = await Promise.all(Array.from({ length: 60 }, (_, nth) => opened.exchange(String(nth), value)));
  await opened.close();
  assert.ok(answers.every(([line]) => line?.['done'] === 100_000));
});

test('a program that ends early fails exactly the rows it had not answered', async () => {
  const opened = await service.open(
    program(`if (value === 5) { console.error('out of ideas'); process.exit(7); } say({ key, done: true });`),
    never,
  );
  for (let nth = 0; nth < 5; nth++) await opened.exchange(String(nth), nth);
  const failures = await Promise.all([5, 6, 7].map((nth) => failureOf(opened.exchange(String(nth), nth))));
  assert.equal(
    failures.map(({ code }) => code),
    ['command-exit', 'command-exit', 'command-exit'],
  );
  assert.match(failures[0]?.message ?? '', 'ended with exit code 7 before it had answered 3 of its rows: out of ideas');
  assert.is((await failureOf(opened.exchange('later', 8))).code, 'command-exit');
  assert.is((await failureOf(opened.close())).code, 'command-exit');
});

test('a clean end with rows unanswered fails them too', async () => {
  const opened = await service.open(
    program(`say({ key, set: {} }); process.exitCode = 0; process.stdin.destroy();`),
    never,
  );
  const failure = await failureOf(opened.exchange('a', 1));
  assert.match(failure.message, 'ended with exit code 0 before it had answered 1 of its rows');
  await failureOf(opened.close());
});

const bad: [string, string, string][] = [
  ['prose', `say('Loading model...\\n');`, 'not a JSON object with a key in line 2'],
  ['no key', `say({ set: {} });`, 'not a JSON object with a key in line 2'],
  [
    'a key nobody asked for',
    `say({ key: 'other', done: true });`,
    "an answer to 'other', which is not being asked in line 2",
  ],
  ['two answers', `say({ key: 'first', done: true });`, "an answer to 'first', which is not being asked in line 2"],
  ['nothing said', `say({ key, sett: {} });`, 'neither set, reject, error nor done in line 2'],
  ['an endless line', `say('x'.repeat(20000));`, 'a line of more than 10000 bytes in line 2'],
];
for (const [name, body, message] of bad) {
  test(`bad output is named with its line: ${name}`, async () => {
    const opened = await service.open(
      program(`if (key === 'first') say({ key, done: true }); else { ${body} }`),
      never,
    );
    await opened.exchange('first', 1);
    const failure = await failureOf(opened.exchange('second', 2));
    assert.is(failure.code, 'command-bad-output');
    assert.match(failure.message, message);
    assert.is((await failureOf(opened.close())).code, 'command-bad-output');
  });
}

test('silence ends as command-timeout for all who wait', async () => {
  const opened = await service.open(program(`if (value === 1) say({ key, done: true });`, { timeoutMs: 1500 }), never);
  await opened.exchange('a', 1);
  const failures = await Promise.all([2, 3].map((nth) => failureOf(opened.exchange(String(nth), nth))));
  assert.equal(
    failures.map(({ code }) => code),
    ['command-timeout', 'command-timeout'],
  );
  await failureOf(opened.close());
});

test('a row that is answered and never ended is told as that', async () => {
  const opened = await service.open(program('say({ key, set: { value } });', { timeoutMs: 1500 }), never);
  const failure = await failureOf(opened.exchange('a', 1));
  assert.is(failure.code, 'command-timeout');
  assert.match(failure.message, 'never said `"done": true`');
  await failureOf(opened.close());
});

test('a program that ignores the end of its input is ended', async () => {
  const opened = await service.open(shell('while true; do sleep 1; done', { timeoutMs: 200 }), never);
  assert.match((await failureOf(opened.close())).message, 'did not end after its input within 200 ms');
});

test('an abort ends a program that is open, and what it started', async () => {
  const controller = new AbortController();
  const opened = await service.open(
    shell('sleep 1000 & read line; echo "{\\"key\\":\\"a\\",\\"done\\":$!}"; wait'),
    controller.signal,
  );
  const [line] = await opened.exchange('a', 1);
  const work = failureOf(opened.exchange('b', 2));
  controller.abort();
  assert.is((await work).code, 'stopped');
  assert.ok(await isGone(Number(line?.['done'])));
  assert.is((await failureOf(opened.close())).code, 'stopped');
});

test('a daemon that keeps the pipes open holds nobody up', async () => {
  const script = 'setsid sleep 3 & read line; echo "{\\"key\\":\\"a\\",\\"done\\":$!}"';
  const opened = await service.open(shell(script), never);
  await opened.exchange('a', 1);
  const began = performance.now();
  await opened.close();
  assert.ok(performance.now() - began < 2500, 'close did not wait for the daemon');
});

test('a program that is not there cannot be opened', async () => {
  const failure = await failureOf(service.open(request(['no-such-program-here']), never));
  assert.is(failure.message, "there is no program 'no-such-program-here'");
});

test('lines are cut at LF only, over any pieces', () => {
  const text = 'a\r\nb\u2028c\rd\n\né\n😀';
  const bytes = Buffer.from(text);
  for (let size = 1; size <= bytes.length; size++) {
    const splitter = new LineSplitter(100);
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += size) lines.push(...splitter.push(bytes.subarray(at, at + size)));
    lines.push(...splitter.end());
    assert.equal(lines, ['a', 'b\u2028c\rd', '', 'é', '😀']);
  }
  assert.throws(
    () => new LineSplitter(3).push(Buffer.from('abcd')),
    (error: unknown) => error instanceof LineTooLong,
  );
});

test('the folder of the service is gone after close', async () => {
  await service.run(shell('true'), never);
  await service.close();
  assert.not(existsSync(join(temp, 'sluice-')));
});

test.run();
