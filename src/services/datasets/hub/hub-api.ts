/** The hub's own documents: what a revision is, which files it has, what its card says. Paths and fields as hf.co has them. */

import { Failure } from '#contract/failure.ts';
import type { Json } from '#contract/json.ts';
import { isObject } from '#util/json-object.ts';
import { hostOf } from '../../remote/exchange.ts';
import type { Asked, Document, Remote } from '../../remote/remote.ts';
import { remoteTrouble } from '../../remote/remote-trouble.ts';
import type { TreeEntry } from './choose-files.ts';
import { isCommit } from './hub-spec.ts';

const MOST_DOCUMENT = 32 << 20;
const MOST_CARD = 4 << 20;
/** A thousand entries each. */
const MOST_PAGES = 1000;

export class HubApi {
  readonly #remote: Remote;

  constructor(remote: Remote) {
    this.#remote = remote;
  }

  /** The commit that a branch or tag is at now. @throws Failure `dataset-not-found`, `dataset-revision-unknown`, `remote-*` */
  async commitOf(repo: string, revision: string | null, asked: Asked): Promise<string> {
    const named = revision ?? 'main';
    const url = `${this.#remote.baseUrl}/api/datasets/${repo}/revision/${encodeURIComponent(named)}`;
    const document = await this.#remote.document(url, {}, MOST_DOCUMENT, asked);
    if (document.status !== 200) throw explain(document, this.#remote.baseUrl, repo, named);
    const value = toJson(document, url);
    const sha = isObject(value) ? value['sha'] : null;
    if (typeof sha === 'string' && isCommit(sha)) return sha;
    throw remoteTrouble('remote-bad-answer', `${hostOf(url)} names no commit for ${repo}@${named}`);
  }

  /** @throws Failure `dataset-*`, `remote-*` */
  async tree(repo: string, commit: string, asked: Asked): Promise<readonly TreeEntry[]> {
    const first = `${this.#remote.baseUrl}/api/datasets/${repo}/tree/${commit}?recursive=true&expand=false`;
    const entries: TreeEntry[] = [];
    let url: string | null = first;
    for (let page = 0; url !== null; page++) {
      if (page >= MOST_PAGES)
        throw remoteTrouble('remote-bad-answer', `${hostOf(url)} lists the files of ${repo} without end`);
      const document: Document = await this.#remote.document(url, {}, MOST_DOCUMENT, asked);
      if (document.status !== 200) throw explain(document, this.#remote.baseUrl, repo, commit);
      const value = toJson(document, url);
      if (!Array.isArray(value))
        throw remoteTrouble('remote-bad-answer', `${hostOf(url)} gives no list of the files of ${repo}`);
      for (const item of value as readonly Json[]) {
        const entry = toEntry(item);
        if (entry !== null) entries.push(entry);
      }
      url = this.#next(document.headers['link'] ?? '', url);
    }
    return entries;
  }

  /** Empty where the repository has none. */
  async card(repo: string, commit: string, asked: Asked): Promise<string> {
    const document = await this.#remote.document(this.fileUrl(repo, commit, 'README.md'), {}, MOST_CARD, asked);
    if (document.status === 200) return document.text;
    if (document.status === 404) return '';
    throw explain(document, this.#remote.baseUrl, repo, commit);
  }

  fileUrl(repo: string, commit: string, path: string): string {
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    return `${this.#remote.baseUrl}/datasets/${repo}/resolve/${commit}/${encoded}`;
  }

  /** `<url>; rel="next"` (RFC 8288). The token goes along, so it must be the hub itself. */
  #next(link: string, from: string): string | null {
    const next = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(link)?.[1];
    if (next === undefined) return null;
    if (URL.canParse(next, from) && new URL(next, from).origin === new URL(this.#remote.baseUrl).origin)
      return new URL(next, from).href;
    throw remoteTrouble('remote-bad-answer', `${hostOf(from)} continues its list of files at another host`);
  }
}

/** What a refusal means. The hub says 401 also for what does not exist, so as not to tell who has what. */
export function explain(
  document: Pick<Document, 'status' | 'headers'>,
  baseUrl: string,
  repo: string,
  revision: string,
): Failure {
  const { status, headers } = document;
  const host = hostOf(baseUrl);
  const code = headers['x-error-code'] ?? '';
  const detail = { host, status, ...(code === '' ? {} : { code: code.slice(0, 60) }) };
  if (code === 'RevisionNotFound') {
    const hint = 'write a branch, a tag or a commit of the set after the `@`, or leave it out';
    return new Failure('dataset-revision-unknown', `${repo} has no revision '${revision}' at ${host}`, {
      detail,
      hint,
    });
  }
  if (code === 'GatedRepo')
    return remoteTrouble(
      'remote-unauthorized',
      `${repo} is gated at ${host}: its terms must be accepted (HTTP ${status})`,
      detail,
    );
  if (status === 404 || code === 'RepoNotFound') {
    const hint = 'look at owner and name; a private set needs a token (HF_TOKEN)';
    return new Failure('dataset-not-found', `there is no dataset ${repo} at ${host} (HTTP ${status})`, {
      detail,
      hint,
    });
  }
  if (status === 401 || status === 403)
    return remoteTrouble('remote-unauthorized', `${host} does not let ${repo} be read (HTTP ${status})`, detail);
  return remoteTrouble('remote-bad-answer', `${host} answers HTTP ${status} for ${repo}`, detail);
}

function toJson({ text }: Document, url: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw remoteTrouble('remote-bad-answer', `${hostOf(url)} answers what is no JSON`);
  }
}

function toEntry(item: Json): TreeEntry | null {
  if (!isObject(item) || item['type'] !== 'file') return null;
  const { path, size, oid, lfs } = item;
  if (typeof path !== 'string' || path.includes('\0') || path.split('/').includes('..')) return null;
  const sha256 = isObject(lfs ?? null) ? (lfs as { readonly oid?: Json }).oid : undefined;
  const bytes = isObject(lfs ?? null) ? (lfs as { readonly size?: Json }).size : size;
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0) return null;
  if (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)) return { path, bytes, digest: sha256 };
  return typeof oid === 'string' && isCommit(oid) ? { path, bytes, digest: `git:${oid}` } : null;
}
