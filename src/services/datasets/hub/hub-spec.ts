/** `hf://owner/name[@revision][/path/or/glob][?config=…&split=…]`, taken apart. */

import { Failure } from '#contract/failure.ts';

export interface HubSpec {
  /** `owner/name` */
  readonly repo: string;
  /** Null: the default branch. */
  readonly revision: string | null;
  /** A file, folder or glob of the repository; null where config and split choose. */
  readonly path: string | null;
  readonly config: string | null;
  readonly split: string | null;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/;
const COMMIT = /^[0-9a-f]{40}$/;
const HINT =
  'write hf://owner/name, hf://owner/name@revision/data/train-*.parquet or hf://owner/name?config=default&split=train';

export const isHubSpec = (spec: string) => /^hf:\/\//i.test(spec);

export const isCommit = (revision: string | null): revision is string => revision !== null && COMMIT.test(revision);

/** @returns a Failure `dataset-spec-invalid` */
export function parseHubSpec(spec: string): HubSpec | Failure {
  const invalid = (what: string) => new Failure('dataset-spec-invalid', `${spec}: ${what}`, { hint: HINT });
  const [address = '', query = '', ...more] = spec.slice('hf://'.length).split('?');
  if (more.length > 0) return invalid('there is more than one `?`');
  const segments = address.replace(/^datasets\//, '').split('/');
  const [owner = '', named = ''] = segments;
  const at = named.indexOf('@');
  const name = at === -1 ? named : named.slice(0, at);
  if (!NAME.test(owner) || !NAME.test(name) || name.includes('..') || owner.includes('..'))
    return invalid('a dataset of the hub has an owner and a name');
  const tail = segments.slice(2);
  let revision: string | null = null;
  if (at !== -1) {
    revision = named.slice(at + 1);
    // The branches that the hub itself makes have slashes in their names.
    if (revision === 'refs' && tail.length >= 2) revision = ['refs', ...tail.splice(0, 2)].join('/');
    try {
      revision = decodeURIComponent(revision);
    } catch {
      return invalid('the revision cannot be read');
    }
    if (revision === '' || /[\s\0]/.test(revision)) return invalid('nothing stands after the `@`');
  }
  const path = tail.filter((segment) => segment !== '').join('/');
  if (tail.some((segment) => segment === '.' || segment === '..')) return invalid('a path has no `.` and `..`');
  const options = new URLSearchParams(query);
  for (const option of options.keys())
    if (option !== 'config' && option !== 'split')
      return invalid(`there is no option '${option}'; options are config and split`);
  const [config, split] = [options.get('config'), options.get('split')];
  if (path !== '' && (config !== null || split !== null))
    return invalid('a path chooses files itself; leave out config and split');
  return { repo: `${owner}/${name}`, revision, path: path === '' ? null : path, config, split };
}
