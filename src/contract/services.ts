/** What a kind may reach outside itself, each as an interface. The engine binds them to the action that uses them. */

import type { CodeService } from './code.ts';
import type { Digest, Json, JsonObject } from './json.ts';
import type { SandboxService } from './sandbox.ts';

// ---- language models ------------------------------------------------------------------------------------------

/** Parameters that can change an answer; all of them are in the call key. */
export interface Sampling {
  readonly temperature?: number;
  readonly top_p?: number;
  readonly max_tokens?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly frequency_penalty?: number;
  readonly presence_penalty?: number;
  readonly reasoning_effort?: string;
  /** Sent as they are, for what the OpenAI schema lacks. */
  readonly extra?: JsonObject;
}

/** USD per million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

/** A model alias of the manifest, resolved. `identity` is all of it that may enter a key. */
export interface ResolvedModel {
  readonly alias: string;
  /** Id of the endpoint in the manifest; never in a key. */
  readonly endpoint: string;
  readonly model: string;
  readonly family: string | null;
  readonly price: Price | null;
  readonly sampling: Sampling;
  /** `{endpoint: <scheme://host/path or its given name>, model}`; of a stand-in also `instead_of`, the identity it stands in for. */
  readonly identity: JsonObject;
  /** Asked in this order while the model's own endpoint does not answer. Theirs are not followed any further. */
  readonly fallback?: readonly ResolvedModel[];
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
}

export interface LlmRequest {
  readonly model: ResolvedModel;
  readonly messages: readonly ChatMessage[];
  /** Laid over `model.sampling`. */
  readonly sampling?: Sampling;
  /** Sent as `response_format: {type: 'json_schema'}`. */
  readonly schema?: JsonObject;
  /** Independent draws of the same request; 0 unless told. */
  readonly draw?: number;
}

export interface Usage {
  readonly input: number;
  readonly output: number;
}

export interface LlmAnswer {
  readonly call: Digest;
  readonly text: string;
  /** A reasoning trace, where the endpoint returns one apart. */
  readonly reasoning: string | null;
  readonly finishReason: 'stop' | 'length' | 'content_filter' | 'tool_calls' | string;
  readonly usage: Usage;
  /** Alias of the fallback that answered; absent where the model that was asked did. */
  readonly standIn?: string;
}

/**
 * Answers from the journal if the call was paid before, else sends it.
 * @throws Failure with codes `llm-*`, `budget-spent`, `replay-miss`, `stopped`
 */
export interface LlmService {
  complete(request: LlmRequest): Promise<LlmAnswer>;
}

// ---- datasets -------------------------------------------------------------------------------------------------

/** A dataset as named in the manifest. `name` is stable across machines (base name or owner/name) and may enter row keys. */
export interface DatasetRef {
  readonly spec: string;
  readonly name: string;
  /** Digest of everything that the files hold; resolved at plan time, so that it can enter keys. */
  readonly digest: Digest;
  /** Of a remote dataset perhaps none yet: its service lists them when it first reads. */
  readonly files: readonly DatasetFile[];
  /** Where it is fetched from; absent for files of this machine. */
  readonly remote?: RemoteRef;
  /** Why a run has to look it up first. Such a reference is planned with, and never read. */
  readonly pending?: string;
}

/** What a floating name was found to be. Nothing of the address that it was asked of. */
export type RemoteRef =
  /** A commit of `owner/name`. */
  | { readonly type: 'hub'; readonly repo: string; readonly revision: string }
  /** Pull requests as they were found from that moment on; of one repository, or of all. */
  | { readonly type: 'github'; readonly repo: string | null; readonly asOf: string };

export interface DatasetFile {
  /** Relative to the dataset, with forward slashes. */
  readonly name: string;
  readonly bytes: number;
  /** On the hub the sha256 that LFS has, else `git:` and the blob id. */
  readonly digest: Digest;
  readonly format: 'jsonl' | 'json' | 'parquet' | 'trajectory' | 'csv' | 'text';
}

export interface DatasetRecord {
  readonly file: string;
  /** Zero-based place in its file; of lines, blank ones included, so that `index + 1` is the line number. */
  readonly index: number;
  readonly value: JsonObject;
  /** Bytes of the file that it was read from, where the file can be read from the middle. */
  readonly span?: readonly [start: number, end: number];
}

/** Where a record was found, so that it can be fetched again. */
export type RecordPlace = Pick<DatasetRecord, 'file' | 'index' | 'span'>;

/** A record that could not be read; the stream goes on after it. */
export interface DatasetTrouble {
  readonly file: string;
  readonly index: number;
  readonly code: string;
  readonly reason: string;
}

