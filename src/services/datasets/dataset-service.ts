/** Datasets on the local disk: streamed, looked up by a column, or fetched record by record. */

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DatasetFile, DatasetRecord, DatasetRef, DatasetService, RecordPlace } from '#contract/services.ts';
import { badRecord } from '#util/bad-record.ts';
import { hasWildcards } from '../files/glob.ts';
import { datasetRoot } from './dataset-root.ts';
import { fetchRecords } from './fetch-records.ts';
import type { Frame, ReadOptions } from './frame.ts';
import { readBytes } from './read-bytes.ts';
import { readFile } from './read-file.ts';
import { readInside } from './read-inside.ts';

const DEFAULT_MAX_LINE_BYTES = 64 << 20;

interface Options {
  readonly columns?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Places by the value of one column, over all files of a dataset. */
type Index = Map<string, RecordPlace[]>;

/**
 * @param dir the manifest's folder, which dataset specs are relative to
 * @param decodeMs after this long, and a second per 10 MB, a Parquet row group is taken for damaged
 */
export function makeDatasets(options: {
  readonly dir: string;
  readonly maxLineBytes?: number;
  readonly decodeMs?: number;
}): DatasetService {
  return new LocalDatasets(options.dir, options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES, options.decodeMs);
}

class LocalDatasets implements DatasetService {
  readonly #dir: string;
  readonly #maxLineBytes: number;
  readonly #decodeMs: number | undefined;
  readonly #indexes = new Map<string, Promise<Index>>();
  /** Parquet files are read from the middle, so what they hold is checked once in front. */
  readonly #checked = new Map<string, Promise<void>>();

  constructor(dir: string, maxLineBytes: number, decodeMs: number | undefined) {
    this.#dir = dir;
    this.#maxLineBytes = maxLineBytes;
    this.#decodeMs = decodeMs;
  }

  async *read(ref: DatasetRef, options: Options = {}): AsyncGenerator<Frame> {
    const folder = await this.#folder(ref);
    for (const file of ref.files) {
      const path = join(folder, file.name);
      await this.#check(path, file);
      yield* readFile(path, file, this.#readOptions(options));
    }
  }

  async find(
    ref: DatasetRef,
    column: string,
    values: readonly string[],
    options: Options = {},
  ): Promise<readonly DatasetRecord[]> {
    const index = await this.#index(ref, column);
    const places = [...new Set(values)].flatMap((value) => index.get(value) ?? []);
    const order = new Map(ref.files.map(({ name }, nth) => [name, nth]));
    places.sort((a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.index - b.index);
    return this.fetch(ref, places, options);
  }

  async fetch(
    ref: DatasetRef,
    places: readonly RecordPlace[],
    options: Options = {},
  ): Promise<readonly DatasetRecord[]> {
    const folder = await this.#folder(ref);
    const found = new Map<string, Map<number, DatasetRecord>>();
    for (const file of ref.files) {
      const here = places.filter((place) => place.file === file.name);
      if (here.length === 0) continue;
      const path = join(folder, file.name);
      await this.#check(path, file);
      found.set(file.name, await fetchRecords(path, file, here, this.#readOptions(options)));
    }
    return places.flatMap((place) => found.get(place.file)?.get(place.index) ?? []);
  }

  async readText(ref: DatasetRef, path: string, base: 'dataset' | 'manifest' = 'dataset'): Promise<string> {
    return readInside(base === 'manifest' ? this.#dir : await this.#folder(ref), path);
  }

  #readOptions({ columns, signal }: Options): ReadOptions {
    return { columns, signal, maxLineBytes: this.#maxLineBytes, decodeMs: this.#decodeMs };
  }

  async #folder({ spec }: DatasetRef): Promise<string> {
    const isFolder =
      !hasWildcards(spec) && (await stat(resolve(this.#dir, spec)).catch(() => null))?.isDirectory() === true;
    return datasetRoot(spec, this.#dir, isFolder).folder;
  }

  async #check(path: string, file: DatasetFile): Promise<void> {
    if (file.format !== 'parquet') return;
    const key = `${file.digest} ${path}`;
    const known = this.#checked.get(key) ?? drain(readBytes(path, file));
    this.#checked.set(key, known);
    await known;
  }

  #index(ref: DatasetRef, column: string): Promise<Index> {
    const key = JSON.stringify([ref.digest, column]);
    const known = this.#indexes.get(key) ?? this.#makeIndex(ref, column);
    this.#indexes.set(key, known);
    known.catch(() => this.#indexes.delete(key));
    return known;
  }

  /** Records without the column, or with something that is no text in it, can never be asked for. */
  async #makeIndex(ref: DatasetRef, column: string): Promise<Index> {
    const index: Index = new Map();
    for await (const frame of this.read(ref, { columns: [column] })) {
      for (const item of frame) {
        if (!('record' in item)) throw badRecord(item.trouble);
        const { file, index: place, span, value: record } = item.record;
        const value = record[column];
        if (typeof value !== 'string' && typeof value !== 'number') continue;
        const entry = span === undefined ? { file, index: place } : { file, index: place, span };
        const there = index.get(String(value));
        if (there === undefined) index.set(String(value), [entry]);
        else there.push(entry);
      }
    }
    return index;
  }
}

async function drain(chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of chunks);
}
