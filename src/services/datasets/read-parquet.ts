/** Parquet files, one row group at a time; only the named columns are read. Nothing is decoded in this process. */

import { Failure } from '#contract/failure.ts';
import type { DatasetFile } from '#contract/services.ts';
import { inPlace } from '../remote/remote-trouble.ts';
import { footerAhead } from './footer-ahead.ts';
import type { Frame, ReadOptions } from './frame.ts';
import { DecoderLost, ParquetDecoder } from './parquet-decoder.ts';
import type { Order, Word } from './parquet-decoder-main.ts';
import type { GroupSize } from './parquet-file.ts';
import type { GroupRows } from './parquet-pages.ts';
import type { ByteRange, RangeSource } from './ranged-bytes.ts';
import { corrupt, stopped, unreadable } from './trouble.ts';

/** A decoder does 50 MB a second and more; ten times that is a busy machine, not a loop. */
const DEADLINE_MS = 10_000;
const DEADLINE_MS_PER_BYTE = 1000 / 10e6;

/** A decoder that had a group of this size to unpack is not kept: its memory would stay. */
const LARGE_GROUP_BYTES = 64 << 20;

/** Row groups whose pages are asked for together. */
const LOT = 32;

/** A file of this machine, or one elsewhere whose ranges can be had. */
export type ParquetSource = string | RangeSource;

type Opened = Extract<Word, { type: 'opened' }>;
type Framed = Extract<Word, { type: 'frame' }>;
type Matched = Extract<Word, { type: 'matched' }>;

export interface ParquetOptions extends ReadOptions {
  /** Zero-based rows of the file, ascending; row groups without one are not read. */
  readonly wanted?: readonly number[];
  /** Of these columns the file must have one. */
  readonly anyOf?: readonly string[] | undefined;
}

/** @throws Failure `dataset-corrupt`, `dataset-too-large`, `dataset-column-missing`, `remote-*`, naming file and row group */
export async function* readParquet(
  source: ParquetSource,
  file: DatasetFile,
  options: ParquetOptions,
): AsyncGenerator<Frame> {
  const { wanted } = options;
  await using reader = new ParquetReader(source, file, options);
  const { groups } = await reader.open();
  const chosen = groups.map(({ start, rows }, nth): GroupRows & { readonly all: boolean } => ({
    nth,
    wanted: wanted?.filter((row) => row >= start && row < start + rows) ?? [],
    all: wanted === undefined,
  }));
  const left = chosen.filter(({ all, wanted: rows }) => all || rows.length > 0);
  for (let at = 0; at < left.length; at += LOT) {
    const lot = left.slice(at, at + LOT);
    if (wanted !== undefined && typeof source !== 'string')
      await reader.prepare(lot.map(({ nth, wanted: rows }) => ({ nth, wanted: rows })));
    for (const { nth, all, wanted: rows } of lot) yield* reader.group(nth, all ? undefined : rows);
  }
}

let lastTurn: Promise<unknown> = Promise.resolve();

/** Every reader has a process of its own, and lookups come by the dozen: one after the other. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = lastTurn.then(work);
  lastTurn = turn.catch(() => undefined);
  return turn;
}

/** Where the rows of a file lie; only its footer is read. */
export async function readGroups(
  source: ParquetSource,
  file: DatasetFile,
  options: ParquetOptions,
): Promise<readonly GroupSize[]> {
  const ready = typeof source === 'string' ? source : footerAhead(source, options.signal ?? NEVER);
  return inTurn(async () => {
    await using reader = new ParquetReader(ready, file, options);
    return (await reader.open()).groups;
  });
}

/** Zero-based rows whose column has one of the values. @throws Failure `dataset-column-missing` and as `readParquet` */
export async function matchRows(
  source: ParquetSource,
  file: DatasetFile,
  column: string,
  values: readonly string[],
  options: ParquetOptions,
): Promise<readonly number[]> {
  return inTurn(async () => {
    await using reader = new ParquetReader(source, file, { ...options, anyOf: [column] });
    await reader.open();
    // Awaited here: the reader is given back when this ends.
    return await reader.match(column, values);
  });
}

class ParquetReader {
  readonly #source: ParquetSource;
  readonly #file: DatasetFile;
  readonly #options: ParquetOptions;
  readonly #decodeMs: number;
  readonly #decoder = ParquetDecoder.take();
  #groups: readonly GroupSize[] = [];
  #largest = 0;

