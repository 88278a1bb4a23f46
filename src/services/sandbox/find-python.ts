/** The real interpreter behind `python3`: a name on the PATH can be a shim (pyenv, asdf) that costs 60 ms a start and reads the user's home. */

import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';

export interface Interpreter {
  readonly path: string;
  /** Where its standard library and packages live. */
  readonly prefix: string;
  readonly basePrefix: string;
  /** `cpython 3.11.7` */
  readonly build: string;
  /** Known since 3.11; before, the first entry of `sys.path` is taken off. */
  readonly hasSafePath: boolean;
}

/** Only root may start programs as somebody else. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

type Env = { readonly [name: string]: string | undefined };

const LOOK_MS = 10_000;
const ASK = `import sys,json
print(json.dumps([sys.executable,sys.prefix,sys.base_prefix,'%s %d.%d.%d'%(sys.implementation.name,*sys.version_info[:3]),list(sys.version_info[:2])]))`;

/**
 * @param wanted a name on the PATH or an absolute path
 * @param user who must be able to start it
 * @returns null where there is none, or it is older than 3.8
 */
export async function findPython(wanted: string, env: Env, user: User | null = null): Promise<Interpreter | null> {
  for (const path of candidates(wanted, env['PATH'] ?? '')) {
    const found = await ask(path, env, user);
    if (found !== null) return found;
  }
  return null;
}

function candidates(wanted: string, path: string): string[] {
  if (isAbsolute(wanted)) return [wanted];
  return path
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, wanted))
    .filter(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function ask(path: string, env: Env, user: User | null): Promise<Interpreter | null> {
  try {
    const { stdout } = await promisify(execFile)(path, ['-s', '-S', '-B', '-c', ASK], {
      timeout: LOOK_MS,
      env: { PATH: env['PATH'], HOME: env['HOME'] },
      cwd: '/',
      ...(user ?? {}),
    });
    const [executable, prefix, basePrefix, build, version] = JSON.parse(stdout) as [
      string,
      string,
      string,
      string,
      [number, number],
    ];
    const [major, minor] = version;
    if (major !== 3 || minor < 8) return null;
    return { path: executable, prefix, basePrefix, build, hasSafePath: minor >= 11 };
  } catch {
    return null;
  }
}
