/** Datasets, wherever they lie: streamed, looked up by a column, or fetched record by record. */

import { Failure } from '#contract/failure.ts';
import type {
  DatasetFile,
  DatasetItem,
  DatasetRecord,
  DatasetRef,
  DatasetService,
  RecordPlace,
  RowRange,
} from '#contract/services.ts';
import { badRecord } from '#util/bad-record.ts';
import { fetchRecords } from './fetch-records.ts';
import type { FileAccess } from './file-access.ts';
import type { Frame, ReadOptions } from './frame.ts';
import { LocalFiles } from './local-files.ts';
import { readFile } from './read-file.ts';
import { readInside } from './read-inside.ts';
import { matchRows, readGroups } from './read-parquet.ts';
import { readRanges } from './read-ranges.ts';
import { RemoteFiles } from './remote-files.ts';
import type { Remotes } from './remotes.ts';

const DEFAULT_MAX_LINE_BYTES = 64 << 20;

interface Options {
  readonly columns?: readonly string[];
  readonly anyOf?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Places by the value of one column, over all files of a dataset. */
type Index = Map<string, RecordPlace[]>;

export interface DatasetOptions {
  /** The manifest's folder, which dataset specs are relative to. */
  readonly dir: string;
  readonly maxLineBytes?: number;
  /** After this long, and a second per 10 MB, a Parquet row group is taken for damaged. */
  readonly decodeMs?: number;
  /** Left out where nothing remote is to be read. */
  readonly remotes?: Remotes;
}

export interface DatasetHub {
  /** What is fetched is counted for the node. */
  bind(node: string, signal: AbortSignal): DatasetService;
}

export function makeDatasetHub(options: DatasetOptions): DatasetHub {
  const indexes = new Map<string, Promise<Index>>();
  const local = new LocalFiles(options.dir);
  return { bind: (node, signal) => new Datasets(options, local, indexes, node, signal) };
}

export function makeDatasets(options: DatasetOptions): DatasetService {
  return makeDatasetHub(options).bind('', new AbortController().signal);
}

class Datasets implements DatasetService {
  readonly #options: DatasetOptions;
  readonly #local: LocalFiles;
  readonly #remote: RemoteFiles | null;
  readonly #indexes: Map<string, Promise<Index>>;
  readonly #signal: AbortSignal;

  constructor(
    options: DatasetOptions,
    local: LocalFiles,
    indexes: Map<string, Promise<Index>>,
    node: string,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#local = local;
    this.#remote = options.remotes === undefined ? null : new RemoteFiles(options.remotes, node);
    this.#indexes = indexes;
    this.#signal = signal;
  }

  async files(ref: DatasetRef, { signal = this.#signal }: Options = {}): Promise<readonly DatasetFile[]> {
    return ref.remote === undefined ? ref.files : this.#far(ref).files(ref, signal);
  }

  async *read(ref: DatasetRef, options: Options = {}): AsyncGenerator<Frame> {
    for (const file of await this.files(ref, options)) {
      const access = await this.#access(ref, file, false);
      yield* this.#mended(ref, file, readFile(access, file, this.#readOptions(options)));
    }
  }

  async groups(ref: DatasetRef, file: DatasetFile, options: Options = {}) {
    const access = await this.#access(ref, file, true);
    const read = this.#readOptions(options);
    return this.#mend(ref, file, async () => {
      if (file.format === 'parquet') {
        const groups = await readGroups(access.parquet, file, { ...read, anyOf: options.anyOf });
        return groups.map(({ start, rows }) => ({ start, end: start + rows }));
      }
      let end = 0;
      for await (const frame of readFile(access, file, { ...read, columns: [] }))
        for (const item of frame) end = Math.max(end, ('record' in item ? item.record : item.trouble).index + 1);
      return end === 0 ? [] : [{ start: 0, end }];
    });
  }

