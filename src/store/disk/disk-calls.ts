/** Paid work on disk: an intent is synced before the request leaves, an answer before anybody sees it. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '#contract/json.ts';
import type { CallIntent, CallJournal, CallRecord, Ledger } from '#contract/store.ts';
import { LedgerBook, sumLedgers } from '../ledger-book.ts';
import { FRAME } from './frame.ts';
import type { FsCalls } from './fs-calls.ts';
import {
  type AnswerPlace,
  type AnswerRecord,
  type IntentRecord,
  JOURNAL_SUFFIX,
  JournalReader,
  type JournalState,
  listJournals,
  readAnswer,
  type VoidRecord,
} from './journal-reader.ts';
import { JournalWindow } from './journal-window.ts';
import { JournalWriter } from './journal-writer.ts';
import type { LmdbIndex, LmdbTables } from './lmdb-index.ts';
import { OpenFiles } from './open-files.ts';

/** Answers are written to the shared table in groups of this size; until then they are in memory. */
const INDEX_EVERY = 256;
const RACY_MS = 100;

export class DiskCalls implements CallJournal {
  readonly #dir: string;
  readonly #name: string;
  readonly #writer: JournalWriter;
  readonly #lmdb: LmdbIndex;
  readonly #files = new OpenFiles();
  readonly #window = new JournalWindow();
  readonly #intents = new Map<string, CallIntent>();
  readonly #book = new LedgerBook();
  readonly #readers = new Map<string, JournalReader>();
  /** Answers not yet in the shared table, by key. */
  readonly #fresh = new Map<Digest, AnswerPlace>();
  #isIndexing = false;
  #count = 0;
  /** Until the loop turns, what was read of journals is not read again: rows are asked for in frames, calls in bursts. */
  #turn: { hasCaughtUp: boolean } | null = null;
  #listedAt = -1;
  /** How often something new was found in the journals of others. */
  #caughtUp = 0;
  #isReady = false;

  constructor(
    root: string,
    writer: string,
    lmdb: LmdbIndex,
    options: { fs: FsCalls; windowMs: number; prepareRoot: () => void },
  ) {
    this.#dir = join(root, 'calls');
    this.#name = `${writer}${JOURNAL_SUFFIX}`;
    this.#lmdb = lmdb;
    this.#writer = new JournalWriter(join(this.#dir, this.#name), options);
  }

  async find(keys: readonly Digest[]): Promise<(CallRecord | undefined)[]> {
    await this.#ready();
    const seen = this.#caughtUp;
    const found = await this.#findAll(keys);
    if (!found.includes(undefined)) return found;
    // Whoever held the call's lease before may have answered since we looked; another `find` may have read it meanwhile.
    // A lease is never given in the midst of a turn, so one look at the beginning will do for all who are given theirs.
    const turn = this.#thisTurn();
    if (!turn.hasCaughtUp) this.#catchUp();
    turn.hasCaughtUp = true;
    return this.#caughtUp === seen ? found : this.#findAll(keys);
  }

  #thisTurn(): { hasCaughtUp: boolean } {
    if (this.#turn !== null) return this.#turn;
    process.nextTick(() => {
      this.#turn = null;
      this.#window.forget();
    });
    this.#turn = { hasCaughtUp: false };
    return this.#turn;
  }

  async #findAll(keys: readonly Digest[]): Promise<(CallRecord | undefined)[]> {
    const tables = this.#readers.size > 0 || this.#count > 0 ? await this.#lmdb.openIfThere() : undefined;
    this.#thisTurn();
    return keys.map((key) => {
      const fresh = this.#fresh.get(key);
      const stored = toPlace(tables?.calls.get(Buffer.from(key, 'hex')));
      const places = [fresh, stored].filter((place) => place !== undefined).sort((a, b) => b.at - a.at);
      for (const place of places) {
        const answer = readAnswer(this.#dir, place, key, this.#files, this.#window);
        if (answer !== undefined) return answer;
      }
      return undefined;
    });
  }

  async intend(intent: CallIntent): Promise<string> {
    const id = `${this.#name}:${this.#count++}`;
    const record: IntentRecord = { ...intent, id };
    // Counted from here on: a reservation that may be on disk must not be given out twice.
    this.#book.intend(id, intent.pipeline, intent.reserveUsd, intent.run);
    try {
      await this.#writer.append(FRAME.intent, intent.key, record, () => {});
    } catch (error) {
      this.#book.void(id, intent.pipeline, 0);
      throw error;
    }
    this.#intents.set(id, intent);
    return id;
  }

