/** A program under the keeper's guard: the order out, then its end and its files back. */

import type { JsonObject } from '#contract/json.ts';
import { stopped } from '../llm/stopped.ts';
import { Infrastructure, type ProgramJob, type ProgramOutcome } from './backend.ts';
import type { Interpreter } from './find-python.ts';
import { refuseTrouble } from './read-verdict.ts';
import { type Unit, UnitGone } from './unit.ts';

const GRACE_MS = 15_000;
const COLLECT_BYTES = 256 * 2 ** 20;
const COLLECT_FILES = 10_000;

/** @throws Infrastructure, Failure `stopped` */
export async function runGuarded(
  unit: Unit,
  job: ProgramJob,
  python: Interpreter | null,
  signal: AbortSignal,
): Promise<ProgramOutcome> {
  const giveUp = () => unit.end();
  const timer = setTimeout(giveUp, job.deadlineMs + GRACE_MS);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    if (signal.aborted) throw stopped('the program');
    unit.send(programOrder(job, python));
    const result = await unit.next();
    refuseTrouble(result);
    const files: ProgramOutcome['files'][number][] = [];
    const left: ProgramOutcome['left'][number][] = [];
    for (let file = await unit.next(); file['end'] !== true; file = await unit.next()) {
      const path = String(file['path']);
      if (typeof file['reason'] === 'string') left.push({ path, reason: file['reason'] });
      else
        files.push({
          path,
          bytes: Buffer.from(String(file['content']), 'base64'),
          change: file['change'] === 'changed' ? 'changed' : 'new',
        });
    }
    return { ...toOutcome(result), files: files.sort(byPath), left: left.sort(byPath) };
  } catch (error) {
    if (signal.aborted) throw stopped('the program');
    if (error instanceof UnitGone) throw new Infrastructure(error.message);
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

export function programOrder(job: ProgramJob, python: Interpreter | null): JsonObject {
  const { argv, files, mounts = [], env = {}, stdin = '', deadlineMs, stopHint, collect, limits, hashSeed = 0 } = job;
  const isPython = python !== null && (argv[0] === 'python3' || argv[0] === 'python');
  return {
    role: 'program',
    argv: isPython ? [python.path, ...argv.slice(1)] : [...argv],
    files: Object.fromEntries(
      Object.entries(files).map(([path, content]) => [path, Buffer.from(content).toString('base64')]),
    ),
    mounts: mounts.map(({ source, target }) => [source, target]),
    // The interpreter may live outside of what every program gets to see.
    prefixes: isPython ? [...new Set([python.basePrefix, python.prefix])].filter((path) => path !== '/usr') : [],
    env: { PYTHONHASHSEED: String(hashSeed), PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdin,
    deadlineMs,
    stopHint: stopHint === undefined ? null : { ...stopHint },
    maxBytes: collect?.maxBytes ?? COLLECT_BYTES,
    globs: collect?.globs === undefined ? null : [...collect.globs],
    maxFiles: collect?.maxFiles ?? COLLECT_FILES,
    limits: { ...limits },
  };
}

function toOutcome(result: JsonObject): Omit<ProgramOutcome, 'files' | 'left'> {
  const { opened, code, signal } = result;
  return {
    ended: String(result['ended']) as ProgramOutcome['ended'],
    code: typeof code === 'number' ? code : null,
    signal: typeof signal === 'string' ? signal : null,
    stdout: Buffer.from(String(result['stdout']), 'base64').toString('utf8'),
    stderr: Buffer.from(String(result['stderr']), 'base64').toString('utf8'),
    stdoutBytes: Number(result['stdoutBytes']),
    stderrBytes: Number(result['stderrBytes']),
    opened: Array.isArray(opened) ? opened.map(String).sort() : null,
    cpuMs: Number(result['cpuMs']),
    wallMs: Number(result['wallMs']),
    peakBytes: Number(result['peakBytes']),
  };
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
