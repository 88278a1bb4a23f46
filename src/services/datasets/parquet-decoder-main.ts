/**
 * The process of `parquet-decoder.ts`: opens one file at a time and hands over its records in frames, as asked. Every step
 * has a deadline that a thread of its own holds it to, since a decoder in a loop hears nothing; it ends with its parent.
 */

import { Worker } from 'node:worker_threads';
import { Failure, type FailureScope } from '#contract/failure.ts';
import type { Frame } from './frame.ts';
import { type GroupSize, ParquetFile } from './parquet-file.ts';
import { messageOf } from './trouble.ts';

export type Order =
  | {
      readonly type: 'open';
      readonly path: string;
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
  | { readonly type: 'next'; readonly ms: number };

export type Word =
  | { readonly type: 'ready' }
  | { readonly type: 'opened'; readonly groups: readonly GroupSize[] }
  | { readonly type: 'frame'; readonly frame: Frame; readonly isLast: boolean }
  | {
      readonly type: 'failed';
      readonly code: string;
      readonly message: string;
      readonly scope: FailureScope;
      readonly hint: string | undefined;
    };

/** Plain JavaScript, so that it starts at once and needs no loader. The signal tells the parent what happened. */
const WATCH = `
  const { parentPort } = require('node:worker_threads');
  let timer;
  parentPort.on('message', (ms) => {
    clearTimeout(timer);
    if (ms > 0) timer = setTimeout(() => process.kill(process.pid, 'SIGALRM'), ms);
  });
`;

const watch = new Worker(WATCH, { eval: true, execArgv: [], env: {} });
let file: ParquetFile | null = null;
let frames: Iterator<Frame> = [][Symbol.iterator]();
let upcoming: Frame | null = null;

process.on('message', (order: Order) => void obey(order));
process.on('disconnect', () => process.exit());
watch.once('online', () => say({ type: 'ready' }));

async function obey(order: Order): Promise<void> {
  watch.postMessage(order.ms);
  const word = await answer(order).catch(toFailed);
  watch.postMessage(0);
  say(word);
}

async function answer(order: Order): Promise<Word> {
  switch (order.type) {
    case 'open':
      await file?.close();
      file = null;
      file = await ParquetFile.open(order.path, order.name, order.columns);
      return { type: 'opened', groups: file.groups };
    case 'group':
      if (file === null) throw new Error('a row group is asked for, but no file is open');
      frames = await file.decode(order.nth, order.wanted);
      upcoming = following();
      return nextFrame();
    case 'next':
      return nextFrame();
  }
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
