/** What a run will do: kinds resolved, edges wired, order fixed, the static half of every key written down. */

import type { SourceSpan } from './diagnostic.ts';
import type { Digest, Json, JsonObject } from './json.ts';
import type { Facts, Kind, KindEntry, Reads, RowSchema } from './kind.ts';
import type { EndpointSpec, ModelSpec } from './manifest.ts';

export interface PortAddress {
  readonly node: string;
  readonly port: string;
}

export interface PlanLookup {
  readonly from: readonly PortAddress[];
  readonly match: string;
  readonly by: string;
  readonly missing: 'reject' | 'null' | 'fail';
  readonly many: 'reject' | 'first' | 'list';
  readonly reads: Reads;
}

/** One named part of a key, so that `why` can say which part changed. Values are canonical JSON or digests. */
export interface KeyPart {
  /** e.g. `config.prompt`, `kind.version`, `input.from`, `lookup.pr` */
  readonly name: string;
  readonly value: Json;
}

export interface PlanNode {
  readonly id: string;
  readonly at: SourceSpan;
  readonly kind: Kind;
  readonly entry: KindEntry;
  /** Resolved and with defaults: what the kind receives. */
  readonly config: unknown;
  readonly inputs: { readonly [input: string]: readonly PortAddress[] };
  readonly lookups: { readonly [name: string]: PlanLookup };
  /** By input name; row kinds have only `from`. */
  readonly reads: { readonly [input: string]: Reads };
  /** Ports of the kind plus `rejected`, `tally`, `evidence`. */
  readonly outputs: { readonly [port: string]: RowSchema };
  /** Whether rows of a port are the input's rows with fields laid over (`carry`) or new ones. */
  readonly carries: { readonly [port: string]: 'carry' | 'own' };
  readonly when: { readonly text: string; readonly nodes: readonly string[]; readonly at: SourceSpan } | null;
  readonly after: readonly string[];
  readonly pool: string;
  readonly timeoutMs: number | null;
  readonly retries: number;
  readonly onFailure: 'finish' | 'stop';
  readonly maxFailures: number | null;
  readonly allowPartial: boolean;
  /** Absolute folder of the published tree, and as written. */
  readonly to: { readonly path: string; readonly text: string } | null;
  /** Floating names in its config that only a run looks up: until then its fingerprint stands for nothing. */
  readonly pending: readonly string[];
  /** Parts and their digest: the static half of every key of this node. */
  readonly fingerprint: Digest;
  readonly parts: readonly KeyPart[];
  /** Longest distance from a source; deeper is run first. */
  readonly depth: number;
  readonly facts: Facts;
  readonly tags: readonly string[];
  readonly description: string | null;
  /** Left out by --select / --exclude / enabled: false. */
  readonly wanted: boolean;
}

export interface Plan {
  readonly pipeline: string;
  readonly profile: string;
  readonly file: string;
  readonly dir: string;
  /** In an order in which every node comes after all it depends on. */
  readonly nodes: readonly PlanNode[];
  readonly budget: { readonly usd: number | null; readonly confirmAbove: number | null };
  readonly pools: { readonly [name: string]: number };
  readonly endpoints: { readonly [id: string]: EndpointSpec };
  readonly models: { readonly [alias: string]: ModelSpec };
  /** Floating names and what they resolved to; recorded in the lock. */
  readonly resolved: JsonObject;
  /** Files that the plan read, for the settled check and --watch: absolute paths. */
  readonly files: readonly { readonly path: string; readonly digest: Digest | null }[];
}
