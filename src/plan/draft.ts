/** A node between manifest and plan: what each step has worked out so far. */

import type { SourceSpan } from '#contract/diagnostic.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import type { Facts, Kind, KindEntry, OutputSpec, Reads, RowSchema } from '#contract/kind.ts';
import type { ManifestNode } from '#contract/manifest.ts';
import type { PlanLookup, PortAddress } from '#contract/plan.ts';

export interface Draft {
  readonly node: ManifestNode;
  readonly kind: Kind;
  readonly entry: KindEntry;
  /** Whether the config holds; nothing that depends on it is checked otherwise. */
  isSound: boolean;
  /** As checked, with defaults. */
  config: JsonObject;
  /** As the kind receives it, with files, models and datasets resolved. */
  resolved: unknown;
  /** What of it enters the key. */
  keyed: { readonly [field: string]: Json };
  /** Floating names in the config and what they were found to be; recorded in the lock. */
  readonly resolvedNames: { [name: string]: Json };
  /** Floating names that only a run looks up, each with why. */
  readonly pending: string[];
  /** Ports of the kind for this config, once asked for. */
  ports: { readonly [port: string]: OutputSpec } | null;
  inputs: { readonly [input: string]: readonly PortAddress[] };
  lookups: { readonly [name: string]: PlanLookup };
  reads: { readonly [input: string]: Reads };
  outputs: { readonly [port: string]: RowSchema };
  carries: { readonly [port: string]: 'carry' | 'own' };
  when: { readonly text: string; readonly nodes: readonly string[]; readonly at: SourceSpan } | null;
  facts: Facts;
  depth: number;
}
