/** What a run is given from outside, and what its nodes share. */

import type { EventBody } from '#contract/event.ts';
import type { Publisher } from '#contract/files.ts';
import type { JsonObject } from '#contract/json.ts';
import type { Plan } from '#contract/plan.ts';
import type { ServiceHub } from '#contract/services.ts';
import type { Store } from '#contract/store.ts';
import type { ActionEntry, EntryBook, NodeEntry } from './entries.ts';
import type { ActionKeysEntry } from './known-actions.ts';
import type { Pool, Turns } from './pools.ts';
import type { Rows } from './rows.ts';

export interface RunOptions {
  /** A trial: every source that feeds `from` edges ends after this many rows. */
  readonly limit: number | null;
  /** Nodes whose code runs again; recorded answers are used. */
  readonly rerun: ReadonlySet<string>;
  /** Nodes whose calls are paid anew; implies rerun. */
  readonly resample: ReadonlySet<string>;
  /** Deep-freezes what kinds are given, to catch one that changes shared rows. For tests. */
  readonly freeze: boolean;
  /** Where trees go instead of `to`; a folder per node under it. Null publishes to `to`. */
  readonly publishUnder: string | null;
}

export interface RunEnvironment {
  readonly store: Store;
  readonly hub: ServiceHub;
  readonly publisher: Publisher;
  /** Where the store lies, or null for one in memory. */
  readonly storeFolder: string | null;
  emit(event: EventBody): void;
  /** First Ctrl-C: finish what is in flight, start nothing. */
  readonly drain: AbortSignal;
  /** Second Ctrl-C: give up what is in flight. */
  readonly stop: AbortSignal;
  /** Who makes the entries: `{run, host}`. */
  readonly origin: JsonObject;
}

/** What the nodes of one attempt share. */
export interface Shared {
  readonly plan: Plan;
  readonly options: RunOptions;
  readonly env: RunEnvironment;
  readonly rows: Rows;
  readonly nodes: EntryBook<NodeEntry>;
  readonly actions: EntryBook<ActionEntry>;
  readonly actionKeys: EntryBook<ActionKeysEntry>;
  readonly turns: Turns;
  readonly pools: ReadonlyMap<string, Pool>;
  /** Nodes whose stored bodies were found damaged: their entries are not believed until they are made again. */
  readonly distrusted: ReadonlySet<string>;
}
