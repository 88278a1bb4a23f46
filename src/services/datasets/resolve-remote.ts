/** Floating names: looked up once, kept by the lock (or, until there is one, by the store) until they are asked for anew. */

import { Failure } from '#contract/failure.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import type { DatasetFile, DatasetRef } from '#contract/services.ts';
import type { Store } from '#contract/store.ts';
import { canonicalize } from '#keys/canonical.ts';
import { isObject } from '#util/json-object.ts';
import { hashTexts, sha256 } from '#util/sha256.ts';
import type { Asked } from '../remote/remote.ts';
import { isGithubSpec, parseGithubSpec } from './github/github-spec.ts';
import { chooseFiles } from './hub/choose-files.ts';
import { readCard } from './hub/dataset-card.ts';
import type { HubApi } from './hub/hub-api.ts';
import { type HubSpec, isCommit, isHubSpec, parseHubSpec } from './hub/hub-spec.ts';
import { ParquetDecoder } from './parquet-decoder.ts';
import type { Remotes } from './remotes.ts';

/** `offline` never asks; `online` asks for what nobody has looked up yet; `update` asks again for everything that floats. */
export type Resolving = 'offline' | 'online' | 'update';

export interface RemoteResolverOptions {
  readonly remotes: Remotes;
  readonly resolving: Resolving;
  /** Whose names they are: the manifest's path. */
  readonly owner: string;
  /** What the lock has for a name. */
  pinned(spec: string): Json | undefined;
}

/** @returns a Failure for a mistake in the manifest; @throws Failure `remote-*` */
export async function resolveRemote(spec: string, options: RemoteResolverOptions): Promise<DatasetRef | Failure> {
  if (isGithubSpec(spec)) return resolveGithub(spec, options);
  if (isHubSpec(spec)) return resolveHub(spec, options);
  const hint = 'write hf://owner/name, github://, or the path of files; what lies elsewhere has to be downloaded';
  return new Failure('dataset-remote-unsupported', `${spec} is at no place that datasets are read from`, { hint });
}

async function resolveHub(spec: string, options: RemoteResolverOptions): Promise<DatasetRef | Failure> {
  const parsed = parseHubSpec(spec);
  if (parsed instanceof Failure) return parsed;
  const { remotes, resolving } = options;
  const { notes } = remotes.store;
  const noteName = `resolved ${options.owner} ${spec}`;
  if (resolving !== 'update') {
    const known = toKnown(options.pinned(spec)) ?? toKnown(await notes.get(noteName));
    if (known !== null) {
      const remote = { type: 'hub', repo: parsed.repo, revision: known.revision } as const;
      return { spec, name: parsed.repo, digest: known.digest, files: await notedFiles(known.digest, notes), remote };
    }
  }
  if (resolving === 'offline') return pending(spec, parsed.repo, 'its revision is looked up by a run');
  const asked = { signal: new AbortController().signal, traffic: remotes.traffic(null) };
  try {
    const { api } = remotes.hub;
    const revision = isCommit(parsed.revision)
      ? parsed.revision
      : await api.commitOf(parsed.repo, parsed.revision, asked);
    const files = await listFiles(parsed, revision, api, asked);
    if (files instanceof Failure) return files;
    // A set that nobody knew has not been read either.
    if (files.some(({ format }) => format === 'parquet')) ParquetDecoder.warm();
    const digest = digestOf(files);
    await noteFiles(digest, files, notes);
    await notes.put(noteName, { revision, digest, files: files.length });
    return { spec, name: parsed.repo, digest, files, remote: { type: 'hub', repo: parsed.repo, revision } };
  } catch (error) {
    if (error instanceof Failure && error.code.startsWith('dataset-')) return error;
    throw error;
  }
}

async function resolveGithub(spec: string, options: RemoteResolverOptions): Promise<DatasetRef | Failure> {
  const parsed = parseGithubSpec(spec);
  if (parsed instanceof Failure) return parsed;
  const { repo } = parsed;
  const { remotes, resolving } = options;
  const noteName = `resolved ${options.owner} ${spec}`;
  const toRef = (asOf: string): DatasetRef => ({
    spec,
    name: repo === null ? 'github' : `github/${repo}`,
    digest: hashTexts('github', repo ?? '', asOf),
    files: [],
    remote: { type: 'github', repo, asOf },
  });
  if (resolving !== 'update') {
    for (const value of [options.pinned(spec), await remotes.store.notes.get(noteName)]) {
      const asOf = isObject(value ?? null) ? (value as JsonObject)['as_of'] : null;
      if (typeof asOf === 'string') return toRef(asOf);
    }
  }
  if (resolving === 'offline')
    return pending(spec, 'github', 'pull requests are as they are when a run first asks for them');
  const asOf = remotes.now();
  await remotes.store.notes.put(noteName, { as_of: asOf });
  return toRef(asOf);
}

/** The files of a resolved set, listed again where they were forgotten. @throws Failure `dataset-changed`, `remote-*` */
export async function filesOf(ref: DatasetRef, remotes: Remotes, asked: Asked): Promise<readonly DatasetFile[]> {
  const { remote, spec, digest, files } = ref;
  if (files.length > 0 || remote?.type !== 'hub') return files;
  const noted = await notedFiles(digest, remotes.store.notes);
  if (noted.length > 0) return noted;
  const parsed = parseHubSpec(spec);
  if (parsed instanceof Failure) throw parsed;
  const listed = await listFiles(parsed, remote.revision, remotes.hub.api, asked);
  if (listed instanceof Failure) throw listed;
  if (digestOf(listed) !== digest) {
    const message = `the files of ${remote.repo} at ${remote.revision.slice(0, 12)} are not those that the lock has`;
    throw new Failure('dataset-changed', message, {
      scope: 'infrastructure',
      hint: 'run with --update to take what there is now',
    });
  }
  await noteFiles(digest, listed, remotes.store.notes);
  return listed;
}

async function listFiles(
  spec: HubSpec,
  revision: string,
  api: HubApi,
  asked: Asked,
): Promise<readonly DatasetFile[] | Failure> {
  const needsCard = spec.path === null;
  const [tree, card] = await Promise.all([
    api.tree(spec.repo, revision, asked),
    needsCard ? api.card(spec.repo, revision, asked) : '',
  ]);
  return chooseFiles(spec, tree, readCard(card));
}

function digestOf(files: readonly DatasetFile[]): string {
  return sha256(canonicalize(files.map(({ name, digest }) => [name, digest])));
}

function pending(spec: string, name: string, why: string): DatasetRef {
  return { spec, name, digest: 'unresolved', files: [], pending: `${spec}: ${why}` };
}

function toKnown(value: Json | undefined): { readonly revision: string; readonly digest: string } | null {
  if (!isObject(value ?? null)) return null;
  const { revision, digest } = value as JsonObject;
  const isKnown =
    typeof revision === 'string' && isCommit(revision) && typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest);
  return isKnown ? { revision, digest } : null;
}

async function notedFiles(digest: string, notes: Store['notes']): Promise<readonly DatasetFile[]> {
  const noted = await notes.get(`hub-files ${digest}`);
  if (!Array.isArray(noted)) return [];
  const files = noted as unknown as readonly DatasetFile[];
  const isWhole = files.every((file) => typeof file?.name === 'string' && typeof file.digest === 'string');
  return isWhole && digestOf(files) === digest ? files : [];
}

async function noteFiles(digest: string, files: readonly DatasetFile[], notes: Store['notes']): Promise<void> {
  await notes.put(
    `hub-files ${digest}`,
    files.map(({ name, bytes, digest: own, format }) => ({ name, bytes, digest: own, format })),
  );
}
