/** What the header of a dataset card says about configs and splits (`configs:`, `data_files:`); everything else in it is prose. */

import { parseDocument } from 'yaml';
import type { Json } from '#contract/json.ts';
import { isObject } from '#util/json-object.ts';

export interface CardConfig {
  readonly name: string;
  readonly isDefault: boolean;
  readonly dataDir: string | null;
  /** Patterns by split; null where the config leaves it to the names of the files. */
  readonly splits: ReadonlyMap<string, readonly string[]> | null;
}

const HEADER = /^\ufeff?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/;

/** None where the card has no header, or one that cannot be read: the names of the files then decide. */
export function readCard(text: string): readonly CardConfig[] {
  const header = HEADER.exec(text)?.[1];
  if (header === undefined) return [];
  let value: Json;
  try {
    value = parseDocument(header, { version: '1.1', logLevel: 'silent' }).toJS({ maxAliasCount: 100 }) as Json;
  } catch {
    return [];
  }
  const configs = isObject(value) ? value['configs'] : null;
  if (!Array.isArray(configs)) return [];
  return (configs as readonly Json[]).flatMap((config) => {
    if (!isObject(config)) return [];
    const name = config['config_name'];
    return {
      name: typeof name === 'string' ? name : 'default',
      isDefault: config['default'] === true,
      dataDir: typeof config['data_dir'] === 'string' ? config['data_dir'] : null,
      splits: readSplits(config['data_files'] ?? null),
    };
  });
}

/** A pattern, a list of patterns, a list of `{split, path}`, or a map of splits. */
function readSplits(files: Json): CardConfig['splits'] {
  if (files === null) return null;
  const splits = new Map<string, string[]>();
  const add = (split: string, paths: Json) => {
    const texts = (Array.isArray(paths) ? (paths as readonly Json[]) : [paths]).filter(
      (path) => typeof path === 'string',
    );
    splits.set(split, [...(splits.get(split) ?? []), ...texts]);
  };
  if (typeof files === 'string') add('train', files);
  else if (Array.isArray(files)) {
    for (const item of files as readonly Json[]) {
      if (typeof item === 'string') add('train', item);
      else if (isObject(item) && typeof item['split'] === 'string')
        add(item['split'], item['path'] ?? item['paths'] ?? []);
    }
  } else if (isObject(files)) for (const [split, paths] of Object.entries(files)) add(split, paths);
  return splits.size === 0 ? null : splits;
}
