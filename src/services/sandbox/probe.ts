/** Tries a backend out by a run that must pass and one that must not. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Backend, Infrastructure } from './backend.ts';
import { makePolicy } from './policy.ts';
import type { UnitPool } from './unit-pool.ts';
import { WalledBackend } from './walled-backend.ts';
import { container } from './walls.ts';

/** What a probe found: a backend, or why there is none and how to get it. */
export type Probed = { readonly backend: Backend } | { readonly missing: string; readonly hint: string };

type Env = { readonly [name: string]: string | undefined };

const LOOK_MS = 8000;
const IMAGE = 'python:3-slim';

export async function answers(program: string, args: readonly string[], env: Env): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      timeout: LOOK_MS,
      env: { PATH: env['PATH'], HOME: env['HOME'] },
    });
    return stdout.trim() || program;
  } catch {
    return null;
  }
}

export async function tryOut(backend: Backend, hint: string): Promise<Probed> {
  const { limits } = makePolicy({}, 'tests');
  const job = {
    language: 'python' as const,
    tests: { type: 'cases' as const, entry: 'f', cases: [{ args: [20], expected: 21 }] },
    mode: 'split' as const,
    limits: { ...limits, cpuMs: 5000, wallMs: 30_000 },
    hashSeed: 0,
    files: {},
  };
  const turn = { priority: [], signal: new AbortController().signal };
  try {
    const good = await backend.test({ ...job, source: 'def f(x): return x + 1' }, turn);
    if (good.status !== 'pass') return { missing: `a trial ended with ${good.status} (${good.detail})`, hint };
    return { backend };
  } catch (error) {
    if (error instanceof Infrastructure || error instanceof Error) return { missing: error.message, hint };
    throw error;
  }
}

/** The first engine that answers, with an image that is there: nothing is pulled. `SLUICE_SANDBOX_IMAGE` names another. */
export async function probeContainer(env: Env, pool: UnitPool): Promise<Probed> {
  const image = env['SLUICE_SANDBOX_IMAGE'] ?? IMAGE;
  for (const command of ['docker', 'podman']) {
    if ((await answers(command, ['version', '--format', '{{.Server.Version}}'], env)) === null) continue;
    if ((await answers(command, ['image', 'inspect', '--format', '{{.Id}}', image], env)) === null) {
      const hint = `${command} pull ${image} (SLUICE_SANDBOX_IMAGE names another image with python3)`;
      return { missing: `${command} has no image ${image}`, hint };
    }
    const ask = ['run', '--rm', '--init', '--pull', 'never', '--network', 'none', image, 'python3', '--version'];
    const hint = `make this work: ${[command, ...ask].join(' ')}`;
    const version = await answers(command, ask, env);
    if (version === null) return { missing: `${command} cannot start python3 in ${image}`, hint };
    const build = version.toLowerCase().replace('python', 'cpython');
    const tryWith = (countsFiles: boolean) =>
      tryOut(new WalledBackend(container({ command, countsFiles }, image, build), pool), hint);
    const strict = await tryWith(true);
    return 'missing' in strict ? tryWith(false) : strict;
  }
  return { missing: 'neither docker nor podman answers', hint: 'start docker or podman' };
}