/** Rows of one file, `end` not among them. */
export interface RowRange {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

export type DatasetItem = { readonly record: DatasetRecord } | { readonly trouble: DatasetTrouble };

export interface DatasetService {
  /** The files of a dataset, listed where the plan could not. */
  files(ref: DatasetRef, options?: { readonly signal?: AbortSignal }): Promise<readonly DatasetFile[]>;
  /** How the rows of a file lie in it: row groups, or one range for a file without. Of Parquet only the footer is read. */
  groups(
    ref: DatasetRef,
    file: DatasetFile,
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly { readonly start: number; readonly end: number }[]>;
  /**
   * Only these rows, range by range as asked for; of Parquet only the pages that hold them, else their row groups.
   * @throws Failure `dataset-column-missing` where a file has none of `anyOf`
   */
  rows(
    ref: DatasetRef,
    ranges: readonly RowRange[],
    options?: {
      readonly columns?: readonly string[];
      readonly anyOf?: readonly string[];
      readonly signal?: AbortSignal;
    },
  ): Promise<readonly (readonly DatasetItem[])[]>;
  /** Streams records in file order. Bad records come as `{trouble}`; a broken file throws a Failure that names it. */
  read(
    ref: DatasetRef,
    options?: { readonly columns?: readonly string[]; readonly signal?: AbortSignal },
  ): AsyncIterable<readonly DatasetItem[]>;
  /** All records whose `column` is one of `values`, in file order; an index per file digest is kept in memory. */
  find(
    ref: DatasetRef,
    column: string,
    values: readonly string[],
    options?: { readonly columns?: readonly string[]; readonly signal?: AbortSignal },
  ): Promise<readonly DatasetRecord[]>;
  /** The records at these places, in this order. Files that cannot be read from the middle are read once a call. */
  fetch(
    ref: DatasetRef,
    places: readonly RecordPlace[],
    options?: { readonly columns?: readonly string[]; readonly signal?: AbortSignal },
  ): Promise<readonly DatasetRecord[]>;
  /** The text of a file named by a field of a record, inside the dataset's folder (default) or the manifest's; else a Failure. */
  readText(ref: DatasetRef, relativePath: string, base?: 'dataset' | 'manifest'): Promise<string>;
}

// ---- processes ------------------------------------------------------------------------------------------------

export interface ProcessRequest {
  readonly argv: readonly string[];
  /** Declared variables only; everything else is scrubbed but PATH, HOME (a fresh folder), LANG and TZ. */
  readonly env: { readonly [name: string]: string };
  /** Files laid into the fresh working folder, by relative path; values are paths relative to the manifest. */
  readonly files: readonly string[];
  readonly timeoutMs: number;
  /** Where the command runs: `fresh` (an empty folder with `files` in it) or `manifest`. */
  readonly cwd: 'fresh' | 'manifest';
  /** Of a program run once: what nobody asks for is not carried. Both are kept unless told otherwise. */
  readonly keeps?: { readonly stdout: boolean; readonly outputs: boolean };
}

/** One program fed JSON lines. `exchange` may be called many times side by side; answers are matched by key. */
export interface LineProcess {
  /** Writes one line; resolves with every line answered for that key, up to its `done`, `reject` or `error`. */
  exchange(key: string, value: Json): Promise<readonly JsonObject[]>;
  /** Closes stdin and waits. @throws Failure `command-exit` with the exit code and the end of stderr */
  close(): Promise<void>;
}

export interface ProcessService {
  /** A program that answers line by line and stays alive for many rows. */
  open(request: ProcessRequest, signal: AbortSignal): Promise<LineProcess>;
  /** A program run once. @throws Failure `command-exit`, `command-timeout`, `command-not-found` */
  run(
    request: ProcessRequest & { readonly stdin?: AsyncIterable<string> | string },
    signal: AbortSignal,
  ): Promise<{
    readonly stdout: string;
    readonly stderr: string;
    readonly outputs: readonly { readonly path: string; readonly bytes: Uint8Array }[];
  }>;
}

/** Every service by the name under which a kind declares that it needs it. */
export interface Services {
  readonly llm: LlmService;
  readonly datasets: DatasetService;
  readonly process: ProcessService;
  readonly sandbox: SandboxService;
  readonly code: CodeService;
}

export type Need = keyof Services;

// ---- binding services to the action that uses them --------------------------------------------------------------

/** One call as an action used it: what the engine attributes to the row. */
export interface CallUse {
  readonly call: Digest;
  readonly model: string;
  readonly outcome: 'answered' | 'reused';
  readonly usage: Usage;
  /** What the call cost when it was paid, now or in an earlier run. */
  readonly usd: number;
}

export interface ActionScope {
  readonly node: string;
  /** Compared element by element, smaller first: [-depth, place of the row in its port]. Queues for calls obey it. */
  readonly priority: readonly number[];
  readonly signal: AbortSignal;
  /** From when it fires nothing new is begun: what is under way ends, what still waits fails as `stopped`. */
  readonly drain?: AbortSignal;
  /** `--resample`: pay for new answers, which replace the recorded ones. */
  readonly fresh: boolean;
  /** Reported once a distinct call, before its answer is handed to the kind. */
  onCall(use: CallUse): void;
}

/** Everything that kinds may reach, made once a run in cli/compose.ts. */
export interface ServiceHub {
  /** Those that the plan's kinds need. */
  bind(scope: ActionScope): { readonly [N in keyof Services]?: Services[N] | null | undefined };
  /** What a needed service contributes to the key of a node with this config, e.g. a sandbox policy; null for most. */
  identity(need: Need, config: JsonObject): Promise<Json>;
  close(): Promise<void>;
}
