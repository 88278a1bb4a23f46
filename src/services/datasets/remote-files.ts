/** Files elsewhere, as one node reads them: what it fetches is counted as its own. */

import type { DatasetFile, DatasetRecord, DatasetRef } from '#contract/services.ts';
import type { Asked } from '../remote/remote.ts';
import type { FileAccess } from './file-access.ts';
import { type GithubRef, PullRecords } from './github/pull-records.ts';
import type { Remotes } from './remotes.ts';
import { filesOf } from './resolve-remote.ts';

export class RemoteFiles {
  readonly #remotes: Remotes;
  readonly #node: string;

  constructor(remotes: Remotes, node: string) {
    this.#remotes = remotes;
    this.#node = node;
  }

  files(ref: DatasetRef, signal: AbortSignal): Promise<readonly DatasetFile[]> {
    return filesOf(ref, this.#remotes, this.#asked(signal));
  }

  access({ remote, spec }: DatasetRef, file: DatasetFile, isKept: boolean): FileAccess {
    if (remote?.type !== 'hub') throw new Error(`${spec} has no files`);
    const { files } = this.#remotes.hub;
    return {
      parquet: {
        bytes: file.bytes,
        key: `${this.#remotes.id} ${file.digest}`,
        read: (ranges, signal) => files.ranges(remote, file, ranges, this.#asked(signal), isKept),
      },
      packed: (signal = NEVER) => files.stream(remote, file, this.#asked(signal), isKept),
      spans: (spans, signal = NEVER) => files.ranges(remote, file, spans, this.#asked(signal), isKept),
    };
  }

  pulls(
    ref: GithubRef,
    column: string,
    values: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly DatasetRecord[]> {
    return new PullRecords(this.#remotes.github, this.#remotes.store).find(ref, column, values, this.#asked(signal));
  }

  forget(file: DatasetFile): Promise<void> {
    return this.#remotes.hub.cache.forget(file.digest);
  }

  #asked(signal: AbortSignal): Asked {
    return { signal, traffic: this.#remotes.traffic(this.#node) };
  }
}

const NEVER = new AbortController().signal;
