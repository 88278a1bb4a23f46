/** What planning asks of the world: kinds, file contents, dataset identities. Without a network, unless a run is planned. */

import type { Failure } from '#contract/failure.ts';
import type { FileSource } from '#contract/files.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import type { KindEntry } from '#contract/kind.ts';
import type { DatasetRef, Need } from '#contract/services.ts';

export interface PlanEnvironment {
  /** Built-in kinds and the user's own, by name. */
  readonly kinds: ReadonlyMap<string, KindEntry>;
  readonly files: FileSource;
  /** A reference with `pending` where nobody has looked the name up yet, and a plan may not. */
  resolveDataset(spec: string, dir: string): Promise<DatasetRef | Failure>;
  /** What a service contributes to the key of a node that needs it and has this config; a Failure thrown is told at the node, at the member that its detail `at` leads to. */
  serviceIdentity(need: Need, config: JsonObject): Promise<Json>;
  readonly select: readonly string[];
  readonly exclude: readonly string[];
}
