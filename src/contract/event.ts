/** Everything that can happen in a run. The engine's only voice: report folds these and nothing else. */

import type { SourceSpan } from './diagnostic.ts';
import type { Digest } from './json.ts';
import type { Usage } from './services.ts';

/** See docs/architecture.md for the table of transitions. */
export type NodeState =
  | 'unwanted'
  | 'wanted'
  | 'ready'
  | 'running'
  | 'done'
  | 'failed'
  | 'blocked'
  | 'stopped'
  | 'skipped';

export interface NodeCounts {
  /** Rows that arrived. Always `emitted + consumed + rejected + failed + untried` once the node has ended. */
  readonly in: number;
  readonly emitted: number;
  readonly consumed: number;
  readonly rejected: number;
  readonly failed: number;
  readonly untried: number;
  /** Rows of `emitted + rejected + consumed` whose action was reused. */
  readonly reused: number;
  /** Rows on all ports of the kind (without rejected, tally). */
  readonly out: number;
  /** For kinds that draw: what was looked at (`considered = out + dropped`). */
  readonly considered: number;
  readonly dropped: number;
  readonly inFlight: number;
  /** Rejections and drops by code. */
  readonly codes: { readonly [code: string]: number };
  /** Failures by code. */
  readonly failures: { readonly [code: string]: number };
  readonly calls: number;
  readonly reusedCalls: number;
  readonly usage: Usage;
  readonly usd: number;
}

export interface PortSummary {
  readonly digest: Digest;
  readonly count: number;
  readonly partial: boolean;
}

export interface NodeHeader {
  readonly id: string;
  readonly kind: string;
  readonly scope: 'source' | 'row' | 'whole';
  readonly depth: number;
  /** `node.port` of every edge that feeds it. */
  readonly inputs: readonly string[];
  readonly at?: SourceSpan;
  readonly description?: string;
}

export type RunOutcome = 'done' | 'failed' | 'gated' | 'frozen' | 'spent' | 'stopped';

export type EventBody =
  | {
      readonly type: 'run-started';
      readonly pipeline: string;
      readonly profile: string;
      readonly file: string;
      readonly argv: readonly string[];
      readonly nodes: readonly NodeHeader[];
      readonly budgetUsd: number | null;
      /** Paid before this run began, by this pipeline in this store. */
      readonly spentUsd: number;
    }
  | {
      readonly type: 'node-state';
      readonly node: string;
      readonly state: NodeState;
      /** `node`: the whole node was reused without reading a row. */
      readonly reused?: boolean;
      /** Why it is blocked, skipped, failed or waits. */
      readonly reason?: { readonly code: string; readonly message: string };
      readonly counts?: NodeCounts;
      readonly ports?: { readonly [port: string]: PortSummary };
    }
  | { readonly type: 'node-progress'; readonly node: string; readonly counts: NodeCounts; readonly waiting?: string }
  | {
      readonly type: 'row-trouble';
      readonly node: string;
      readonly row: string;
      readonly disposition: 'rejected' | 'failed' | 'untried';
      readonly code: string;
      readonly message: string;
      /** What to do about it. */
      readonly hint?: string;
    }
  | {
      readonly type: 'call-started';
      readonly node: string;
      readonly call: Digest;
      readonly endpoint: string;
      readonly model: string;
    }
  | {
      readonly type: 'call-retry';
      readonly node: string;
      readonly call: Digest;
      readonly endpoint: string;
      readonly model: string;
      readonly code: string;
      readonly waitMs: number;
    }
  | {
      readonly type: 'call-finished';
      readonly node: string;
      readonly call: Digest;
      readonly endpoint: string;
      readonly model: string;
      readonly outcome: 'answered' | 'reused' | 'failed';
      readonly code?: string;
      readonly latencyMs: number;
      readonly usage: Usage;
      readonly usd: number;
    }
  | {
      /** What was fetched of remote datasets so far: sums over the run, at most ten times a second a node. */
      readonly type: 'data-fetched';
      /** Null for names that were looked up before the run began. */
      readonly node: string | null;
      readonly requests: number;
      /** Over the wire, failed attempts included. */
      readonly bytes: number;
      readonly retries: number;
      /** Had from the store instead. */
      readonly cachedBytes: number;
    }
  | {
      /** What a node measured, for the end of the run: evidence of scalar value, without slices. */
      readonly type: 'evidence';
      readonly node: string;
      readonly values: { readonly [name: string]: string | number | boolean };
    }
  | {
      readonly type: 'published';
      readonly node: string;
      readonly to: string;
      readonly files: number;
      readonly written: number;
      readonly removed: number;
    }
  | {
      readonly type: 'notice';
      readonly level: 'info' | 'warning' | 'error';
      readonly code: string;
      readonly message: string;
      readonly node?: string;
      /** @deprecated the envelope's time takes this name: a place given here is lost. Use `span`. */
      readonly at?: SourceSpan;
      /** Where in the manifest it belongs. */
      readonly span?: SourceSpan;
      readonly hint?: string;
    }
  | {
      readonly type: 'run-finished';
      readonly outcome: RunOutcome;
      readonly exitCode: number;
      readonly rowsRun: number;
      readonly rowsReused: number;
      readonly calls: number;
      readonly reusedCalls: number;
      readonly usd: number;
      readonly lock?: string;
    };

/** Each body under its envelope; the envelope's `at` wins. */
type Enveloped<B> = B extends EventBody ? Omit<B, 'at'> & Envelope : never;

export type RunEvent = Enveloped<EventBody>;

export interface Envelope {
  readonly v: 1;
  readonly run: string;
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}
