/** What the engine asks of a store: batched and async, with no path and no database type in it. */

import type { Digest, Json, JsonObject } from './json.ts';
import type { Usage } from './services.ts';

export type Blob =
  | { readonly digest: Digest; readonly bytes: Uint8Array }
  /** A JSON array whose bytes are `[` + items joined by `,` + `]`; items are stored once each, so shared prefixes cost nothing. */
  | { readonly digest: Digest; readonly items: readonly { readonly digest: Digest; readonly bytes: Uint8Array }[] };

/** Bodies by content. Every read is checked against its digest: a wrong or missing body reads as `undefined`. */
export interface BlobStore {
  has(digests: readonly Digest[]): Promise<boolean[]>;
  get(digests: readonly Digest[]): Promise<(Uint8Array | undefined)[]>;
  /** Stores those not yet there. Durable after the next `sync`. */
  put(blobs: readonly Blob[]): Promise<void>;
}

/** The sizes at which work is reused. Calls are the same mechanism with an intent in front (see CallJournal). */
export type EntryLevel = 'node' | 'action';

export interface Entry {
  readonly key: Digest;
  readonly body: JsonObject;
  /** Who made it: `{run, host}`; never compared. Room for a signature. */
  readonly origin: JsonObject;
}

export interface EntryStore {
  get(level: EntryLevel, keys: readonly Digest[]): Promise<(Entry | undefined)[]>;
  /** Returns the winners, in order: another process may have been first. `replace` is for reruns that were asked for. */
  put(level: EntryLevel, entries: readonly Entry[], options?: { readonly replace?: boolean }): Promise<Entry[]>;
}

// ---- calls ----------------------------------------------------------------------------------------------------

export interface CallIntent {
  readonly key: Digest;
  readonly pipeline: string;
  readonly run: string;
  readonly node: string;
  readonly endpoint: string;
  readonly model: string;
  /** The most that this call can cost, USD. */
  readonly reserveUsd: number;
  /** Blob of the request as rendered. */
  readonly request: Digest;
}

export interface CallRecord {
  readonly key: Digest;
  readonly pipeline: string;
  readonly node: string;
  readonly model: string;
  readonly request: Digest;
  /** `{text, reasoning, finishReason, servedModel, providerId, raw}`: already redacted. */
  readonly answer: JsonObject;
  readonly usage: Usage;
  readonly usd: number;
  /** Milliseconds since the epoch; evidence only. */
  readonly at: number;
  readonly latencyMs: number;
}

/** What a pipeline has spent in this store, and what it may have spent on calls that never came back. USD. */
export interface Ledger {
  readonly calls: number;
  readonly usd: number;
  readonly openCalls: number;
  readonly openUsd: number;
  readonly input: number;
  readonly output: number;
}

/** Paid work: the intent is on disk before the request leaves, the answer before anybody sees it. */
export interface CallJournal {
  /** The latest answer of each key. */
  find(keys: readonly Digest[]): Promise<(CallRecord | undefined)[]>;
  /** Durable when it resolves (grouped). Returns the intent's id. */
  intend(intent: CallIntent): Promise<string>;
  /** Durable when it resolves. */
  answer(
    intent: string,
    answer: { readonly answer: JsonObject; readonly usage: Usage; readonly usd: number; readonly latencyMs: number },
  ): Promise<CallRecord>;
  /** The call is known not to have been billed (refused, 429 …) or, with `usd`, to have cost that much without an answer. */
  void(intent: string, reason: string, usd?: number): Promise<void>;
  /** @param except a run of this process that is left out: what others spent */
  ledger(pipeline: string, except?: string): Promise<Ledger>;
}

// ---- leases ---------------------------------------------------------------------------------------------------

export interface Lease {
  readonly key: string;
  release(): Promise<void>;
}

/** For calls, whole nodes and published folders: exactly one computation a key over all processes on the store. */
export interface Leases {
  /** `undefined` while somebody alive holds it; a holder that stopped its heartbeat is taken over. */
  reserve(key: string): Promise<Lease | undefined>;
}

// ---- runs -----------------------------------------------------------------------------------------------------

export interface RunFolder {
  readonly id: string;
  readonly path: string;
  append(lines: readonly string[]): void;
  write(name: string, text: string): Promise<void>;
  read(name: string): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface RunFolders {
  create(id: string): Promise<RunFolder>;
  open(id: string): Promise<RunFolder | undefined>;
  /** Ids, newest first. */
  list(): Promise<string[]>;
}

// ---- the store ------------------------------------------------------------------------------------------------

export interface Store {
  readonly blobs: BlobStore;
  readonly entries: EntryStore;
  readonly calls: CallJournal;
  readonly leases: Leases;
  readonly runs: RunFolders;
  /** Small derived facts by name (stat cache, measured tokens, compiled manifests); losing them costs time only. */
  readonly notes: { get(name: string): Promise<Json | undefined>; put(name: string, value: Json): Promise<void> };
  /** Bodies synced, then index: what was put before is durable after. @throws Failure `store-full`, `store-read-only` */
  sync(): Promise<void>;
  close(): Promise<void>;
}
