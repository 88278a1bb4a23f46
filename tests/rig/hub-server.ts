/**
 * A local server that speaks the Hugging Face hub's protocol: revisions, a paged tree, files behind a redirect to another
 * origin, ranges, ETags, tokens. It counts what it serves, and misbehaves on request.
 */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256 } from '#util/sha256.ts';

export interface HubFile {
  readonly bytes: Uint8Array;
  /** In LFS unless told; the tree then has the sha256, and the hub redirects. */
  readonly isPlain?: boolean;
}

export interface HubRepo {
  readonly files: { readonly [path: string]: HubFile | Uint8Array | string };
  /** Branches and tags beside `main`, each a commit of its own. */
  readonly revisions?: readonly string[];
  /** Without it: 401, as the hub says it. */
  readonly token?: string;
  readonly isGated?: boolean;
  /** Another one, other commits. */
  readonly generation?: number;
}

export interface HubRequest {
  /** Zero-based, of its kind and path. */
  readonly nth: number;
  readonly kind: 'revision' | 'tree' | 'resolve' | 'cdn';
  readonly repo: string;
  readonly path: string;
  readonly range: readonly [start: number, end: number] | null;
  readonly authorization: string | undefined;
}

/** Writes the answer itself; returns false to let the server answer as it should. */
export type HubFault = (request: HubRequest, response: ServerResponse, bytes: Uint8Array | null) => boolean;

export interface HubServer {
  readonly url: string;
  readonly cdnUrl: string;
  readonly log: readonly HubRequest[];
  /** Of file bodies. */
  readonly bytesServed: number;
  repos: { [name: string]: HubRepo };
  fault: HubFault | null;
  reset(): void;
  close(): Promise<void>;
}

/** Entries of one page of the tree. */
const PAGE = 50;

export async function startHubServer(
  repos: { [name: string]: HubRepo },
  fault: HubFault | null = null,
): Promise<HubServer> {
  const log: HubRequest[] = [];
  let served = 0;
  const seen = new Map<string, number>();
  const hub: HubServer = {
    url: '',
    cdnUrl: '',
    log,
    get bytesServed() {
      return served;
    },
    repos,
    fault,
    reset() {
      log.length = 0;
      served = 0;
      seen.clear();
    },
    close: async () => {
      for (const server of [main, cdn]) {
        server.closeAllConnections();
        await new Promise<void>((resolve) => server.close(() => resolve()));
      }
    },
  };
  const note = (request: Omit<HubRequest, 'nth'>): HubRequest => {
    const key = `${request.kind} ${request.repo} ${request.path}`;
    const nth = seen.get(key) ?? 0;
    seen.set(key, nth + 1);
    log.push({ ...request, nth });
    return { ...request, nth };
  };
  const count = (bytes: number) => {
    served += bytes;
  };
  const main = createServer((incoming, response) => answerHub(hub, incoming, response, note, count));
  const cdn = createServer((incoming, response) => answerCdn(hub, incoming, response, note, count));
  return Object.assign(hub, { url: await listen(main), cdnUrl: await listen(cdn) });
}

export function commitOf(repo: string, revision = 'main', generation = 0): string {
  return createHash('sha1').update(`${repo} ${revision} ${generation}`).digest('hex');
}

type Note = (request: Omit<HubRequest, 'nth'>) => HubRequest;

function answerHub(
  hub: HubServer,
  incoming: IncomingMessage,
  response: ServerResponse,
  note: Note,
  count: (bytes: number) => void,
): void {
  const url = new URL(incoming.url ?? '/', hub.url);
  const api = /^\/api\/datasets\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)(?:\/(.*))?$/.exec(url.pathname);
  const resolve = /^\/datasets\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
  const [repoName = '', revision = '', path = ''] = api
    ? [api[1], api[3], '']
    : resolve
      ? [resolve[1], resolve[2], resolve[3]]
      : [];
  const kind = api ? (api[2] as 'revision' | 'tree') : 'resolve';
  const { authorization } = incoming.headers;
  const repo = hub.repos[repoName];
  const file = repo === undefined ? null : fileOf(repo, decodeURIComponent(path));
  const request = note({
    kind,
    repo: repoName,
    path: decodeURIComponent(path),
    range: rangeOf(incoming, file?.bytes.length ?? 0),
    authorization,
  });
  if (hub.fault?.(request, response, file?.bytes ?? null) === true) return;
  const isLetIn = repo !== undefined && (repo.token === undefined || authorization === `Bearer ${repo.token}`);
  if (repo === undefined || !isLetIn) {
    refuse(response, 401, 'RepoNotFound', 'Repository not found');
    return;
  }
  if (repo.isGated === true) {
    refuse(response, 403, 'GatedRepo', 'Access to this dataset is restricted');
    return;
  }
  const named = decodeURIComponent(revision);
  const commits = new Map(
    ['main', ...(repo.revisions ?? [])].map((name) => [name, commitOf(repoName, name, repo.generation)]),
  );
  const commit = commits.get(named) ?? ([...commits.values()].includes(named) ? named : undefined);
  if (commit === undefined) {
    refuse(response, 404, 'RevisionNotFound', `Invalid rev id: ${named}`);
    return;
  }
  response.setHeader('x-repo-commit', commit);
  if (kind === 'revision') {
    json(response, { id: repoName, sha: commit, private: repo.token !== undefined });
    return;
  }
  if (kind === 'tree') {
    sendTree(hub, repo, url, response);
    return;
  }
  if (file === null) {
    refuse(response, 404, 'EntryNotFound', 'Entry not found');
    return;
  }
  if (file.isPlain === true) {
    sendFile(file.bytes, incoming, response, count);
    return;
  }
  const digest = digestsOf(file.bytes).sha256;
  response.setHeader('x-linked-etag', `"${digest}"`);
  response.setHeader('x-linked-size', String(file.bytes.length));
  response.writeHead(302, { location: `${hub.cdnUrl}/${repoName}/${path}?signature=${digest.slice(0, 8)}` });
  response.end();
}

