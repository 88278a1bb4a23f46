/** Records are handed on in frames: few enough to hold, many enough that a frame costs nothing. */

import type { Json, JsonObject } from '#contract/json.ts';
import type { DatasetItem } from '#contract/services.ts';
import { isObject } from '#util/json-object.ts';

export type Frame = readonly DatasetItem[];

const MOST_ITEMS = 256;
const MOST_BYTES = 4 << 20;

/** What a reader of one file is given. */
export interface ReadOptions {
  readonly columns?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Longest line, or longest value of a file that is one value. */
  readonly maxLineBytes: number;
  /** How long one step of decoding may take, besides what its size allows for. */
  readonly decodeMs?: number | undefined;
}

export class FrameBuilder {
  readonly #file: string;
  readonly #columns: readonly string[] | null;
  #items: DatasetItem[] = [];
  #bytes = 0;

  constructor(file: string, columns: readonly string[] | undefined) {
    this.#file = file;
    this.#columns = columns ?? null;
  }

  get isFull(): boolean {
    return this.#items.length >= MOST_ITEMS || this.#bytes >= MOST_BYTES;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  take(): Frame {
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    return items;
  }

  /** Adds a record, or the trouble that it is not an object. */
  value(index: number, value: Json, bytes: number, span?: readonly [number, number]): void {
    if (!isObject(value)) {
      const what = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
      this.trouble(index, 'not-an-object', `a record must be an object, this is ${what}`);
      return;
    }
    const chosen = this.#columns === null ? value : pick(value, this.#columns);
    const file = this.#file;
    const record = span === undefined ? { file, index, value: chosen } : { file, index, value: chosen, span };
    this.#items.push({ record });
    this.#bytes += bytes;
  }

  trouble(index: number, code: string, reason: string): void {
    this.#items.push({ trouble: { file: this.#file, index, code, reason } });
  }
}

/** Members named by `columns`; `__proto__` stays the plain member it is. */
function pick(value: JsonObject, columns: readonly string[]): JsonObject {
  return Object.fromEntries(
    columns.filter((name) => Object.hasOwn(value, name)).map((name) => [name, value[name] ?? null]),
  );
}
