/** A program run by a plain interpreter: what a label is held against. Only for programs that nobody meant to be hostile. */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPython } from '#services/sandbox/find-python.ts';
import type { CodeTask } from './code-tasks.ts';

export type PlainVerdict = 'pass' | 'fail' | 'timeout';

const LIMIT_MS = 20_000;
/** As much memory as a candidate has, so that what fills it fails here too, and the machine lives. */
const LIMIT_KB = 512 * 1024;

export async function plainRuns(
  items: readonly { readonly task: CodeTask; readonly text: string }[],
  workers = 2,
): Promise<readonly PlainVerdict[]> {
  const python = await findPython('python3', process.env);
  if (python === null) throw new Error('there is no python3');
  const verdicts: PlainVerdict[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      const { task, text } = items[at] as (typeof items)[number];
      const { script, entry } = task.tests;
      const call = /^def check\(/m.test(script) ? `\ncheck(${entry})` : '';
      verdicts[at] = await plainRun(python.path, `${text}\n${script}${call}\n`);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return verdicts;
}

function plainRun(python: string, program: string): Promise<PlainVerdict> {
  const cwd = mkdtempSync(join(tmpdir(), 'sluice-plain-'));
  return new Promise((resolve, reject) => {
    const limited = `ulimit -v ${LIMIT_KB}; exec "$0" -s -S -B -`;
    const child = spawn('bash', ['-c', limited, python], {
      cwd,
      env: { PYTHONHASHSEED: '0', LANG: 'C.UTF-8', PATH: '/usr/bin:/bin' },
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, LIMIT_MS);
    child.stdin.on('error', () => {});
    child.stdin.end(program);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      rmSync(cwd, { recursive: true, force: true });
      resolve(isLate ? 'timeout' : code === 0 ? 'pass' : 'fail');
    });
  });
}
