/**
 * What a node kind is: a plain value that says what it reads, adds and needs, and a `run` that is given only that.
 * Three shapes, by scope: a source makes rows, a row kind answers row by row, a whole kind sees its closed inputs.
 */

import type { Digest, Json, JsonObject } from './json.ts';
import type { Row } from './row.ts';
import type { Static, TSchema } from './schema.ts';
import type { Need, ResolvedModel, Services } from './services.ts';

/** The fields of a port: JSON Schemas by top-level field. `open` says that rows may hold more than is listed. */
export interface RowSchema {
  readonly fields: { readonly [field: string]: TSchema };
  readonly open: boolean;
}

/** Fields by dotted path. `'*'` is the whole row. `$key` is only given (and keyed) when listed. */
export type Reads = '*' | { readonly [path: string]: { readonly schema: TSchema; readonly optional?: boolean } };

export interface InputSpec {
  readonly summary: string;
  readonly optional?: boolean;
  /** More than one port may be wired to it; rows come in the order of the list. Default true. */
  readonly many?: boolean;
}

/** What a port carries. `carry`: the input row's fields with `adds` on top; `own`: exactly `adds`. */
export interface OutputSpec {
  readonly summary: string;
  readonly carries: 'carry' | 'own';
  readonly adds: { readonly [field: string]: TSchema };
  readonly open?: boolean;
}

/** A named lookup that the kind knows about; `filter` and friends accept any by `lookups: '*'`. */
export interface LookupSpec {
  readonly summary: string;
  readonly optional?: boolean;
  readonly reads: Reads;
}

/** Static facts about what flows, propagated along the inputs at plan time, e.g. `{families: {king: ['kimi']}}`. */
export type Facts = JsonObject;

/** A mistake found by a kind in its own config; `path` points into the config. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly path: readonly (string | number)[];
  readonly hint?: string;
}

export interface Estimate {
  readonly calls: readonly {
    readonly model: ResolvedModel;
    readonly calls: number;
    readonly inputTokens: number;
    readonly outputTokens: number;
  }[];
  /** Rows expected on `out`; defaults to the input rows. */
  readonly rows?: number;
  /** Printed by `plan`, e.g. the power of the planned duel. */
  readonly notes: readonly string[];
}

export interface KindBase<C extends TSchema = TSchema> {
  readonly name: string;
  /** Raised when the same input would yield other output; part of every key. */
  readonly version: number;
  readonly summary: string;
  /** A few lines of YAML that work, shown by `sluice kinds KIND`. */
  readonly example: string;
  readonly config: C;
  readonly inputs: { readonly [name: string]: InputSpec };
  readonly outputs: (config: Static<C>) => { readonly [port: string]: OutputSpec };
  /** Names of the evidence this kind measures; `when: node.name` may read them. */
  readonly evidence?: readonly string[];
  readonly lookups?: { readonly [name: string]: LookupSpec } | '*';
  readonly needs?: readonly Need[];
  /** For kinds of more than one shape: the one that this config and wiring ask for, of the same name and config. */
  readonly variant?: (config: JsonObject, wired: { readonly from: boolean }) => Kind;
  /** True for kinds that publish a tree and therefore accept `to:`. */
  readonly publishes?: boolean;
  readonly check?: (config: Static<C>, inputs: { readonly [input: string]: Facts }) => readonly Finding[];
  readonly facts?: (config: Static<C>, inputs: { readonly [input: string]: Facts }) => Facts;
  readonly estimate?: (config: Static<C>, rows: number) => Estimate;
}

/** Everything an action is given besides its rows. */
export interface Context<C> extends Services {
  readonly config: C;
  /** Fires on the second Ctrl-C, a timeout or a failure elsewhere. */
  readonly signal: AbortSignal;
}

// ---- source ---------------------------------------------------------------------------------------------------

export type SourceItem =
  | { readonly type: 'row'; readonly port?: string; readonly key: string; readonly fields: JsonObject }
  /** Something considered and not kept: tallied by code. */
  | { readonly type: 'drop'; readonly code: string; readonly count?: number; readonly example?: string };

export interface SourceKind<C extends TSchema = TSchema> extends KindBase<C> {
  readonly scope: 'source';
  readonly run: (ctx: Context<Static<C>>) => AsyncIterable<SourceItem | readonly SourceItem[]>;
}

// ---- row ------------------------------------------------------------------------------------------------------

export interface Emission {
  /** Default `out`. */
  readonly port?: string;
  /** Appended to the parent's key after a '/'; needed when one row becomes many on one port. */
  readonly suffix?: string;
  /** Replaces the key altogether; only for kinds with `distinct`, whose rows stand for no single parent. */
  readonly key?: string;
  /** Top-level fields laid over the current row. */
  readonly set?: JsonObject;
  readonly unset?: readonly string[];
}

