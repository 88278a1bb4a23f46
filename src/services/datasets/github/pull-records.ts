/**
 * Pull requests from GitHub's REST API, as records with the columns of SWE-bench. Every document is kept by the moment that
 * the set was resolved at, so that a run that was cut short asks only for what it lacks.
 */

import type { Json, JsonObject } from '#contract/json.ts';
import type { DatasetRecord, RemoteRef } from '#contract/services.ts';
import type { Store } from '#contract/store.ts';
import { isObject } from '#util/json-object.ts';
import { hashTexts, sha256 } from '#util/sha256.ts';
import { hostOf } from '../../remote/exchange.ts';
import type { Asked, Remote } from '../../remote/remote.ts';
import { remoteTrouble } from '../../remote/remote-trouble.ts';
import { type PullId, toPullId } from './github-spec.ts';
import { splitDiff } from './split-diff.ts';

export type GithubRef = Extract<RemoteRef, { type: 'github' }>;

const MOST_JSON = 8 << 20;
/** Well over what GitHub renders (20,000 lines, 1 MB raw a file). */
const MOST_DIFF = 64 << 20;
const MOST_ISSUES = 5;
const PAGE = 100;
/** Of comments of one issue. */
const MOST_PAGES = 5;
const JSON_TYPE = 'application/vnd.github+json';
const DIFF_TYPE = 'application/vnd.github.diff';
const VERSION = { 'x-github-api-version': '2022-11-28' };

/** How GitHub itself links an issue that a pull request is to close. */
const CLOSES = /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\s*:?\s+(?:([\w.-]+)\/([\w.-]+))?#(\d{1,9})\b/gi;

interface LinkedIssue {
  readonly path: string;
  readonly issue: JsonObject;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

export class PullRecords {
  readonly #remote: Remote;
  readonly #store: Pick<Store, 'blobs' | 'entries'>;

  constructor(remote: Remote, store: Pick<Store, 'blobs' | 'entries'>) {
    this.#remote = remote;
    this.#store = store;
  }

  /** Those that there are, each under the value that asked for it. @throws Failure `remote-*` */
  async find(
    ref: GithubRef,
    column: string,
    values: readonly string[],
    asked: Asked,
  ): Promise<readonly DatasetRecord[]> {
    const found = await Promise.all(
      [...new Set(values)].map(async (value) => {
        const id = toPullId(value, ref.repo);
        return id === null ? null : this.#read(ref, id, { [column]: value }, asked);
      }),
    );
    return found.filter((record) => record !== null);
  }

  async #read(ref: GithubRef, id: PullId, named: JsonObject, asked: Asked): Promise<DatasetRecord | null> {
    const repo = `${id.owner}/${id.repo}`;
    const path = `/repos/${repo}/pulls/${id.number}`;
    const pull = await this.#json(ref, path, asked);
    if (pull === null) return null;
    const [diff, about] = await Promise.all([
      this.#document(ref, path, DIFF_TYPE, MOST_DIFF, asked),
      this.#json(ref, `/repos/${repo}`, asked),
    ]);
    // 406: GitHub does not render a diff of that size.
    const { patch, testPatch } = splitDiff(diff.status === 200 ? diff.text : '');
    const [title, body] = [textOf(pull, 'title'), textOf(pull, 'body')];
    const issues = await this.#issues(ref, id, `${title}\n${body}`, asked);
    const base = pull['base'];
    const value: JsonObject = {
      ...named,
      repo,
      base_commit: isObject(base ?? null) ? ((base as JsonObject)['sha'] ?? null) : null,
      problem_statement: issues.map(({ issue }) => joined(textOf(issue, 'title'), textOf(issue, 'body'))).join('\n\n'),
      description: joined(title, body),
      patch,
      test_patch: testPatch,
      hints_text: await this.#hints(ref, `${path}/commits?per_page=1`, issues, asked),
      license: licenseOf(about),
      created_at: pull['created_at'] ?? null,
      merged_at: pull['merged_at'] ?? null,
      title,
      number: id.number,
      url: pull['html_url'] ?? null,
    };
    return { file: repo, index: id.number - 1, value };
  }

