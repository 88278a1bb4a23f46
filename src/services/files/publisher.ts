/**
 * Lays a tree into a folder: what is there already is kept, the rest is written beside and renamed in, and of what the
 * folder held before only our own files are removed. Foreign files are never touched, links never followed.
 */

import type { Stats } from 'node:fs';
import { chmod, lstat, mkdir, rename, rm, rmdir, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '#contract/failure.ts';
import type { Publisher, PublishRequest, TreeFile } from '#contract/files.ts';
import type { Store } from '#contract/store.ts';
import { errnoOf } from './file-trouble.ts';
import { StatCache } from './stat-cache.ts';
import { checkTreePaths, STAGING } from './tree-paths.ts';

export interface PublisherOptions {
  /** Where digests of published files are kept over runs, so that an unchanged folder is not read again. */
  readonly notes?: Store['notes'] | null;
}

export function makePublisher({ notes = null }: PublisherOptions = {}): Publisher {
  return {
    async publish(request) {
      checkTreePaths(request.files);
      const cache = new StatCache({ notes, name: `stat-cache/published:${request.to}`, leastBytes: 0 });
      try {
        const result = await publishTree(request, cache);
        await cache.flush();
        return result;
      } catch (error) {
        throw error instanceof Failure || errnoOf(error) === '' ? error : toFailure(request.to, error);
      }
    },
  };
}

async function publishTree({ to, files, previous, claim, load }: PublishRequest, cache: StatCache) {
  const folders = new Folders(to);
  const ours = new Set(previous.map(({ path }) => path));
  const stale: TreeFile[] = [];
  // Everything is looked at before anything is written: a foreign file in the way leaves the folder as it was.
  for (const file of files) {
    const path = join(to, file.path);
    const found = await folders.look(file.path);
    const isEqual = found?.isFile() && found.size === file.bytes && (await cache.digest(path))?.digest === file.digest;
    // A file with our content is ours, whoever wrote it: an interrupted run, or a checkout of published data.
    if (found !== null && !isEqual && (!ours.has(file.path) || found.isDirectory())) throw foreign(path, found);
    if (!isEqual || ((found?.mode ?? 0) & 0o777) !== (file.mode & 0o777)) stale.push(file);
  }
  await claim?.();
  const staging = join(to, STAGING);
  if (stale.length > 0) {
    await makeFolder(to);
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging);
    const made = new Set([to]);
    try {
      for (const [nth, file] of stale.entries()) {
        const path = join(to, file.path);
        if (!made.has(dirname(path))) await makeFolder(dirname(path));
        made.add(dirname(path));
        await write(file, await load(file.digest), join(staging, String(nth)), path);
        await cache.forget(path);
      }
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }
  const wanted = new Set(files.map(({ path }) => path));
  let removed = 0;
  for (const file of previous) {
    if (!wanted.has(file.path) && (await removeOwn(to, file, folders, cache))) removed++;
  }
  return { written: stale.length, removed, kept: files.length - stale.length };
}

/** Looks paths up without following a link on the way; folders are looked at once. */
class Folders {
  readonly #to: string;
  readonly #known = new Map<string, boolean>();

  constructor(to: string) {
    this.#to = to;
  }

  /** Null where there is nothing. @throws Failure `publish-foreign-file` where a folder on the way is a link or a file */
  async look(path: string): Promise<Stats | null> {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      if (!(await this.#exists(path.slice(0, slash)))) return null;
    }
    return lookAt(join(this.#to, path));
  }

  async #exists(folder: string): Promise<boolean> {
    let exists = this.#known.get(folder);
    if (exists === undefined) {
      const found = await lookAt(join(this.#to, folder));
      if (found !== null && !found.isDirectory()) throw foreign(join(this.#to, folder), found);
      exists = found !== null;
      this.#known.set(folder, exists);
    }
    return exists;
  }
}

async function lookAt(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Node's own `recursive` never returns where a parent exists and still refuses by ENOENT, as under /proc. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    const parent = dirname(path);
    if (errnoOf(error) !== 'ENOENT' || parent === path) throw error;
    if ((await lookAt(parent)) === null) await makeFolder(parent);
    // Another node that publishes beside this one may have made the parent meanwhile, and this folder too.
    await mkdir(path).catch((again: unknown) => {
      if (errnoOf(again) !== 'EEXIST') throw again;
    });
  }
}

async function write(file: TreeFile, bytes: Uint8Array, beside: string, target: string): Promise<void> {
  await writeFile(beside, bytes, { flag: 'wx' });
  // Set apart from creating it, which would be subject to the umask.
  await chmod(beside, file.mode & 0o777);
  await rename(beside, target);
}

/** A file of the previous tree goes if it is still what we wrote; with it the folders that it leaves empty. */
async function removeOwn(to: string, file: TreeFile, folders: Folders, cache: StatCache): Promise<boolean> {
  let found: Stats | null;
  try {
    checkTreePaths([file]);
    found = await folders.look(file.path);
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
  const path = join(to, file.path);
  if (found === null || !found.isFile() || (await cache.digest(path))?.digest !== file.digest) return false;
  await unlink(path);
  await cache.forget(path);
  for (let folder = dirname(file.path); folder !== '.'; folder = dirname(folder)) {
    try {
      await rmdir(join(to, folder));
    } catch {
      break;
    }
  }
  return true;
}

function foreign(path: string, found: Stats): Failure {
  const what = found.isSymbolicLink() ? 'a link' : found.isDirectory() ? 'a folder' : 'a file';
  return new Failure('publish-foreign-file', `${path} is in the way: ${what} that this node did not write`, {
    scope: 'infrastructure',
    detail: { path },
    hint: 'move or delete it, or publish to another folder with `to:`',
  });
}

function toFailure(to: string, error: unknown): Failure {
  const errno = errnoOf(error);
  const options = { scope: 'infrastructure', detail: { to, errno }, cause: error } as const;
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    const hint = 'make room and run again: nothing has to be done anew';
    return new Failure('publish-disk-full', `there is no room left to publish to ${to}`, { ...options, hint });
  }
  if (errno === 'EROFS' || errno === 'EACCES' || errno === 'EPERM') {
    const hint = 'make the folder writable, or publish to another with `to:`';
    return new Failure('publish-read-only', `${to} cannot be written (${errno})`, { ...options, hint });
  }
  return new Failure('publish-failed', `${to} could not be published: ${String(error)}`, options);
}
