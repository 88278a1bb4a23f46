/** Where things are: the manifest, the project around it, and the store that its runs share. */

import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CommandError, type Io } from './io.ts';

export interface Workspace {
  /** Absolute path of the manifest, and its folder. */
  readonly file: string;
  readonly dir: string;
  /** The nearest folder above with a `.git` or `package.json`; the manifest's own where there is none. */
  readonly root: string;
  /** Folder of the store. */
  readonly cache: string;
}

/**
 * @param target a manifest, or a folder that holds `pipeline.yaml`; the working folder where it is left out
 * @throws CommandError `manifest-not-found`
 */
export function findWorkspace(target: string | undefined, cache: string | undefined, io: Io): Workspace {
  const file = manifestPath(resolve(io.cwd, target ?? '.'), target);
  const dir = dirname(file);
  const root = projectRoot(dir);
  const chosen = cache ?? io.env('SLUICE_CACHE');
  return { file, dir, root, cache: chosen === undefined ? join(root, 'cache') : resolve(io.cwd, chosen) };
}

function manifestPath(path: string, target: string | undefined): string {
  if (!existsSync(path)) {
    throw new CommandError('manifest-not-found', `there is no ${target ?? path}`, {
      hint: '`sluice init` writes a pipeline to start from',
    });
  }
  if (!statSync(path).isDirectory()) return path;
  for (const name of ['pipeline.yaml', 'pipeline.yml']) if (existsSync(join(path, name))) return join(path, name);
  throw new CommandError('manifest-not-found', `${target ?? 'this folder'} holds no pipeline.yaml`, {
    hint: 'name a manifest, or write one with `sluice init`',
  });
}

function projectRoot(dir: string): string {
  for (let at = dir; ; at = dirname(at)) {
    if (existsSync(join(at, '.git')) || existsSync(join(at, 'package.json'))) return at;
    if (dirname(at) === at) return dir;
  }
}

/** Where a folder of this pipeline's lock lies: beside the manifest. */
export function lockPath(workspace: Pick<Workspace, 'file'>): string {
  const base = workspace.file.replace(/\.ya?ml$/, '');
  return `${base}.lock.yaml`;
}

export function hasLock(workspace: Workspace): boolean {
  return existsSync(lockPath(workspace)) && dirname(lockPath(workspace)) === workspace.dir;
}