  /** The issues that the pull request says it closes. */
  async #issues(ref: GithubRef, { owner, repo }: PullId, text: string, asked: Asked): Promise<LinkedIssue[]> {
    const paths = [...text.matchAll(CLOSES)].map(
      ([, other, name, number]) => `/repos/${other ?? owner}/${name ?? repo}/issues/${number}`,
    );
    const found = await Promise.all(
      [...new Set(paths)]
        .slice(0, MOST_ISSUES)
        .map(async (path) => ({ path, issue: await this.#json(ref, path, asked) })),
    );
    return found.flatMap(({ path, issue }) =>
      issue === null || issue['pull_request'] !== undefined ? [] : [{ path, issue }],
    );
  }

  /**
   * What was said on those issues before the first commit of the solution, as SWE-bench has it: a comment that was
   * touched later may tell of it.
   */
  async #hints(ref: GithubRef, commits: string, issues: readonly LinkedIssue[], asked: Asked): Promise<string> {
    const discussed = issues.filter(({ issue }) => issue['comments'] !== 0);
    if (discussed.length === 0) return '';
    const [first] = await this.#list(ref, commits, asked);
    const begun = timeOf(first, 'commit', 'author', 'date');
    if (begun === null) return '';
    const hints = await Promise.all(discussed.map(({ path }) => this.#commentsBefore(ref, path, begun, asked)));
    return hints.flat().join('\n\n');
  }

  async #commentsBefore(ref: GithubRef, issue: string, begun: number, asked: Asked): Promise<string[]> {
    const texts: string[] = [];
    for (let page = 1; page <= MOST_PAGES; page++) {
      const comments = await this.#list(ref, `${issue}/comments?per_page=${PAGE}&page=${page}`, asked);
      for (const comment of comments) {
        const touched = timeOf(comment, 'updated_at') ?? timeOf(comment, 'created_at');
        const text = isObject(comment) ? textOf(comment, 'body').trim() : '';
        if (touched !== null && touched < begun && text !== '') texts.push(text);
      }
      // They come in the order of their making.
      const made = timeOf(comments.at(-1), 'created_at');
      if (comments.length < PAGE || (made !== null && made >= begun)) break;
    }
    return texts;
  }

  /** Null where there is none. */
  async #json(ref: GithubRef, path: string, asked: Asked): Promise<JsonObject | null> {
    const { status, text } = await this.#document(ref, path, JSON_TYPE, MOST_JSON, asked, this.#parse);
    return status === 200 ? this.#parse(path, text) : null;
  }

  /** Empty where there is none. */
  async #list(ref: GithubRef, path: string, asked: Asked): Promise<readonly Json[]> {
    const { status, text } = await this.#document(ref, path, JSON_TYPE, MOST_JSON, asked, this.#parseList);
    return status === 200 ? this.#parseList(path, text) : [];
  }

  readonly #parse = (path: string, text: string): JsonObject => {
    const value = parsed(text);
    if (isObject(value)) return value;
    throw this.#unread(path, 'no JSON object');
  };

  readonly #parseList = (path: string, text: string): readonly Json[] => {
    const value = parsed(text);
    if (Array.isArray(value)) return value;
    throw this.#unread(path, 'no JSON list');
  };

  #unread(path: string, what: string) {
    return remoteTrouble('remote-bad-answer', `${hostOf(this.#remote.baseUrl)} answers ${path} with what is ${what}`);
  }

  /** @param check throws where the text cannot be what was asked for */
  async #document(
    ref: GithubRef,
    path: string,
    accept: string,
    most: number,
    asked: Asked,
    check: (path: string, text: string) => void = () => {},
  ): Promise<Answer> {
    const key = hashTexts('github', ref.asOf, path.toLowerCase(), accept);
    const kept = await this.#kept(key);
    if (kept !== null) {
      asked.traffic.add({ cachedBytes: Buffer.byteLength(kept.text) });
      return kept;
    }
    const { status, text } = await this.#remote.document(
      this.#remote.baseUrl + path,
      { accept, ...VERSION },
      most,
      asked,
    );
    if (![200, 404, 406, 410].includes(status)) {
      const host = hostOf(this.#remote.baseUrl);
      const code = status === 401 || status === 403 || status === 451 ? 'remote-unauthorized' : 'remote-bad-answer';
      throw remoteTrouble(code, `${host} answers HTTP ${status} for ${path}`, { host, status });
    }
    // Before it is kept: what is no answer is asked for again.
    if (status === 200) check(path, text);
    const body = Buffer.from(JSON.stringify({ status, text: status === 200 ? text : '' }));
    const digest = sha256(body);
    await this.#store.blobs.put([{ digest, bytes: body }]);
    await this.#store.entries.put('action', [{ key, body: { document: digest }, origin: {} }], { replace: true });
    return { status, text };
  }

  async #kept(key: string): Promise<Answer | null> {
    const [entry] = await this.#store.entries.get('action', [key]);
    const digest = entry?.body['document'];
    if (typeof digest !== 'string') return null;
    const [bytes] = await this.#store.blobs.get([digest]);
    return bytes === undefined ? null : (JSON.parse(Buffer.from(bytes).toString('utf8')) as Answer);
  }
}

/** SPDX, or null: GitHub says NOASSERTION where it found a licence that it does not know. */
function licenseOf(about: JsonObject | null): string | null {
  const license = about?.['license'] ?? null;
  const id = isObject(license) ? license['spdx_id'] : null;
  return typeof id === 'string' && id !== 'NOASSERTION' ? id : null;
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

/** Milliseconds since the epoch; null where the path leads to no time. */
function timeOf(value: Json | undefined, ...path: readonly string[]): number | null {
  let at: Json = value ?? null;
  for (const name of path) at = isObject(at) ? (at[name] ?? null) : null;
  const time = typeof at === 'string' ? Date.parse(at) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

function textOf(value: JsonObject, name: string): string {
  const text = value[name];
  return typeof text === 'string' ? text.replaceAll('\r\n', '\n').toWellFormed() : '';
}

const joined = (title: string, body: string) => (body === '' ? title : `${title}\n\n${body}`);