  async answer(id: string, answer: Parameters<CallJournal['answer']>[1]): Promise<CallRecord> {
    const intent = this.#intentOf(id);
    const { key, pipeline, node, model, request } = intent;
    const record: CallRecord = { key, pipeline, node, model, request, ...answer, at: Date.now() };
    await this.#writer.append(FRAME.answer, key, { ...record, id } satisfies AnswerRecord, (offset) => {
      this.#book.answer(id, pipeline, answer.usd, answer.usage);
      this.#note(key, { journal: this.#name, offset, at: record.at });
    });
    this.#intents.delete(id);
    // The answer is safe; a table that cannot be written only costs a scan later.
    if (this.#fresh.size >= INDEX_EVERY) this.index().catch(() => {});
    return record;
  }

  async void(id: string, reason: string, usd = 0): Promise<void> {
    const { key, pipeline } = this.#intentOf(id);
    await this.#writer.append(FRAME.void, key, { id, pipeline, reason, usd } satisfies VoidRecord, () =>
      this.#book.void(id, pipeline, usd),
    );
    this.#intents.delete(id);
  }

  async ledger(pipeline: string, except?: string): Promise<Ledger> {
    await this.#ready();
    this.#catchUp();
    return sumLedgers([this.#book, ...[...this.#readers.values()].map((reader) => reader.book)], pipeline, except);
  }

  #note(key: Digest, place: AnswerPlace): void {
    const old = this.#fresh.get(key);
    if (old === undefined || old.at <= place.at) this.#fresh.set(key, place);
  }

  #intentOf(id: string): CallIntent {
    const intent = this.#intents.get(id);
    if (intent === undefined) throw new Error(`no open intent ${id}`);
    return intent;
  }

  // ---- other processes' journals, and the shared table -------------------------------------------------------------

  /** Takes up every journal where the last process left it. */
  async #ready(): Promise<void> {
    if (this.#isReady) return;
    if (listJournals(this.#dir).length > 0) {
      const tables = await this.#lmdb.openIfThere();
      for (const { key, value } of tables?.journals.getRange({}) ?? []) {
        const name = key.toString('utf8');
        if (name !== this.#name && !this.#readers.has(name))
          this.#readers.set(name, new JournalReader(this.#dir, name, this.#files, toState(value)));
      }
    }
    this.#isReady = true;
    this.#catchUp();
  }

  /** Reads what others wrote since we looked. */
  #catchUp(): void {
    const changedAt = modifiedAt(this.#dir);
    if (changedAt !== this.#listedAt) {
      // A time so recent may be given to the next file too.
      this.#listedAt = Date.now() - changedAt > RACY_MS ? changedAt : -1;
      for (const name of listJournals(this.#dir))
        if (name !== this.#name && !this.#readers.has(name))
          this.#readers.set(name, new JournalReader(this.#dir, name, this.#files));
    }
    for (const reader of this.#readers.values())
      if (reader.catchUp((key, place) => this.#note(key, place))) this.#caughtUp++;
  }

  /** Writes what was read and answered to the shared table, so that the next process need not read it again. */
  async index(isLast = false): Promise<void> {
    if (this.#isIndexing && !isLast) return;
    const fresh = [...this.#fresh];
    const ahead = [...this.#readers.values()].filter((reader) => reader.isAhead);
    if (this.#count === 0 && fresh.length === 0 && ahead.length === 0) return;
    const own: JournalState = { to: this.#writer.end, isClosed: isLast, ledger: this.#book.toState() };
    const states = ahead.map((reader) => [reader.name, reader.toState()] as const);
    this.#isIndexing = true;
    try {
      await this.#lmdb.transact((tables) => {
        for (const [key, place] of fresh) putAnswer(tables, key, place);
        if (this.#count > 0) putState(tables, this.#name, own);
        for (const [name, state] of states) putState(tables, name, state);
      });
    } finally {
      this.#isIndexing = false;
    }
    for (const [key, place] of fresh) if (this.#fresh.get(key) === place) this.#fresh.delete(key);
    states.forEach(([, { to }], nth) => {
      const reader = ahead[nth];
      if (reader !== undefined && reader.toState().to === to) reader.isAhead = false;
    });
  }

  async close(): Promise<void> {
    await this.#writer.close();
    // The journal itself is synced; a table that cannot be written costs the next process a scan.
    await this.index(true).catch(() => {});
    this.#files.close();
  }
}

/** Reads all journals into an empty table. */
export function rebuildCalls(root: string, tables: LmdbTables): void {
  const dir = join(root, 'calls');
  const files = new OpenFiles();
  try {
    for (const name of listJournals(dir)) {
      const reader = new JournalReader(dir, name, files);
      reader.catchUp((key, place) => putAnswer(tables, key, place));
      putState(tables, name, reader.toState());
    }
  } finally {
    files.close();
  }
}

function putAnswer({ calls }: LmdbTables, key: Digest, place: AnswerPlace): void {
  const bytes = Buffer.from(key, 'hex');
  const old = toPlace(calls.get(bytes));
  if (old === undefined || old.at <= place.at) calls.put(bytes, `${place.journal}:${place.offset}:${place.at}`);
}

function putState({ journals }: LmdbTables, name: string, state: JournalState): void {
  const key = Buffer.from(name);
  const old = journals.get(key);
  if (old === undefined || toState(old).to <= state.to) journals.put(key, JSON.stringify(state));
}

function toState(text: string): JournalState {
  return JSON.parse(text) as JournalState;
}

function toPlace(text: string | undefined): AnswerPlace | undefined {
  if (text === undefined) return undefined;
  const [journal = '', offset, at] = text.split(':');
  return { journal, offset: Number(offset), at: Number(at) };
}

function modifiedAt(dir: string): number {
  try {
    return statSync(dir).mtimeMs;
  } catch {
    return -2;
  }
}