  constructor(source: ParquetSource, file: DatasetFile, options: ParquetOptions) {
    this.#source = source;
    this.#file = file;
    this.#options = options;
    this.#decodeMs = options.decodeMs ?? DEADLINE_MS;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#decoder.release(this.#largest > LARGE_GROUP_BYTES);
  }

  async open(): Promise<Opened> {
    const { columns, anyOf } = this.#options;
    const { name } = this.#file;
    const source =
      typeof this.#source === 'string' ? { path: this.#source } : { bytes: this.#source.bytes, key: this.#source.key };
    const opened = await this.#ask<Opened>(
      { type: 'open', source, name, columns, ms: this.#decodeMs },
      'its footer',
      0,
    );
    this.#groups = opened.groups;
    const isMissing =
      anyOf !== undefined && opened.columns.length > 0 && !anyOf.some((column) => opened.columns.includes(column));
    if (!isMissing) return opened;
    const what = anyOf.length === 1 ? `no column '${anyOf[0]}'` : `none of the columns ${anyOf.join(', ')}`;
    throw new Failure('dataset-column-missing', `${name}: row group 0 has ${what}`, {
      hint: `its columns are ${opened.columns.slice(0, 30).join(', ')}`,
    });
  }

  async prepare(groups: readonly GroupRows[]): Promise<void> {
    const nths = groups.map(({ nth }) => nth);
    const what = nths.length === 1 ? `row group ${nths[0]}` : `row groups ${nths.join(', ')}`;
    await this.#ask({ type: 'prepare', groups, ms: this.#decodeMs }, what, 0);
  }

  async match(column: string, values: readonly string[]): Promise<readonly number[]> {
    const bytes = this.#groups.reduce((sum, group) => sum + group.bytes, 0);
    const what = `column ${column} of row groups 0 to ${this.#groups.length - 1}`;
    return (await this.#ask<Matched>({ type: 'match', column, values, ms: this.#deadline(bytes) }, what, 0)).rows;
  }

  async *group(nth: number, wanted: readonly number[] | undefined): AsyncGenerator<Frame> {
    const bytes = this.#groups[nth]?.bytes ?? 0;
    this.#largest = Math.max(this.#largest, bytes);
    const ms = this.#deadline(bytes);
    const what = `row group ${nth}`;
    for (let word = this.#ask<Framed>({ type: 'group', nth, wanted, ms }, what, bytes); ; ) {
      const { frame, isLast } = await word;
      // Made ready while the reader is busy with this one.
      if (!isLast) word = this.#ask<Framed>({ type: 'next', ms }, what, bytes);
      word.catch(() => {});
      if (frame.length > 0) yield frame;
      if (isLast) break;
    }
  }

  #deadline(bytes: number): number {
    return this.#decodeMs + Math.min(bytes, 2 ** 31) * DEADLINE_MS_PER_BYTE;
  }

  async #ask<T extends Word>(order: Order, what: string, bytes: number): Promise<T> {
    const { signal } = this.#options;
    const { name } = this.#file;
    if (signal?.aborted) throw stopped(name);
    const word = await this.#decoder.ask(order, signal, this.#supply(signal)).catch((error: unknown) => {
      if (signal?.aborted) throw stopped(name);
      if (error instanceof Failure) throw error.scope === 'stopped' ? error : inPlace(error, `${name}: ${what}`);
      throw toFailure(error, name, what, bytes);
    });
    if (word.type !== 'failed') return word as T;
    const { code, message, scope, hint } = word;
    throw new Failure(code, message, hint === undefined ? { scope } : { scope, hint });
  }

  #supply(signal: AbortSignal | undefined) {
    const source = this.#source;
    if (typeof source === 'string') return undefined;
    return (ranges: readonly ByteRange[]) => source.read(ranges, signal ?? NEVER);
  }
}

const NEVER = new AbortController().signal;

function toFailure(error: unknown, name: string, what: string, bytes: number): Failure {
  if (!(error instanceof DecoderLost) || error.reason === 'unstarted') return unreadable(name, error);
  if (error.reason === 'late' || bytes < LARGE_GROUP_BYTES)
    return corrupt(name, `${what} cannot be read (${error.message})`, error);
  const hint = 'write the file again with smaller row groups, or raise the limit by NODE_OPTIONS=--max-old-space-size';
  return new Failure('dataset-too-large', `${name}: ${what} cannot be read (${error.message})`, { hint });
}
