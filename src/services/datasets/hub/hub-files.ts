/** Bytes of the files of one commit: from the store where they were fetched before, else by ranges from the hub or where it leads. */

import { createHash } from 'node:crypto';
import { Failure } from '#contract/failure.ts';
import type { DatasetFile, RemoteRef } from '#contract/services.ts';
import { type Head, hostOf } from '../../remote/exchange.ts';
import { Answered, type Asked, type Remote, WrongSize } from '../../remote/remote.ts';
import { type ByteRange, merge } from '../ranged-bytes.ts';
import { changed, corrupt } from '../trouble.ts';
import { explain, type HubApi } from './hub-api.ts';
import type { RangeCache } from './range-cache.ts';

export type HubRef = Extract<RemoteRef, { type: 'hub' }>;

/** Ranges so close are fetched as one: a request costs more. */
const GAP = 2 << 10;
/** Streams are fetched in steps of this size, so that a broken connection loses little. */
const STEP = 4 << 20;
/** Signed addresses last an hour on the public hub; this is well within. */
const REDIRECT_MS = 5 * 60_000;

export class HubFiles {
  readonly #remote: Remote;
  readonly #api: HubApi;
  readonly #cache: RangeCache | null;
  /** Where files were redirected to, which saves a request a range. */
  readonly #direct = new Map<string, { readonly url: string; readonly until: number }>();

  constructor(remote: Remote, api: HubApi, cache: RangeCache | null) {
    this.#remote = remote;
    this.#api = api;
    this.#cache = cache;
  }

  /** @throws Failure `dataset-*`, `remote-*` */
  async ranges(
    ref: HubRef,
    file: DatasetFile,
    ranges: readonly ByteRange[],
    asked: Asked,
    isKept: boolean,
  ): Promise<readonly Uint8Array[]> {
    for (const [start, end] of ranges)
      if (start < 0 || end > file.bytes || start > end)
        throw corrupt(file.name, `it is too short for bytes ${start} to ${end}`);
    const kept = (isKept ? await this.#cache?.get(file.digest, ranges) : undefined) ?? [];
    const missing = ranges.filter((_, nth) => kept[nth] === undefined);
    asked.traffic.add({ cachedBytes: kept.reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0) });
    const spans = withoutGaps(missing);
    const fetched = await Promise.all(spans.map((span) => this.#fetch(ref, file, span, asked)));
    const parts = ranges.map(([start, end], nth) => {
      const at = spans.findIndex(([from, to]) => from <= start && end <= to);
      return kept[nth] ?? (fetched[at] as Buffer).subarray(start - (spans[at]?.[0] ?? 0), end - (spans[at]?.[0] ?? 0));
    });
    const fresh = ranges.flatMap((range, nth) =>
      kept[nth] === undefined ? [{ range, bytes: parts[nth] as Uint8Array }] : [],
    );
    if (isKept && fresh.length > 0) await this.#cache?.put(file.digest, fresh);
    return parts;
  }

  /** All of it, held against the digest that the tree of the commit has. */
  async *stream(ref: HubRef, file: DatasetFile, asked: Asked, isKept: boolean): AsyncGenerator<Buffer> {
    const hash = file.digest.startsWith('git:')
      ? createHash('sha1').update(`blob ${file.bytes}\0`)
      : createHash('sha256');
    for (let at = 0; at < file.bytes; at += STEP) {
      const [part] = await this.ranges(ref, file, [[at, Math.min(file.bytes, at + STEP)]], asked, isKept);
      if (part === undefined) throw new Error('a range was asked for');
      hash.update(part);
      yield Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    }
    if (hash.digest('hex') !== file.digest.replace(/^git:/, ''))
      throw corrupt(file.name, `what was fetched is not what the list of files says (${file.digest.slice(0, 16)})`);
  }

  async #fetch(ref: HubRef, file: DatasetFile, [start, end]: ByteRange, asked: Asked): Promise<Buffer> {
    if (start === end) return Buffer.alloc(0);
    const key = `${ref.repo} ${ref.revision} ${file.name}`;
    const own = this.#api.fileUrl(ref.repo, ref.revision, file.name);
    const url = () => {
      const direct = this.#direct.get(key);
      return direct !== undefined && direct.until > this.#remote.clock.now() ? direct.url : own;
    };
    for (let isSecond = false; ; isSecond = true) {
      try {
        return await this.#remote.range(url, start, end, file.bytes, asked, (head) => this.#look(key, own, head, file));
      } catch (error) {
        if (error instanceof WrongSize)
          throw corrupt(
            file.name,
            `${hostOf(own)} has ${error.bytes} bytes of it, the list of files says ${file.bytes}`,
            error,
          );
        if (!(error instanceof Answered)) throw error;
        // A signed address may have expired.
        if (this.#direct.delete(key) && !isSecond) continue;
        throw refusal(error, own, ref, file);
      }
    }
  }

  #look(key: string, own: string, head: Head, file: DatasetFile): void {
    const etag = /^(?:W\/)?"?([0-9a-f]{64})"?$/.exec(head.firstHeaders['x-linked-etag'] ?? '')?.[1];
    if (etag !== undefined && !file.digest.startsWith('git:') && etag !== file.digest) throw changed(file.name);
    if (head.url !== own) this.#direct.set(key, { url: head.url, until: this.#remote.clock.now() + REDIRECT_MS });
  }
}

function refusal({ head }: Answered, own: string, ref: HubRef, file: DatasetFile): Failure {
  const { status } = head;
  const host = hostOf(head.url);
  if (status === 416) return corrupt(file.name, `${host} has less of it than the list of files says`);
  const isFile = head.headers['x-error-code'] === 'EntryNotFound' || head.headers['x-error-code'] === undefined;
  if (status !== 404 || !isFile) return explain({ status, headers: head.headers }, own, ref.repo, ref.revision);
  const hint = 'the list of files has it, so the hub is at odds with itself; run again, or with --update';
  const message = `${host} has no ${file.name} of ${ref.repo} at ${ref.revision.slice(0, 12)} (HTTP 404)`;
  return new Failure('dataset-file-missing', message, { scope: 'infrastructure', hint, detail: { host, status } });
}

function withoutGaps(ranges: readonly ByteRange[]): ByteRange[] {
  const spans: [number, number][] = [];
  for (const [start, end] of merge(ranges)) {
    const last = spans.at(-1);
    if (last !== undefined && start - last[1] <= GAP) last[1] = end;
    else spans.push([start, end]);
  }
  return spans;
}
