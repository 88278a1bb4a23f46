/** Runs the real command line as its own process and keeps what a user would see. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '#util/sha256.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: { readonly [name: string]: string };
  /** Another build than this one. */
  readonly main?: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** The environment is scrubbed, so that the machine's own settings decide nothing. */
export function startCli(args: readonly string[], { cwd, env = {}, main = MAIN }: CliOptions): Started {
  if (!existsSync(main)) throw new Error('dist/main.js is missing: run `npm run build`');
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}

export function cli(args: readonly string[], options: CliOptions): Promise<Ended> {
  return startCli(args, options).ended;
}

/** Fails the test with everything that was printed. */
export async function cliOk(args: readonly string[], options: CliOptions): Promise<Ended> {
  const result = await cli(args, options);
  if (result.code !== 0) {
    throw new Error(`sluice ${args.join(' ')} ended with ${result.code}
${result.stdout.slice(-1500)}
${result.stderr.slice(-1500)}`);
  }
  return result;
}

/** Events of a `--json` run. */
export function eventsOf(result: Ended): { readonly type: string; readonly [field: string]: unknown }[] {
  return result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

export function finishOf(result: Ended): {
  readonly calls: number;
  readonly reusedCalls: number;
  readonly rowsRun: number;
  readonly rowsReused: number;
  readonly usd: number;
  readonly outcome: string;
} {
  const finished = eventsOf(result).findLast(({ type }) => type === 'run-finished');
  if (finished === undefined) throw new Error(`no run-finished event\n${result.stdout}\n${result.stderr}`);
  return finished as never;
}

export async function inTemp<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  try {
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Digest of every file under a folder, by relative path. */
export function digestsUnder(folder: string): { [path: string]: string } {
  const found: { [path: string]: string } = {};
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name);
    if (statSync(path).isFile()) found[name] = sha256(readFileSync(path));
  }
  return found;
}