/**
 * Why a row may come out fuller another time: something that it could do without did not arrive. It is passed on, but like a failure
 * it is never stored for reuse, and the next run does it again.
 */
export interface Provisional {
  readonly code: string;
  readonly reason: string;
}

export type RowOutcome =
  | { readonly type: 'emit'; readonly emissions: readonly Emission[]; readonly provisional?: Provisional }
  /** Goes to port `rejected` with a field `rejection {code, reason, evidence}`; `set` fields are kept on it. */
  | {
      readonly type: 'reject';
      readonly code: string;
      readonly reason: string;
      readonly evidence?: Json;
      readonly set?: JsonObject;
      /** Where it lacks a top-level field by this name: the engine says once a node what its rows do have. */
      readonly missing?: string;
    };

/** A looked-up row: `null` where `missing: null` allows it, a list where `many: list` asks for it. */
export type Looked = Row | null | readonly Row[];

export interface RowInput<F = JsonObject> {
  readonly row: Row<F>;
  readonly lookups: { readonly [name: string]: Looked };
}

export interface RowKind<C extends TSchema = TSchema, F = JsonObject> extends KindBase<C> {
  readonly scope: 'row';
  readonly reads: (config: Static<C>) => Reads;
  /** `node`: cheaper than an index entry, so reused only as a whole node. Default `row`. */
  readonly reuse?: 'row' | 'node';
  /** Rows with equal projections are one action; the later ones are `consumed`. Emissions must give their `key`. */
  readonly distinct?: boolean;
  /** Opened once a node run, before its first miss (a child process, a compiled program) and closed after its last. */
  readonly open?: (ctx: Context<Static<C>>) => Promise<RowSession<F>> | RowSession<F>;
  readonly run: (input: RowInput<F>, ctx: Context<Static<C>>) => RowOutcome | Promise<RowOutcome>;
  /** Where many rows are cheaper together; results come back in the order of the inputs. */
  readonly batch?: {
    readonly max: number;
    readonly run: (inputs: readonly RowInput<F>[], ctx: Context<Static<C>>) => Promise<readonly RowOutcome[]>;
  };
}

/** Node-long state of a row kind; it replaces `run` where it is given. */
export interface RowSession<F = JsonObject> {
  run(input: RowInput<F>, signal: AbortSignal): RowOutcome | Promise<RowOutcome>;
  close(): Promise<void>;
}

// ---- whole ----------------------------------------------------------------------------------------------------

export type WholeItem =
  | { readonly type: 'row'; readonly port?: string; readonly key: string; readonly fields: JsonObject }
  /** A file of the tree that this node publishes. */
  | { readonly type: 'file'; readonly path: string; readonly content: string | Uint8Array; readonly mode?: number }
  | { readonly type: 'drop'; readonly code: string; readonly count?: number; readonly example?: string };

/** A closed input: rows in canonical order, read again as often as asked. */
export interface ClosedInput {
  readonly count: number;
  /** The ports wired to it, as written (`buckets.final`), with their rows. */
  readonly ports: readonly {
    readonly name: string;
    readonly node: string;
    readonly port: string;
    readonly count: number;
    rows(): AsyncIterable<Row>;
  }[];
  rows(): AsyncIterable<Row>;
}

export interface WholeContext<C> extends Context<C> {
  readonly inputs: { readonly [name: string]: ClosedInput };
  /** Whether any input is partial (only with `allow_partial`). */
  readonly partial: boolean;
}

export interface WholeKind<C extends TSchema = TSchema> extends KindBase<C> {
  readonly scope: 'whole';
  /** Whether it is told the names of the ports wired to it, which then enter its key. Others see only their order. */
  readonly namesPorts?: boolean;
  readonly reads: (config: Static<C>) => { readonly [input: string]: Reads };
  readonly run: (ctx: WholeContext<Static<C>>) => AsyncIterable<WholeItem>;
}

export type Kind = SourceKind<TSchema> | RowKind<TSchema> | WholeKind<TSchema>;

/** Where a kind's code comes from; its digest is the kind's identity in keys. */
export interface KindEntry {
  readonly kind: Kind;
  /** `builtin:<version>`, or for a user kind the digest of its import closure. */
  readonly identity: Digest | string;
}

export const defineSource = <C extends TSchema>(kind: Omit<SourceKind<C>, 'scope'>): Kind =>
  ({ ...kind, scope: 'source' }) as unknown as Kind;

export const defineRow =
  <F = JsonObject>() =>
  <C extends TSchema>(kind: Omit<RowKind<C, F>, 'scope'>): Kind =>
    ({ ...kind, scope: 'row' }) as unknown as Kind;

export const defineWhole = <C extends TSchema>(kind: Omit<WholeKind<C>, 'scope'>): Kind =>
  ({ ...kind, scope: 'whole' }) as unknown as Kind;