/** What is signed needs no token; one that comes along has leaked. */
function answerCdn(
  hub: HubServer,
  incoming: IncomingMessage,
  response: ServerResponse,
  note: Note,
  count: (bytes: number) => void,
): void {
  const [, owner = '', name = '', ...rest] = new URL(incoming.url ?? '/', hub.cdnUrl).pathname.split('/');
  const path = rest.map(decodeURIComponent).join('/');
  const repo = hub.repos[`${owner}/${name}`];
  const file = repo === undefined ? null : fileOf(repo, path);
  const range = rangeOf(incoming, file?.bytes.length ?? 0);
  const request = note({
    kind: 'cdn',
    repo: `${owner}/${name}`,
    path,
    range,
    authorization: incoming.headers.authorization,
  });
  if (hub.fault?.(request, response, file?.bytes ?? null) === true) return;
  if (file === null) {
    response.writeHead(404).end('no such key');
    return;
  }
  sendFile(file.bytes, incoming, response, count);
}

function sendTree(hub: HubServer, repo: HubRepo, url: URL, response: ServerResponse): void {
  const entries = Object.keys(repo.files)
    .sort()
    .map((path) => {
      const { bytes, isPlain } = fileOf(repo, path) ?? { bytes: new Uint8Array(), isPlain: true };
      const { oid, sha256: linked } = digestsOf(bytes);
      const lfs = isPlain === true ? {} : { lfs: { oid: linked, size: bytes.length, pointerSize: 130 } };
      return { type: 'file', oid, size: bytes.length, path, ...lfs };
    });
  const at = Number(url.searchParams.get('cursor') ?? 0);
  if (at + PAGE < entries.length) {
    const next = new URL(url);
    next.searchParams.set('cursor', String(at + PAGE));
    response.setHeader('link', `<${next.href.replace(next.origin, hub.url)}>; rel="next"`);
  }
  json(response, [{ type: 'directory', oid: '0'.repeat(40), size: 0, path: 'data' }, ...entries.slice(at, at + PAGE)]);
}

function sendFile(
  bytes: Uint8Array,
  incoming: IncomingMessage,
  response: ServerResponse,
  count: (bytes: number) => void,
): void {
  const range = rangeOf(incoming, bytes.length);
  const headers = {
    etag: `"${sha256(bytes.subarray(0, 1024))}"`,
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
  };
  if (range !== null && range[0] >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    return;
  }
  const part = range === null ? bytes : bytes.subarray(...range);
  const more = range === null ? {} : { 'content-range': `bytes ${range[0]}-${range[1] - 1}/${bytes.length}` };
  response.writeHead(range === null ? 200 : 206, { ...headers, ...more, 'content-length': part.length });
  if (incoming.method === 'HEAD') {
    response.end();
    return;
  }
  count(part.length);
  response.end(part);
}

interface Digests {
  readonly sha256: string;
  /** git's, of the blob. */
  readonly oid: string;
}

const known = new WeakMap<Uint8Array, Digests>();

/** Worked out once, as a hub does: hashing 165 MB takes longer than all else of an answer. */
function digestsOf(bytes: Uint8Array): Digests {
  let digests = known.get(bytes);
  if (digests === undefined) {
    const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
    digests = { sha256: sha256(bytes), oid };
    known.set(bytes, digests);
  }
  return digests;
}

function fileOf(repo: HubRepo, path: string): HubFile | null {
  const file = Object.hasOwn(repo.files, path) ? repo.files[path] : undefined;
  if (file === undefined) return null;
  if (typeof file === 'string') return { bytes: Buffer.from(file), isPlain: true };
  return file instanceof Uint8Array ? { bytes: file } : file;
}

function rangeOf(incoming: IncomingMessage, length: number): readonly [number, number] | null {
  const found = /^bytes=(\d+)-(\d*)$/.exec(incoming.headers.range ?? '');
  if (found === null) return null;
  return [Number(found[1]), Math.min(length, found[2] === '' ? length : Number(found[2]) + 1)];
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'x-error-code': code, 'x-error-message': message, 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: message }));
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(value));
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}
