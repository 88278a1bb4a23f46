/** The manifest after loading: overlaid, interpolated, shape-checked, every value still traceable to its place. */

import type { Diagnostic, SourceSpan, SourceTexts } from './diagnostic.ts';
import type { Digest, Json, JsonObject } from './json.ts';
import type { Price, Sampling } from './services.ts';

export interface EndpointSpec {
  readonly id: string;
  readonly provider: 'openai' | 'replay';
  readonly base_url: string;
  /** A `${secret.NAME}` reference, still unresolved. */
  readonly api_key: string | null;
  /** Replaces scheme, host and path in call keys, so that a moved endpoint keeps its answers. */
  readonly identity: string | null;
  /** Folder of recordings, relative to the manifest; for `replay`. */
  readonly recordings: string | null;
  readonly headers: { readonly [name: string]: string };
  readonly limits: { readonly concurrency: number; readonly rpm: number | null; readonly tpm: number | null };
  readonly timeouts: { readonly connect_ms: number; readonly first_byte_ms: number; readonly total_ms: number };
  readonly retries: number;
  /** For how long calls that have used up their retries wait for an endpoint that cannot be reached. */
  readonly outage_ms: number;
}

/** Where datasets come from that are not files: the account and its limits. None of it is in any key. */
export interface RemoteSpec {
  /** Null: what the environment says, else the public one. */
  readonly base_url: string | null;
  /** A `${secret.NAME}` reference, still unresolved. Null: the usual secret, where there is one. */
  readonly token: string | null;
  readonly concurrency: number;
  readonly retries: number;
  /** Before the first repeat; doubled for each one after it. */
  readonly backoff_ms: number;
  readonly timeouts: { readonly connect_ms: number; readonly idle_ms: number; readonly total_ms: number };
}

export interface RemoteSpecs {
  readonly hub: RemoteSpec;
  readonly github: RemoteSpec;
}

export interface ModelSpec {
  readonly alias: string;
  readonly endpoint: string;
  readonly model: string;
  readonly family: string | null;
  readonly price: Price | null;
  readonly sampling: Sampling;
  /** Aliases that answer in its place, in this order, while its endpoint does not. */
  readonly fallback: readonly string[];
}

/** `node`, `node.port` or `node.*`, with where it was written. */
export interface PortReference {
  readonly node: string;
  readonly port: string | null;
  readonly text: string;
  readonly at: SourceSpan;
}

export interface LookupReference {
  readonly from: PortReference;
  /** Further ports, where `from` is a list or names a node with a matrix. */
  readonly more?: readonly PortReference[];
  /** Field of the looked-up row, and the field of this node's row that must equal it (the same name unless told). */
  readonly match: string;
  readonly by: string;
  readonly missing: 'reject' | 'null' | 'fail';
  readonly many: 'reject' | 'first' | 'list';
}

export interface ManifestNode {
  readonly id: string;
  readonly kind: string;
  readonly at: SourceSpan;
  /** Main input under `from`; a map in YAML gives named inputs. */
  readonly inputs: { readonly [input: string]: readonly PortReference[] };
  readonly lookups: { readonly [name: string]: LookupReference };
  /** The kind's own fields, defaults of the manifest laid under, kind defaults not yet. */
  readonly config: JsonObject;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly enabled: boolean;
  /** A CEL condition over evidence, `verdict.accepted`. */
  readonly when: string | null;
  readonly after: readonly PortReference[];
  readonly pool: string | null;
  readonly timeoutMs: number | null;
  readonly retries: number;
  /** `finish`: the other rows go on, then the node is failed. `stop`: the first failure ends the node. */
  readonly on_failure: 'finish' | 'stop';
  readonly max_failures: number | null;
  readonly allow_partial: boolean;
  readonly salt: string | null;
  /** Where a tree is published, relative to the manifest. */
  readonly to: string | null;
}

export interface Manifest {
  /** Absolute path of the entry file, and its folder: for reading, never for keys. */
  readonly file: string;
  readonly dir: string;
  readonly name: string;
  /** Profiles laid over it, joined by ','; `default` where there is none. */
  readonly profile: string;
  readonly params: { readonly [name: string]: Json };
  readonly endpoints: { readonly [id: string]: EndpointSpec };
  readonly models: { readonly [alias: string]: ModelSpec };
  readonly datasets: RemoteSpecs;
  readonly budget: { readonly usd: number | null; readonly confirm_above: number | null };
  readonly pools: { readonly [name: string]: number };
  /** Modules of user kinds, relative to the manifest. */
  readonly kinds: readonly { readonly path: string; readonly at: SourceSpan }[];
  readonly nodes: readonly ManifestNode[];
  readonly env_files: readonly string[];
  /** Every `${secret.NAME}`: its name, the path of the field that holds it, and where it is written. */
  readonly secrets?: readonly {
    readonly name: string;
    readonly path: readonly (string | number)[];
    readonly at: SourceSpan;
  }[];
  /** Everything the result depends on besides argv: files by absolute path and content digest, environment by name and digest of its value. */
  readonly consulted: {
    readonly files: readonly { readonly path: string; readonly digest: Digest | null }[];
    readonly env: readonly { readonly name: string; readonly digest: Digest | null }[];
  };
}

/** Where a value of the manifest was written. Path segments are map keys and list indexes, e.g. ['nodes','king','model']. */
export type Locate = (path: readonly (string | number)[], part?: 'key' | 'value') => SourceSpan;

export type LoadedManifest = {
  readonly texts: SourceTexts;
  readonly diagnostics: readonly Diagnostic[];
  readonly locate: Locate;
  /** Where a value was defined that came by `${…}`, so that a message about it can name both places. */
  readonly origin?: (path: readonly (string | number)[]) => SourceSpan | null;
  /**
   * After mistakes: what could be made out, so that the rest can be checked in the same go. Never run it. `suspect` are
   * nodes with a mistake of their own, about which nothing more should be said.
   */
  readonly salvaged?: { readonly manifest: Manifest; readonly suspect: ReadonlySet<string> } | null;
} & ({ readonly ok: true; readonly manifest: Manifest } | { readonly ok: false; readonly manifest: null });
