/** Files of this machine, found again from the reference that the plan made of them. */

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DatasetFile, DatasetRef } from '#contract/services.ts';
import { hasWildcards } from '../files/glob.ts';
import { datasetRoot } from './dataset-root.ts';
import { type FileAccess, localAccess } from './file-access.ts';

export class LocalFiles {
  readonly #dir: string;
  /** Parquet files are read from the middle, so what they hold is checked once in front. */
  readonly #checked = new Map<string, Promise<void>>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  async folder({ spec }: DatasetRef): Promise<string> {
    const isFolder =
      !hasWildcards(spec) && (await stat(resolve(this.#dir, spec)).catch(() => null))?.isDirectory() === true;
    return datasetRoot(spec, this.#dir, isFolder).folder;
  }

  /** @throws Failure `dataset-changed`, `dataset-unreadable` */
  async access(ref: DatasetRef, file: DatasetFile): Promise<FileAccess> {
    const path = join(await this.folder(ref), file.name);
    const access = localAccess(path, file);
    if (file.format === 'parquet') {
      const key = `${file.digest} ${path}`;
      const known = this.#checked.get(key) ?? drain(access.packed());
      this.#checked.set(key, known);
      await known;
    }
    return access;
  }
}

async function drain(chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of chunks);
}
