/** Tools that run a graph of trivial tasks, for comparison: found on the machine, or installed from npm into a scratch folder. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { timed } from './process.ts';
import { cleanEnv } from './project.ts';

/** One tool over one project of `count` tasks, each of which runs `true` once. */
export interface Peer {
  readonly name: string;
  /** Of the slow ones: how often it is asked. */
  readonly rounds?: number;
  /** @returns seconds of one whole process; @throws when it fails */
  run(): Promise<number>;
  /** Forgets that anything was done. */
  reset(): void;
}

type MakePeer = (dir: string, count: number, tools: string) => Peer;

const JOBS = '2';

const SLOW_ROUNDS = 2;

/** Those that can be had here; what cannot is said on stderr and left out. */
export function findPeers(names: readonly string[], dir: string, count: number, tools: string): Peer[] {
  return names.flatMap((name) => {
    const [make, isThere] = [PEERS[name], isInstalled(name, join(tools, name))];
    if (make !== undefined && isThere) return [make(join(dir, `${name}-${count}`), count, join(tools, name))];
    process.stderr.write(`${name} cannot be installed here and is not measured\n`);
    return [];
  });
}

const PEERS: { readonly [name: string]: MakePeer } = {
  make(dir, count) {
    const ids = numbers(count);
    write(dir, {
      Makefile: `all: ${ids.map((id) => `o/${id}`).join(' ')}\n${ids.map((id) => `o/${id}:\n\t@: > $@\n`).join('')}`,
    });
    mkdirSync(join(dir, 'o'));
    return {
      name: 'make',
      run: () => seconds(['make', `-j${JOBS}`, '-s'], dir),
      reset: () => empty(join(dir, 'o')),
    };
  },

  ninja(dir, count) {
    const tasks = numbers(count).map((id) => `build o/${id}: touch\n`);
    write(dir, { 'build.ninja': `rule touch\n  command = : > $out\n${tasks.join('')}` });
    return {
      name: 'ninja',
      run: () => seconds(['ninja', `-j${JOBS}`, '--quiet'], dir),
      reset() {
        rmSync(join(dir, 'o'), { recursive: true, force: true });
        rmSync(join(dir, '.ninja_log'), { force: true });
      },
    };
  },

  /** Its tasks go through npm, whose own start-up (150 ms a task) would hide what turbo does: here `npm` does nothing. */
  turbo(dir, count, tools) {
    const names = numbers(count).map((id) => `t${id}`);
    write(dir, {
      'package.json': JSON.stringify({
        name: 'peer',
        private: true,
        packageManager: 'npm@10.8.2',
        scripts: each(names, () => 'true'),
      }),
      'package-lock.json': JSON.stringify({ name: 'peer', lockfileVersion: 3, packages: { '': { name: 'peer' } } }),
      'turbo.json': JSON.stringify({ tasks: each(names, () => ({ outputs: [] })) }),
      '.gitignore': '.turbo\nnode_modules\nbin\n',
    });
    mkdirSync(join(dir, 'bin'));
    writeFileSync(join(dir, 'bin/npm'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    spawnSync('git', ['init', '-q', dir]);
    const env = { ...cleanEnv(), PATH: `${dir}/bin:${process.env['PATH']}`, TURBO_TELEMETRY_DISABLED: '1' };
    const program = join(tools, 'node_modules/.bin/turbo');
    return {
      name: 'turbo (without npm)',
      run: () => seconds([program, 'run', ...names, `--concurrency=${JOBS}`, '--output-logs=none'], dir, env),
      reset: () => rmSync(join(dir, '.turbo'), { recursive: true, force: true }),
    };
  },

  wireit(dir, count, tools) {
    const names = numbers(count).map((id) => `t${id}`);
    write(dir, {
      'package.json': JSON.stringify({
        name: 'peer',
        private: true,
        scripts: each([...names, 'all'], () => 'wireit'),
        wireit: { ...each(names, () => ({ command: 'true', files: [], output: [] })), all: { dependencies: names } },
      }),
    });
    const env = {
      ...cleanEnv(),
      WIREIT_PARALLEL: JOBS,
      WIREIT_LOGGER: 'quiet',
      npm_lifecycle_event: 'all',
      npm_package_json: join(dir, 'package.json'),
    };
    return {
      name: 'wireit',
      run: () => seconds([process.execPath, join(tools, 'node_modules/wireit/bin/wireit.js')], dir, env),
      reset: () => rmSync(join(dir, '.wireit'), { recursive: true, force: true }),
    };
  },

  /** Without its daemon and its terminal view; the results are the same. */
  nx(dir, count, tools) {
    const names = numbers(count).map((id) => `t${id}`);
    const target = { executor: 'nx:run-commands', cache: true, inputs: [], outputs: [], options: { command: 'true' } };
    write(dir, {
      'package.json': JSON.stringify({ name: 'peer', private: true }),
      'nx.json': '{}',
      'project.json': JSON.stringify({ name: 'peer', root: '.', targets: each(names, () => target) }),
    });
    symlinkSync(join(tools, 'node_modules'), join(dir, 'node_modules'));
    const env = { ...cleanEnv(), NX_DAEMON: 'false', NX_TUI: 'false', CI: '1' };
    const argv = [join(tools, 'node_modules/.bin/nx'), 'run-many', '-t', names.join(','), `--parallel=${JOBS}`];
    return {
      name: 'nx',
      rounds: SLOW_ROUNDS,
      run: () => seconds([...argv, '--outputStyle=static'], dir, env),
      reset: () => rmSync(join(dir, '.nx'), { recursive: true, force: true }),
    };
  },

  moon(dir, count, tools) {
    const names = numbers(count).map((id) => `t${id}`);
    const tasks = each(names, () => ({ command: 'true', inputs: ['moon.yml'] }));
    mkdirSync(join(dir, '.moon'), { recursive: true });
    write(dir, {
      // JSON is YAML.
      '.moon/workspace.yml': JSON.stringify({ projects: { peer: '.' }, telemetry: false }),
      'moon.yml': JSON.stringify({ language: 'unknown', tasks }),
    });
    spawnSync('git', ['init', '-q', dir]);
    // It asks for the latest commit, so there must be one.
    spawnSync('git', ['-c', 'user.name=b', '-c', 'user.email=b@b', 'commit', '-qm', 'peer', '--allow-empty'], {
      cwd: dir,
    });
    const argv = [join(tools, 'node_modules/.bin/moon'), 'run', ...names.map((name) => `peer:${name}`)];
    return {
      name: 'moon',
      rounds: SLOW_ROUNDS,
      run: () => seconds([...argv, '--concurrency', JOBS], dir),
      reset: () => rmSync(join(dir, '.moon/cache'), { recursive: true, force: true }),
    };
  },
};

/** Where its package is not called what it is. */
const PACKAGES: { readonly [name: string]: string } = { moon: '@moonrepo/cli' };

function isInstalled(name: string, tools: string): boolean {
  if (name === 'make' || name === 'ninja') {
    if (spawnSync(name, ['--version']).status === 0) return true;
    return (
      process.getuid?.() === 0 &&
      spawnSync('apt-get', ['install', '-y', name === 'ninja' ? 'ninja-build' : name]).status === 0
    );
  }
  mkdirSync(tools, { recursive: true });
  const args = ['install', '--prefix', tools, '--no-save', '--no-audit', '--no-fund', PACKAGES[name] ?? name];
  return spawnSync('npm', args, { timeout: 180_000, cwd: tools }).status === 0;
}

async function seconds(argv: readonly string[], cwd: string, env = cleanEnv()): Promise<number> {
  const result = await timed(argv, { cwd, env });
  if (result.code !== 0) throw new Error(`${argv[0]} ended with ${result.code}\n${result.stdout}\n${result.stderr}`);
  return result.seconds;
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, nth) => nth);
}

function each<T>(names: readonly string[], value: () => T): { [name: string]: T } {
  return Object.fromEntries(names.map((name) => [name, value()]));
}

function write(dir: string, files: { readonly [name: string]: string }): void {
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
}

function empty(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
}
