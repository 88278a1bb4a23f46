/** The fresh folder that a program runs in, what is laid into it, and what it left there. */

import { cpSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { Failure } from '#contract/failure.ts';

export interface Output {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** More than this is not a program's output but a mistake. */
const OUTPUT_LIMIT = 512 * 2 ** 20;

export class WorkFolder {
  readonly path: string;
  readonly home: string;
  /** What was laid in, by relative path, with its state. */
  readonly #laid = new Map<string, string>();

  /** Two folders side by side, which are not there yet. */
  constructor(path: string) {
    this.path = path;
    this.home = `${path}.home`;
  }

  get both(): readonly string[] {
    return [this.path, this.home];
  }

  /** @throws Failure `command-file-missing`, `command-file-outside` */
  lay(files: readonly string[], from: string): void {
    for (const file of files) {
      const relative = normalize(file);
      if (isAbsolute(relative) || relative === '..' || relative.startsWith(`..${sep}`)) {
        throw new Failure('command-file-outside', `'${file}' lies outside the manifest's folder`, {
          scope: 'infrastructure',
          hint: 'copy it beside the manifest: files are laid into the working folder by their relative path',
        });
      }
      const target = join(this.path, relative);
      mkdirSync(dirname(target), { recursive: true });
      try {
        cpSync(join(from, relative), target, { recursive: true, dereference: true });
      } catch (error) {
        throw new Failure('command-file-missing', `'${file}' cannot be read: ${String(error)}`, {
          scope: 'infrastructure',
          cause: error,
        });
      }
    }
    if (files.length === 0) return;
    for (const { path, state } of listFiles(this.path)) this.#laid.set(path, state);
  }

  /** Files that are new or changed, sorted by path; symbolic links are not followed. */
  outputs(): Output[] {
    const outputs: Output[] = [];
    let total = 0;
    for (const { path, state, bytes } of listFiles(this.path)) {
      if (this.#laid.get(path) === state) continue;
      total += bytes;
      if (total > OUTPUT_LIMIT) {
        throw new Failure('command-bad-output', `the program left more than ${OUTPUT_LIMIT / 2 ** 20} MB of files`);
      }
      outputs.push({ path, bytes: readFileSync(join(this.path, path)) });
    }
    return outputs.sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}

/** Synchronous: two calls are quicker than their way through the thread pool. @throws the system's error */
export function makeFolders(folders: readonly string[]): void {
  for (const folder of folders) mkdirSync(folder);
}

/**
 * Off this thread: where the disk is told of every block that becomes free (`discard`), removing an empty folder takes a
 * millisecond, which is longer than many programs. What cannot be removed (a read-only folder inside) is left to the system.
 */
export async function removeFolders(folders: readonly string[]): Promise<void> {
  await Promise.all(
    folders.map((folder) => rmdir(folder).catch(() => rm(folder, { recursive: true, force: true }).catch(() => {}))),
  );
}

function listFiles(root: string): { path: string; state: string; bytes: number }[] {
  const files: { path: string; state: string; bytes: number }[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      if (!entry.isFile()) continue;
      const { size, mtimeNs, ctimeNs, ino } = lstatSync(join(root, path), { bigint: true });
      files.push({ path, state: [size, mtimeNs, ctimeNs, ino].join(), bytes: Number(size) });
    }
  };
  walk('');
  return files;
}
