/** Files outside the store: what plans read, and the folders that nodes publish. */

import type { Digest } from './json.ts';

export interface FileSource {
  /** Null where there is no such file. Digests come through a stat cache (size, mtime, ctime, inode; git's racy rule). */
  readText(path: string): Promise<{ readonly text: string; readonly digest: Digest } | null>;
  digest(path: string): Promise<{ readonly digest: Digest; readonly bytes: number } | null>;
  /**
   * Files that match a glob, or all files under a folder, or the file itself: absolute, sorted by code unit.
   * `visit` is told of every folder whose entries decided that, also where none matched.
   */
  list(pattern: string, dir: string, visit?: (folder: string) => void): Promise<readonly string[]>;
}

/** A file of a published tree; `path` is relative, with forward slashes, and never leaves the folder. */
export type TreeFile = {
  readonly path: string;
  readonly digest: Digest;
  readonly bytes: number;
  readonly mode: number;
};

export interface PublishRequest {
  /** Absolute folder. */
  readonly to: string;
  readonly files: readonly TreeFile[];
  /** The tree that this folder was last given; only its files may be removed. */
  readonly previous: readonly TreeFile[];
  /** Called when nothing foreign is in the way, before the first byte is written. */
  claim?(): Promise<void>;
  /** @throws Failure `blob-missing` */
  load(digest: Digest): Promise<Uint8Array>;
}

export interface Publisher {
  /** Compares and mends: unchanged files are not written. Each file is written beside and renamed in. */
  publish(
    request: PublishRequest,
  ): Promise<{ readonly written: number; readonly removed: number; readonly kept: number }>;
}
