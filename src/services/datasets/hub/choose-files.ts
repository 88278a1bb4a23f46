/**
 * Which files of a repository are meant: those at a path, or those of a config's split, by the card, else by the usual
 * names, in the order in which the `datasets` library tries them (`data/train-00000-of-00002.parquet`, then folders and
 * names that say train, validation or test, then everything as train).
 */

import { Failure } from '#contract/failure.ts';
import type { DatasetFile } from '#contract/services.ts';
import { expandBraces, hasWildcards, matchSegment } from '../../files/glob.ts';
import { formatOf, KNOWN_ENDINGS } from '../format.ts';
import type { CardConfig } from './dataset-card.ts';
import type { HubSpec } from './hub-spec.ts';

/** As the tree of a repository has it. */
export interface TreeEntry {
  readonly path: string;
  readonly bytes: number;
  readonly digest: string;
}

const KEYWORDS: readonly (readonly [split: string, words: readonly string[]])[] = [
  ['train', ['train', 'training']],
  ['validation', ['validation', 'valid', 'dev', 'val']],
  ['test', ['test', 'testing', 'eval', 'evaluation']],
];

/** `{split}-00000-of-00002`, with anything behind it (a hash, the ending). */
const SHARDED = /^data\/(?:.*\/)?([\w.]+)-\d{5}-of-\d{5}[^/]*$/;

export function chooseFiles(
  spec: HubSpec,
  tree: readonly TreeEntry[],
  configs: readonly CardConfig[],
): readonly DatasetFile[] | Failure {
  if (spec.path !== null) return atPath(spec.repo, spec.path, tree);
  const config = chooseConfig(spec, configs);
  if (config instanceof Failure) return config;
  const splits = config?.splits
    ? new Map([...config.splits].map(([split, patterns]) => [split, matching(tree, patterns, config.dataDir)]))
    : splitsByName(within(tree, config?.dataDir ?? null));
  const names = [...splits.keys()];
  const wanted = spec.split ?? (splits.has('train') || names.length !== 1 ? 'train' : (names[0] ?? 'train'));
  const found = splits.get(wanted);
  const where = config === null ? spec.repo : `${spec.repo}, config ${config.name},`;
  if (found === undefined) {
    const hint =
      names.length === 0 ? `known are ${KNOWN_ENDINGS}` : `splits are ${list(names)}: write ?split=${names[0]}`;
    return new Failure('dataset-split-unknown', `${where} has no split '${wanted}'`, { hint });
  }
  return usable(found, `split '${wanted}' of ${where}`);
}

function chooseConfig({ repo, config }: HubSpec, configs: readonly CardConfig[]): CardConfig | null | Failure {
  const names = configs.map(({ name }) => name);
  if (config !== null) {
    const found = configs.find(({ name }) => name === config);
    if (found !== undefined) return found;
    const hint =
      names.length === 0
        ? 'its card declares none; name files instead: hf://owner/name/path'
        : `configs are ${list(names)}`;
    return new Failure('dataset-config-unknown', `${repo} has no config '${config}'`, { hint });
  }
  if (configs.length <= 1) return configs[0] ?? null;
  const usual = configs.find(({ isDefault }) => isDefault) ?? configs.find(({ name }) => name === 'default');
  if (usual !== undefined) return usual;
  const hint = `write ?config=${names[0]}; configs are ${list(names)}`;
  return new Failure('dataset-config-unknown', `${repo} has ${names.length} configs and no default`, { hint });
}

function atPath(repo: string, path: string, tree: readonly TreeEntry[]): readonly DatasetFile[] | Failure {
  const file = tree.find((entry) => entry.path === path);
  const found = file !== undefined ? [file] : hasWildcards(path) ? matching(tree, [path], null) : within(tree, path);
  if (found.length === 0) {
    const hint = 'paths are those of the repository, from its root; globs as in data/train-*.parquet are allowed';
    return new Failure('dataset-not-found', `${repo} has no file at ${path}`, { hint });
  }
  return usable(found, `${path} of ${repo}`);
}

function splitsByName(tree: readonly TreeEntry[]): Map<string, TreeEntry[]> {
  const splits = new Map<string, TreeEntry[]>();
  const add = (split: string, entry: TreeEntry) => splits.set(split, [...(splits.get(split) ?? []), entry]);
  const known = tree.filter(({ path }) => isData(path));
  for (const entry of known) {
    const split = SHARDED.exec(entry.path)?.[1];
    if (split !== undefined) add(split, entry);
  }
  if (splits.size > 0) return splits;
  for (const part of [(path: string) => path.split('/').slice(0, -1), (path: string) => path.split('/').slice(-1)]) {
    for (const entry of known) {
      const words = part(entry.path).flatMap((segment) => segment.toLowerCase().split(/[^a-z]+/));
      const split = KEYWORDS.find(([, keywords]) => keywords.some((word) => words.includes(word)))?.[0];
      if (split !== undefined) add(split, entry);
    }
    if (splits.size > 0) return splits;
  }
  if (known.length > 0) splits.set('train', known);
  return splits;
}

/** Of one format, the one that most files have, so that a table of figures beside the data is not taken for data. */
function usable(entries: readonly TreeEntry[], what: string): readonly DatasetFile[] | Failure {
  const files = entries.flatMap(({ path, bytes, digest }) => {
    const format = formatOf(path)?.format;
    return format === undefined ? [] : [{ name: path, bytes, digest, format }];
  });
  const counts = new Map<string, number>();
  for (const { format } of files) counts.set(format, (counts.get(format) ?? 0) + 1);
  const [most] = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  if (most === undefined) {
    const message = `none of the ${entries.length} files of ${what} is of a known format`;
    return new Failure('dataset-format-unknown', message, { hint: `known are ${KNOWN_ENDINGS}` });
  }
  return files.filter(({ format }) => format === most[0]).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isData(path: string): boolean {
  const format = formatOf(path)?.format;
  const isHidden = path.split('/').some((segment) => segment.startsWith('.'));
  return format !== undefined && format !== 'text' && !isHidden && path !== 'dataset_infos.json';
}

function within(tree: readonly TreeEntry[], folder: string | null): TreeEntry[] {
  const prefix = folder === null ? '' : `${folder.replace(/^\.?\/+|\/+$/g, '')}/`;
  return tree.filter(({ path }) => prefix === '/' || path.startsWith(prefix));
}

function matching(tree: readonly TreeEntry[], patterns: readonly string[], dataDir: string | null): TreeEntry[] {
  const base = dataDir === null ? '' : `${dataDir.replace(/^\.?\/+|\/+$/g, '')}/`;
  const globs = patterns.flatMap((pattern) =>
    expandBraces(base + pattern.replace(/^\.?\/+/, '')).map((glob) => glob.split('/')),
  );
  return tree.filter(({ path }) => {
    const segments = path.split('/');
    return globs.some((glob) => matchesPath(glob, segments));
  });
}

/** `**` stands for any number of folders, none included. Tables of answers, so that no pattern is slow. */
function matchesPath(glob: readonly string[], path: readonly string[]): boolean {
  let reach = new Set([0]);
  for (const part of glob) {
    const next = new Set<number>();
    for (const at of reach) {
      if (part === '**') for (let to = at; to < path.length; to++) next.add(to);
      else if (at < path.length && matchSegment(part, path[at] ?? '')) next.add(at + 1);
    }
    reach = next;
  }
  return reach.has(path.length) || (glob.at(-1) === '**' && reach.size > 0);
}

function list(names: readonly string[]): string {
  return names.length <= 12 ? names.join(', ') : `${names.slice(0, 12).join(', ')} and ${names.length - 12} more`;
}
