/**
 * Runs uvu test files side by side, one process a file, and trusts none of them: a file passes only with uvu's own summary,
 * at least one test, exit code 0 and an end within its time. The last line is always `N passed, N failed`.
 *
 *   node scripts/test.mjs [FRAGMENT…] [--long] [--no-build] [--jobs N] [--limit SECONDS] [--tests DIR] [--verbose]
 */

import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleTests } from './bundle-tests.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Output kept a file; the end is what says why it failed. */
const KEPT_OUTPUT = 400_000;

const total = { passed: 0, failed: 0, skipped: 0 };

const { values: flags, positionals: fragments } = parseArgs({
  allowPositionals: true,
  options: {
    long: { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
    jobs: { type: 'string' },
    limit: { type: 'string' },
    tests: { type: 'string', default: 'tests' },
    verbose: { type: 'boolean', default: false },
  },
});

// One more than cores: many tests wait for servers and deadlines.
const jobs = toPositive('jobs', flags.jobs, availableParallelism() + 1);
const limitMs = 1000 * toPositive('limit', flags.limit, flags.long ? 20 * 60 : 120);

const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of running) killGroup(child);
    finish(1, `stopped by ${signal}`);
  });
}

if (!flags['no-build'] && isStale() && !build()) {
  total.failed += 1;
  print('✘ build (tests run against what was emitted)');
}

const files = listTests(join(ROOT, flags.tests)).filter(
  (file) => fragments.length === 0 || fragments.some((fragment) => toPosix(file).includes(fragment)),
);
if (files.length === 0) {
  total.failed += 1;
  print(`no test file matches ${fragments.join(' ') || flags.tests}`);
}

const { built, remove } = await bundleTests(ROOT, files);
process.on('exit', remove);
const queue = [...files];
const broken = [];
await Promise.all(Array.from({ length: Math.min(jobs, files.length) }, work));
if (broken.length > 0) print(`\nfailing files:\n${broken.map((file) => `  ${file}`).join('\n')}`);
finish(total.failed > 0 ? 1 : 0);

async function work() {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) show(file, await runFile(file));
}

/** Folders named fixtures hold tests of this runner and other files that are not ours to run. */
function listTests(dir) {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => {
      const folders = relative(dir, join(ROOT, dirname(file))).split(sep);
      return !folders.includes('fixtures') && (flags.long || folders[0] !== 'long');
    })
    .sort();
}

function runFile(file) {
  const { path, problem } = built.get(file);
  if (problem !== undefined) return { passed: 0, failed: 1, skipped: 0, problem, output: '', ms: 0 };
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--enable-source-maps', path], {
      cwd: ROOT,
      // A group of its own: whatever a test leaves behind can be ended with it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: '0' },
    });
    running.add(child);
    let output = '';
    let isLate = false;
    const keep = (chunk) => {
      output = (output + chunk).slice(-KEPT_OUTPUT);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const timer = setTimeout(() => {
      isLate = true;
      killGroup(child);
    }, limitMs);
    // 'exit' and not 'close': a grandchild that keeps the pipe open must not hold the run.
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      killGroup(child);
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ ...judge(file, output, code, signal, isLate), output, ms: performance.now() - started });
      }, 20);
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ passed: 0, failed: 1, skipped: 0, problem: error.message, output, ms: 0 });
    });
  });
}

/** uvu exits with 0 after a broken `before` hook, a forgotten `.run()` and a promise that never settles; all are failures here. */
function judge(file, output, code, signal, isLate) {
  const summaries = [
    ...output.matchAll(/^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)\n {2}Duration:/gm),
  ];
  const [, tests = 0, passed = 0, skipped = 0] = (summaries.at(-1) ?? []).map(Number);
  const counts = { passed, failed: tests - passed, skipped };
  const problem = isLate
    ? `did not end within ${limitMs / 1000} s`
    : summaries.length === 0
      ? `ended without uvu's summary (no .run(), or a promise that never settles); exit ${code ?? signal}`
      : tests === 0 && skipped === 0
        ? 'ran 0 tests'
        : /^\w+\.only\(/m.test(readFileSync(join(ROOT, file), 'utf8'))
          ? 'holds .only, which hides its other tests'
          : counts.failed === 0 && code !== 0
            ? `exit ${code ?? signal} although its tests passed`
            : null;
  return problem === null ? counts : { ...counts, failed: counts.failed + 1, problem };
}

function show(file, result) {
  total.passed += result.passed;
  total.failed += result.failed;
  total.skipped += result.skipped;
  const counts = [
    `${result.passed} passed`,
    ...(result.failed > 0 ? [`${result.failed} failed`] : []),
    ...(result.skipped > 0 ? [`${result.skipped} skipped`] : []),
  ];
  const time = `${(result.ms / 1000).toFixed(1)} s`.padStart(7);
  print(`${result.failed > 0 ? '✘' : '•'} ${time}  ${toPosix(file)}  ${counts.join(', ')}`);
  if (result.failed > 0) broken.push(toPosix(file));
  if (result.problem) print(`           ${result.problem}`);
  if (result.failed > 0 || flags.verbose) print(result.output.trimEnd().replace(/^/gm, '    | '));
  else for (const reason of skipReasons(result.output)) print(`           ${reason}`);
}

/** Tests that skip themselves print a line that begins with `skip`; uvu may have put its dots in front of it. */
function skipReasons(output) {
  const lines = output.split('\n').map((line) => line.replace(/^[\s•✘]+/, ''));
  return [...new Set(lines.filter((line) => /^skip/i.test(line) && !/^Skipped: +\d+$/.test(line)))];
}

function isStale() {
  const built = newest(join(ROOT, 'dist'), (file) => file.endsWith('.js'), Math.min);
  const sources = ['src', 'scripts/build.mjs', 'tsconfig.json', 'tsconfig.build.json', 'package.json'];
  return built === null || sources.some((path) => (newest(join(ROOT, path), () => true, Math.max) ?? 0) > built);
}

function newest(path, accept, pick) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  if (!stat.isDirectory()) return stat.mtimeMs;
  const times = readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && accept(entry.name))
    .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs);
  return times.length === 0 ? null : times.reduce((a, b) => pick(a, b));
}

function build() {
  return spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: ROOT, stdio: 'inherit' }).status === 0;
}

function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}

function toPositive(name, text, fallback) {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  print(`--${name} must be a positive number, not ${text}`);
  return finish(2);
}

function toPosix(path) {
  return path.split(sep).join('/');
}

function print(text) {
  process.stdout.write(`${text}\n`);
}

function finish(code, note) {
  if (note !== undefined) print(note);
  const failed = note === undefined ? total.failed : total.failed + 1;
  print(`${total.passed} passed, ${failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
  process.exit(code);
}
