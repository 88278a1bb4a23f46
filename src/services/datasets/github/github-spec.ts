/** `github://` (pull requests of any repository) and `github://owner/repo`; and what instance ids name which pull request. */

import { Failure } from '#contract/failure.ts';

export interface PullId {
  readonly owner: string;
  readonly repo: string;
  readonly number: number;
}

const NAME = '[A-Za-z0-9_.-]+';

export const isGithubSpec = (spec: string) => /^github:\/\//i.test(spec);

/** @returns a Failure `dataset-spec-invalid` */
export function parseGithubSpec(spec: string): { readonly repo: string | null } | Failure {
  const path = spec.slice('github://'.length).replace(/\/+$/, '');
  if (path === '') return { repo: null };
  if (new RegExp(`^${NAME}/${NAME}$`).test(path) && !path.includes('..')) return { repo: path };
  const hint = 'write github:// for pull requests of any repository, or github://owner/repo';
  return new Failure('dataset-spec-invalid', `${spec} names no repository`, { hint });
}

/**
 * `owner__repo-123` as SWE-bench writes it, `owner/repo#123`, `owner/repo/pull/123` and addresses that end so; in a
 * set of one repository also the number alone. Null for anything else.
 */
export function toPullId(instance: string, repo: string | null): PullId | null {
  const [owner, name] = repo?.split('/') ?? [];
  const alone = /^#?(\d{1,9})$/.exec(instance);
  if (alone !== null && owner !== undefined && name !== undefined)
    return { owner, repo: name, number: Number(alone[1]) };
  const found =
    new RegExp(`^(${NAME}?)__(${NAME})-(\\d{1,9})$`).exec(instance) ??
    new RegExp(`^(${NAME})/(${NAME})#(\\d{1,9})$`).exec(instance) ??
    new RegExp(`^(?:https?://[^/]+/)?(${NAME})/(${NAME})/pull/(\\d{1,9})/?$`).exec(instance);
  if (found === null) return null;
  const id = { owner: found[1] ?? '', repo: found[2] ?? '', number: Number(found[3]) };
  if ([id.owner, id.repo].some((part) => part === '.' || part === '..')) return null;
  return repo === null || repo.toLowerCase() === `${id.owner}/${id.repo}`.toLowerCase() ? id : null;
}
