/** Every key is written once, as named parts, and read by two writers: one hashes the parts, the other lists them for `why`. */

import type { Digest, Json, JsonObject } from '#contract/json.ts';
import type { KeyPart } from '#contract/plan.ts';
import { sha256 } from '#util/sha256.ts';
import { canonicalize } from './canonical.ts';

/** Raised when a layout changes, which makes every key of that sort new. Golden vectors in tests/keys hold them. */
export const FORMATS = {
  fingerprint: 'sluice/fingerprint/1',
  /** 2: tallies count calls and tokens by model. */
  node: 'sluice/node/2',
  action: 'sluice/action/1',
  /** On its own, so that nothing else can ever re-pay a call. */
  call: 'sluice/call/1',
  port: 'sluice/port/1',
  /** Raised with `action`, and when the digest of a projection changes. */
  actions: 'sluice/actions/1',
} as const;

export type KeyFormat = keyof typeof FORMATS;

export interface KeyWriter {
  /** Parts are written in a fixed order by the functions below; a name occurs once. */
  part(name: string, value: Json): void;
}

export type WriteKey = (writer: KeyWriter) => void;

export function hashKey(format: KeyFormat, write: WriteKey): Digest {
  let text = `[${JSON.stringify(FORMATS[format])}`;
  write({
    part(name, value) {
      text += `,[${JSON.stringify(name)},${canonicalize(value)}]`;
    },
  });
  return sha256(`${text}]`);
}

export function explainKey(write: WriteKey): KeyPart[] {
  const parts: KeyPart[] = [];
  write({ part: (name, value) => void parts.push({ name, value }) });
  return parts;
}

// ---- what each key covers ---------------------------------------------------------------------------------------

/** The static half of every key of a node; `parts` come from plan/fingerprint.ts. */
export function writeFingerprint(parts: readonly KeyPart[]): WriteKey {
  return (writer) => {
    for (const { name, value } of parts) writer.part(name, value);
  };
}

export interface NodeKeyInput {
  readonly fingerprint: Digest;
  /** Digests of the ports wired to each input, in wiring order. `partial` enters the key. */
  readonly inputs: { readonly [input: string]: readonly { readonly digest: Digest; readonly partial: boolean }[] };
  readonly lookups: { readonly [name: string]: readonly { readonly digest: Digest; readonly partial: boolean }[] };
}

export function writeNodeKey({ fingerprint, inputs, lookups }: NodeKeyInput): WriteKey {
  return (writer) => {
    writer.part('fingerprint', fingerprint);
    for (const name of Object.keys(inputs).sort()) writer.part(`input.${name}`, (inputs[name] ?? []).map(portPart));
    for (const name of Object.keys(lookups).sort()) writer.part(`lookup.${name}`, (lookups[name] ?? []).map(portPart));
  };
}

function portPart(port: { readonly digest: Digest; readonly partial: boolean }): Json {
  return port.partial ? [port.digest, 'partial'] : port.digest;
}

/**
 * @param row digest of the projected row (see keys/projection.ts)
 * @param lookups per name, the digest of the looked-up row's projection, null where there is none, a list for `many: list`
 */
export function writeActionKey(fingerprint: Digest, row: Digest, lookups: { readonly [name: string]: Json }): WriteKey {
  return (writer) => {
    writer.part('fingerprint', fingerprint);
    writer.part('row', row);
    for (const name of Object.keys(lookups).sort()) writer.part(`lookup.${name}`, lookups[name] ?? null);
  };
}

/**
 * The action keys of the rows of one chunk of a port, for a node without lookups: they follow from the chunk, so a row whose
 * action is recalled need not be read.
 * @param reads the paths of the projection, sorted
 */
export function writeActionsKey(fingerprint: Digest, chunk: Digest, reads: readonly string[]): WriteKey {
  return (writer) => {
    writer.part('fingerprint', fingerprint);
    writer.part('chunk', chunk);
    writer.part('reads', reads);
  };
}

export interface CallKeyInput {
  /** `{endpoint, model}`: see ResolvedModel.identity. */
  readonly identity: JsonObject;
  readonly messages: Json;
  readonly sampling: JsonObject;
  readonly schema: JsonObject | null;
  readonly draw: number;
}

export function writeCallKey(call: CallKeyInput): WriteKey {
  return (writer) => {
    writer.part('endpoint', call.identity['endpoint'] ?? null);
    writer.part('model', call.identity['model'] ?? null);
    // Only of a stand-in: what another model was asked is not what this one was, though it is told the same.
    if (call.identity['instead_of'] !== undefined) writer.part('instead_of', call.identity['instead_of']);
    writer.part('messages', call.messages);
    writer.part('sampling', call.sampling);
    writer.part('schema', call.schema);
    writer.part('draw', call.draw);
  };
}
