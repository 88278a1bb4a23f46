/** What journals of any process say: which answers lie where, and what was paid. A torn end is not part of a journal. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '#contract/json.ts';
import type { CallIntent, CallRecord } from '#contract/store.ts';
import { LedgerBook, type LedgerState } from '../ledger-book.ts';
import { FRAME, frameType, HEAD_BYTES, isFrameOf, isIntact } from './frame.ts';
import type { JournalWindow } from './journal-window.ts';
import type { OpenFiles } from './open-files.ts';
import { scanFrames } from './scan-frames.ts';
import { errnoOf, toStoreFailure } from './store-failure.ts';

export interface AnswerPlace {
  readonly journal: string;
  readonly offset: number;
  readonly at: number;
}

/** Records as they are in a journal; the key is in the frame. */
export type IntentRecord = CallIntent & { readonly id: string };
export type AnswerRecord = CallRecord & { readonly id: string };
export interface VoidRecord {
  readonly id: string;
  readonly pipeline: string;
  readonly reason: string;
  readonly usd: number;
}

/** How far a journal was read and what it came to. */
export interface JournalState {
  readonly to: number;
  readonly isClosed: boolean;
  readonly ledger: LedgerState;
}

export const JOURNAL_SUFFIX = '.calls';

export function listJournals(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => name.endsWith(JOURNAL_SUFFIX))
      .sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw toStoreFailure(error, dir);
  }
}

export class JournalReader {
  readonly name: string;
  readonly #path: string;
  readonly #files: OpenFiles;
  #to: number;
  readonly isClosed: boolean;
  readonly book: LedgerBook;
  /** Read further than the shared table says. */
  isAhead = false;

  constructor(dir: string, name: string, files: OpenFiles, state?: JournalState) {
    this.name = name;
    this.#path = join(dir, name);
    this.#files = files;
    this.#to = state?.to ?? 0;
    this.isClosed = state?.isClosed ?? false;
    this.book = new LedgerBook(state?.ledger);
  }

  toState(): JournalState {
    return { to: this.#to, isClosed: this.isClosed, ledger: this.book.toState() };
  }

  /** Reads what was appended since. @returns whether there was anything */
  catchUp(onAnswer: (key: Digest, place: AnswerPlace) => void): boolean {
    if (this.isClosed) return false;
    try {
      if (statSync(this.#path).size <= this.#to) return false;
      const before = this.#to;
      const { end } = scanFrames(this.#files.fd(this.#path), this.#to, ({ type, key, offset, payload }) => {
        const record = parse(payload);
        if (record === undefined) return;
        foldRecord(this.book, type, record);
        if (type === FRAME.answer)
          onAnswer(key, { journal: this.name, offset, at: (record as unknown as AnswerRecord).at });
      });
      this.#to = end;
      if (end > before) this.isAhead = true;
      return end > before;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw toStoreFailure(error, this.#path);
    }
  }
}

function foldRecord(book: LedgerBook, type: number, record: object): void {
  if (type === FRAME.intent) {
    const { id, pipeline, reserveUsd } = record as IntentRecord;
    book.intend(id, pipeline, reserveUsd);
  } else if (type === FRAME.answer || type === FRAME.answerGone) {
    const { id, pipeline, usd, usage } = record as AnswerRecord;
    book.answer(id, pipeline, usd, usage);
  } else if (type === FRAME.void) {
    const { id, pipeline, usd } = record as VoidRecord;
    book.void(id, pipeline, usd);
  }
}

/** The answer at a place, or undefined where it is damaged or gone. */
export function readAnswer(
  dir: string,
  place: AnswerPlace,
  key: Digest,
  files: OpenFiles,
  window: JournalWindow,
): CallRecord | undefined {
  const path = `${dir}/${place.journal}`;
  try {
    const bytes = window.frame(path, place.offset, files);
    if (bytes === undefined) return undefined;
    if (!isIntact(bytes, 0) || frameType(bytes, 0) !== FRAME.answer || !isFrameOf(bytes, 0, key)) return undefined;
    const record = parse(bytes.subarray(HEAD_BYTES)) as AnswerRecord | undefined;
    if (record === undefined) return undefined;
    const { id: _, ...answer } = record;
    return answer;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'EIO') return undefined;
    throw toStoreFailure(error, path);
  }
}

function parse(payload: Buffer): object | undefined {
  try {
    const record: unknown = JSON.parse(payload.toString('utf8'));
    return typeof record === 'object' && record !== null ? record : undefined;
  } catch {
    return undefined;
  }
}
