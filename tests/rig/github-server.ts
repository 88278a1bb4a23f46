/** A local server that speaks the part of GitHub's REST API that pull requests are read with, limits included. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Pull {
  readonly title: string;
  readonly body: string | null;
  readonly base: string;
  /** When its first commit was written. */
  readonly begun?: string;
  /** Null: GitHub does not render one of that size. */
  readonly diff: string | null;
}

export interface GithubRepo {
  readonly license?: string;
  readonly pulls: { readonly [number: string]: Pull };
  readonly issues?: {
    readonly [number: string]: {
      readonly title: string;
      readonly body: string;
      readonly isPull?: boolean;
      readonly comments?: readonly {
        readonly body: string;
        readonly created_at: string;
        readonly updated_at: string;
      }[];
    };
  };
}

export interface GithubRequest {
  readonly nth: number;
  readonly path: string;
  readonly accept: string;
  readonly authorization: string | undefined;
}

export type GithubFault = (request: GithubRequest, response: ServerResponse) => boolean;

export interface GithubServer {
  readonly url: string;
  readonly log: GithubRequest[];
  fault: GithubFault | null;
  close(): Promise<void>;
}

export async function startGithubServer(repos: { readonly [name: string]: GithubRepo }): Promise<GithubServer> {
  const log: GithubRequest[] = [];
  const server = createServer((incoming, response) => void answer(github, repos, incoming, response));
  const github: GithubServer = {
    url: '',
    log,
    fault: null,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(github, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function answer(
  github: GithubServer,
  repos: { readonly [name: string]: GithubRepo },
  { url = '/', headers }: IncomingMessage,
  response: ServerResponse,
): true | ServerResponse {
  const { accept = '', authorization } = headers;
  const request = { nth: github.log.length, path: url, accept, authorization };
  github.log.push(request);
  if (github.fault?.(request, response) === true) return true;
  const { pathname, searchParams } = new URL(url, 'http://github.test');
  const [, name = '', part, number = '', list] =
    /^\/repos\/([^/]+\/[^/]+)(?:\/(pulls|issues)\/(\d+)(?:\/(commits|comments))?)?$/.exec(pathname) ?? [];
  const repo = repos[name];
  const reply = (status: number, value: unknown): true => {
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'x-ratelimit-remaining': '4999' });
    response.end(JSON.stringify(value));
    return true;
  };
  const pull = part === 'pulls' ? repo?.pulls[number] : undefined;
  const issue = part === 'issues' ? repo?.issues?.[number] : undefined;
  if (list !== undefined) {
    const all = list === 'commits' ? commitsOf(pull) : (issue?.comments ?? []);
    const [size, page] = [Number(searchParams.get('per_page') ?? 30), Number(searchParams.get('page') ?? 1)];
    return reply(200, all.slice((page - 1) * size, page * size));
  }
  if (repo !== undefined && part === undefined)
    return reply(200, { full_name: name, license: repo.license === undefined ? null : { spdx_id: repo.license } });
  if (issue !== undefined)
    return reply(200, {
      title: issue.title,
      body: issue.body,
      comments: issue.comments?.length ?? 0,
      ...(issue.isPull === true ? { pull_request: {} } : {}),
    });
  if (pull === undefined) return reply(404, { message: 'Not Found' });
  if (!accept.includes('diff')) {
    const { title, body, base } = pull;
    const dates = { created_at: '2024-01-02T03:04:05Z', merged_at: '2024-01-03T00:00:00Z' };
    return reply(200, {
      number: Number(number),
      title,
      body,
      base: { sha: base },
      html_url: `https://github.com/${name}/pull/${number}`,
      ...dates,
    });
  }
  if (pull.diff === null)
    return reply(406, { message: 'Sorry, the diff exceeded the maximum number of lines (20000)' });
  return response.writeHead(200, { 'content-type': 'application/vnd.github.diff; charset=utf-8' }).end(pull.diff);
}

function commitsOf(pull: Pull | undefined): readonly object[] {
  return pull?.begun === undefined ? [] : [{ sha: 'd'.repeat(40), commit: { author: { date: pull.begun } } }];
}
