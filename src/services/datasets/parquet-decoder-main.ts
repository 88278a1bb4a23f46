/**
 * The process of `parquet-decoder.ts`: opens one file at a time and hands over its records in frames, as asked. Every step
 * has a deadline that a thread of its own holds it to, since a decoder in a loop hears nothing; it ends with its parent.
 */

import { Failure, type FailureScope } from '#contract/failure.ts';
// First: its thread starts while the other modules load.
import { watch } from './decoder-watch.ts';
import { Footers } from './footers.ts';
import type { Frame } from './frame.ts';
import { type GroupSize, ParquetFile } from './parquet-file.ts';
import type { GroupRows } from './parquet-pages.ts';
import type { ByteRange } from './ranged-bytes.ts';
import { messageOf } from './trouble.ts';

export type Order =
  | {
      readonly type: 'open';
      /** A file of this machine, or the length of one whose bytes the parent has. */
      readonly source: { readonly path: string } | { readonly bytes: number; readonly key: string };
      readonly name: string;
      readonly columns: readonly string[] | undefined;
      readonly ms: number;
    }
  /** Decodes a row group and answers with its first frame; `wanted` are rows of the file. */
  | {
      readonly type: 'group';
      readonly nth: number;
      readonly wanted: readonly number[] | undefined;
      readonly ms: number;
    }
  | { readonly type: 'next'; readonly ms: number }
  /** Fetches for the group orders that follow. */
  | { readonly type: 'prepare'; readonly groups: readonly GroupRows[]; readonly ms: number }
  /** Finds the rows whose column has one of the values. */
  | { readonly type: 'match'; readonly column: string; readonly values: readonly string[]; readonly ms: number }
  /** The answer to `needs`; null where the parent could not get them. */
  | { readonly type: 'bytes'; readonly parts: readonly Uint8Array[] | null; readonly ms: number };

export type Word =
  | { readonly type: 'ready' }
  | { readonly type: 'opened'; readonly groups: readonly GroupSize[]; readonly columns: readonly string[] }
  | { readonly type: 'prepared' }
  | { readonly type: 'matched'; readonly rows: readonly number[] }
  /** Asks the parent for bytes of the file; the order goes on when they come. */
  | { readonly type: 'needs'; readonly ranges: readonly ByteRange[] }
  | { readonly type: 'frame'; readonly frame: Frame; readonly isLast: boolean }
  | {
      readonly type: 'failed';
      readonly code: string;
      readonly message: string;
      readonly scope: FailureScope;
      readonly hint: string | undefined;
    };

const footers = new Footers(askParent);
let file: ParquetFile | null = null;
let frames: Iterator<Frame> = [][Symbol.iterator]();
let upcoming: Frame | null = null;

let asking: Promise<unknown> = Promise.resolve();
let supply: ((parts: readonly Uint8Array[] | null) => void) | null = null;

process.on('message', (order: Order) => {
  if (order.type !== 'bytes') return void obey(order);
  // The decoder goes on at once, and no timer of this thread would hear it.
  watch.postMessage(order.ms);
  supply?.(order.parts);
});
process.on('disconnect', () => process.exit());
// Deadlines told to a thread that is still starting are heard by it, whatever this one is in.
say({ type: 'ready' });

async function obey(order: Order): Promise<void> {
  watch.postMessage(order.ms);
  const word = await answer(order).catch((error: unknown) => {
    // What it was read from may be mended when it is asked for again.
    footers.clear();
    return toFailed(error);
  });
  watch.postMessage(0);
  say(word);
}

async function answer(order: Order): Promise<Word> {
  switch (order.type) {
    case 'open':
      await file?.close();
      file = null;
      file =
        'path' in order.source
          ? await ParquetFile.open(order.source.path, order.name, order.columns)
          : await footers.open(order.source.key, order.source.bytes, order.name, order.columns);
      return { type: 'opened', groups: file.groups, columns: file.columns };
    case 'group':
      frames = await opened().decode(order.nth, order.wanted);
      upcoming = following();
      return nextFrame();
    case 'next':
      return nextFrame();
    case 'prepare':
      await opened().prepare(order.groups);
      return { type: 'prepared' };
    case 'match':
      return { type: 'matched', rows: await opened().match(order.column, order.values) };
    case 'bytes':
      throw new Error('bytes are no order');
  }
}

function opened(): ParquetFile {
  if (file === null) throw new Error('rows are asked for, but no file is open');
  return file;
}

/** The deadline is the decoder's own: the parent has others for the network. Asked only when nothing here has work left. */
function askParent(ranges: readonly ByteRange[]): Promise<readonly Uint8Array[]> {
  const asked = asking.then(() => {
    watch.postMessage(0);
    return new Promise<readonly Uint8Array[]>((resolve, reject) => {
      supply = (parts) => {
        if (parts === null) reject(new Error('its bytes cannot be fetched'));
        else resolve(parts);
      };
      say({ type: 'needs', ranges });
    });
  });
  asking = asked.catch(() => undefined);
  return asked;
}

/** One frame ahead, to know the last one; a group that is handed over is let go of. */
function nextFrame(): Word {
  const frame = upcoming ?? [];
  upcoming = following();
  if (upcoming === null) frames = [][Symbol.iterator]();
  return { type: 'frame', frame, isLast: upcoming === null };
}

function following(): Frame | null {
  const { done, value } = frames.next();
  return done === true ? null : value;
}

function toFailed(error: unknown): Word {
  if (!(error instanceof Failure)) {
    return { type: 'failed', code: 'dataset-unreadable', message: messageOf(error), scope: 'infrastructure', hint: '' };
  }
  const { code, message, scope, hint } = error;
  return { type: 'failed', code, message, scope, hint };
}

function say(word: Word): void {
  process.send?.(word);
}
