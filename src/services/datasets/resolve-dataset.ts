/** A dataset named in a manifest becomes a reference: its files, what they hold, and one digest for all of it. */

import { relative, sep } from 'node:path';
import { Failure } from '#contract/failure.ts';
import type { FileSource } from '#contract/files.ts';
import type { DatasetFile, DatasetRef } from '#contract/services.ts';
import { canonicalize } from '#keys/canonical.ts';
import { sha256 } from '#util/sha256.ts';
import { hasWildcards } from '../files/glob.ts';
import { datasetRoot } from './dataset-root.ts';
import { formatOf, KNOWN_ENDINGS } from './format.ts';

/**
 * @param spec a file, glob or folder relative to `dir`, the manifest's folder
 * @returns a Failure `dataset-remote-unsupported`, `dataset-not-found` or `dataset-format-unknown` for a mistake in the manifest
 */
export async function resolveDataset(spec: string, dir: string, files: FileSource): Promise<DatasetRef | Failure> {
  if (isRemote(spec)) return remoteUnsupported(spec);
  const paths = (await files.list(spec, dir)).map((path) => path.split(sep).join('/'));
  if (paths.length === 0) {
    const hint = 'a path is relative to the manifest; write a file, a glob such as data/*.jsonl, or a folder';
    return new Failure('dataset-not-found', `no file is found at ${spec}`, { hint });
  }
  const single = datasetRoot(spec, dir, false);
  const isFile =
    !hasWildcards(spec) && paths.length === 1 && paths[0] === slashed(`${single.folder}${sep}${single.name}`);
  const root = isFile ? single : datasetRoot(spec, dir, true);
  const found: DatasetFile[] = [];
  for (const path of paths) {
    const name = slashed(relative(root.folder, path));
    const format = formatOf(name);
    if (format === null || (!isFile && isHidden(name))) continue;
    const content = await files.digest(path);
    if (content !== null) found.push({ name, bytes: content.bytes, digest: content.digest, format: format.format });
  }
  if (found.length === 0) {
    const what = isFile
      ? `${spec} is of no known format`
      : `none of the ${paths.length} files at ${spec} is of a known format`;
    return new Failure('dataset-format-unknown', what, { hint: `known are ${KNOWN_ENDINGS}` });
  }
  found.sort((a, b) => (a.name < b.name ? -1 : 1));
  const digest = sha256(canonicalize(found.map(({ name, digest }) => [name, digest])));
  return { spec, name: root.name, digest, files: found };
}

/** An address and no path; see resolve-remote.ts. */
export const isRemote = (spec: string) => /^[a-z][a-z0-9+.-]*:\/\//i.test(spec);

function remoteUnsupported(spec: string): Failure {
  const message = `${spec} is a remote dataset, and only files are read here`;
  const hint = 'download the files and name their folder, e.g. `dataset: data/trajectories`';
  return new Failure('dataset-remote-unsupported', message, { hint });
}

const slashed = (path: string) => path.split(sep).join('/');

const isHidden = (name: string) => name.split('/').some((segment) => segment.startsWith('.'));