  async rows(
    ref: DatasetRef,
    ranges: readonly RowRange[],
    options: Options = {},
  ): Promise<readonly (readonly DatasetItem[])[]> {
    const found = new Map<RowRange, readonly DatasetItem[]>();
    for (const file of await this.files(ref, options)) {
      const here = ranges.filter((range) => range.file === file.name);
      if (here.length === 0) continue;
      const access = await this.#access(ref, file, true);
      const read = { ...this.#readOptions(options), anyOf: options.anyOf };
      for (const [range, items] of await this.#mend(ref, file, () => readRanges(access, file, here, read)))
        found.set(range, items);
    }
    return ranges.map((range) => found.get(range) ?? []);
  }

  async find(
    ref: DatasetRef,
    column: string,
    values: readonly string[],
    options: Options = {},
  ): Promise<readonly DatasetRecord[]> {
    const { remote } = ref;
    if (remote?.type === 'github') return this.#far(ref).pulls(remote, column, values, options.signal ?? this.#signal);
    const files = await this.files(ref, options);
    if (remote !== undefined && files.every(({ format }) => format === 'parquet'))
      return this.fetch(ref, await this.#match(ref, files, column, values, options), options);
    const index = await this.#index(ref, column);
    const places = [...new Set(values)].flatMap((value) => index.get(value) ?? []);
    const order = new Map(files.map(({ name }, nth) => [name, nth]));
    places.sort((a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.index - b.index);
    return this.fetch(ref, places, options);
  }

  async fetch(
    ref: DatasetRef,
    places: readonly RecordPlace[],
    options: Options = {},
  ): Promise<readonly DatasetRecord[]> {
    const found = new Map<string, Map<number, DatasetRecord>>();
    for (const file of await this.files(ref, options)) {
      const here = places.filter((place) => place.file === file.name);
      if (here.length === 0) continue;
      const access = await this.#access(ref, file, true);
      const records = await this.#mend(ref, file, () => fetchRecords(access, file, here, this.#readOptions(options)));
      found.set(file.name, records);
    }
    return places.flatMap((place) => found.get(place.file)?.get(place.index) ?? []);
  }

  async readText(ref: DatasetRef, path: string, base: 'dataset' | 'manifest' = 'dataset'): Promise<string> {
    const folder = base === 'manifest' ? this.#options.dir : await this.#local.folder(ref);
    return readInside(folder, path);
  }

  /** The key goes to where the data is: statistics, Bloom filters, page indexes, and of what is left one column's pages. */
  async #match(
    ref: DatasetRef,
    files: readonly DatasetFile[],
    column: string,
    values: readonly string[],
    options: Options,
  ) {
    const places: RecordPlace[] = [];
    for (const file of files) {
      const access = await this.#access(ref, file, true);
      const { columns: _, ...read } = this.#readOptions(options);
      const rows = await this.#mend(ref, file, () =>
        matchRows(access.parquet, file, column, [...new Set(values)], read),
      );
      places.push(...rows.map((index) => ({ file: file.name, index })));
    }
    return places;
  }

  #readOptions({ columns, signal = this.#signal }: Options): ReadOptions {
    const { maxLineBytes = DEFAULT_MAX_LINE_BYTES, decodeMs } = this.#options;
    return { columns, signal, maxLineBytes, decodeMs };
  }

  /** @param isKept whether what is fetched is kept in the store; a pass over everything is not */
  #access(ref: DatasetRef, file: DatasetFile, isKept: boolean): Promise<FileAccess> | FileAccess {
    return ref.remote === undefined ? this.#local.access(ref, file) : this.#far(ref).access(ref, file, isKept);
  }

  #far({ spec }: DatasetRef): RemoteFiles {
    if (this.#remote !== null) return this.#remote;
    throw new Failure('dataset-remote-unsupported', `${spec} cannot be read here`, { scope: 'infrastructure' });
  }

  /** What was kept of a file that turns out to be damaged is fetched anew by the next run. */
  async #mend<T>(ref: DatasetRef, file: DatasetFile, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (ref.remote !== undefined && error instanceof Failure && error.code === 'dataset-corrupt')
        await this.#far(ref).forget(file);
      throw error;
    }
  }

  async *#mended(ref: DatasetRef, file: DatasetFile, frames: AsyncGenerator<Frame>): AsyncGenerator<Frame> {
    try {
      yield* frames;
    } catch (error) {
      await this.#mend(ref, file, () => Promise.reject(error));
    }
  }

  #index(ref: DatasetRef, column: string): Promise<Index> {
    const key = JSON.stringify([ref.digest, column]);
    const known = this.#indexes.get(key) ?? this.#makeIndex(ref, column);
    this.#indexes.set(key, known);
    known.catch(() => this.#indexes.delete(key));
    return known;
  }

  /**
   * Records without the column, or with something that is no text in it, can never be asked for.
   *
   * @throws Failure `dataset-column-missing` where no record has it: a name that is wrong, not a lookup that finds nothing
   */
  async #makeIndex(ref: DatasetRef, column: string): Promise<Index> {
    const index: Index = new Map();
    const seen = { any: false, column: false };
    for await (const frame of this.read(ref, { columns: [column] })) {
      for (const item of frame) {
        if (!('record' in item)) throw badRecord(item.trouble);
        const { file, index: place, span, value: record } = item.record;
        seen.any = true;
        seen.column ||= Object.hasOwn(record, column);
        const value = record[column];
        if (typeof value !== 'string' && typeof value !== 'number') continue;
        const entry = span === undefined ? { file, index: place } : { file, index: place, span };
        const there = index.get(String(value));
        if (there === undefined) index.set(String(value), [entry]);
        else there.push(entry);
      }
    }
    if (seen.any && !seen.column) throw await this.#columnMissing(ref, column);
    return index;
  }

  async #columnMissing(ref: DatasetRef, column: string): Promise<Failure> {
    let names: string[] = [];
    for await (const [item] of this.read(ref)) {
      if (item !== undefined && 'record' in item) names = Object.keys(item.record.value);
      if (names.length > 0) break;
    }
    const offered = names.slice(0, 30).join(', ');
    return new Failure(
      'dataset-column-missing',
      `${ref.name}: no record has a column '${column}'; the first has ${offered}`,
    );
  }
}
