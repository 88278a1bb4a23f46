/** Call journal, blobs and leases in memory, for tests of services that need no more of a store. */

import type { Digest } from '#contract/json.ts';
import type { BlobStore, CallIntent, CallJournal, CallRecord, Lease, Leases, Ledger } from '#contract/store.ts';
import { LedgerBook } from '#store/ledger-book.ts';
import { sha256 } from '#util/sha256.ts';

export class MemoryJournal implements CallJournal {
  readonly records = new Map<Digest, CallRecord>();
  readonly intents = new Map<string, CallIntent>();
  readonly voided: { readonly reason: string; readonly usd: number | undefined }[] = [];
  /** The most that paid and open calls ever came to. */
  highestUsd = 0;
  #nth = 0;
  readonly #book = new LedgerBook();

  async find(keys: readonly Digest[]) {
    return keys.map((key) => this.records.get(key));
  }

  async intend(intent: CallIntent) {
    const id = String(this.#nth++);
    this.intents.set(id, intent);
    this.#book.intend(id, intent.pipeline, intent.reserveUsd, intent.run);
    this.#measure(intent.pipeline);
    return id;
  }

  async answer(id: string, answer: Parameters<CallJournal['answer']>[1]) {
    const { key, pipeline, node, model, request } = this.#take(id);
    const record: CallRecord = { key, pipeline, node, model, request, ...answer, at: Date.now() };
    this.records.set(key, record);
    this.#book.answer(id, pipeline, answer.usd, answer.usage);
    this.#measure(pipeline);
    return record;
  }

  async void(id: string, reason: string, usd?: number) {
    const { pipeline } = this.#take(id);
    this.voided.push({ reason, usd });
    this.#book.void(id, pipeline, usd ?? 0);
  }

  async ledger(pipeline: string, except?: string): Promise<Ledger> {
    return this.#book.ledger(pipeline, except);
  }

  #measure(pipeline: string): void {
    const { usd, openUsd } = this.#book.ledger(pipeline);
    this.highestUsd = Math.max(this.highestUsd, usd + openUsd);
  }

  #take(id: string): CallIntent {
    const intent = this.intents.get(id);
    if (intent === undefined) throw new Error(`no open intent ${id}`);
    this.intents.delete(id);
    return intent;
  }
}

export function makeMemoryBlobs(): BlobStore & { readonly bodies: ReadonlyMap<Digest, Uint8Array> } {
  const bodies = new Map<Digest, Uint8Array>();
  return {
    bodies,
    has: async (digests) => digests.map((digest) => bodies.has(digest)),
    get: async (digests) => digests.map((digest) => bodies.get(digest)),
    put: async (blobs) => {
      for (const blob of blobs) {
        const bytes =
          'bytes' in blob
            ? blob.bytes
            : Buffer.from(`[${blob.items.map((item) => Buffer.from(item.bytes)).join(',')}]`);
        if (sha256(bytes) !== blob.digest) throw new Error('a blob whose digest is not its own');
        bodies.set(blob.digest, bytes);
      }
    },
  };
}

export function makeMemoryLeases(): Leases {
  const held = new Set<string>();
  return {
    reserve: async (key): Promise<Lease | undefined> => {
      if (held.has(key)) return undefined;
      held.add(key);
      return { key, release: async () => void held.delete(key) };
    },
  };
}
