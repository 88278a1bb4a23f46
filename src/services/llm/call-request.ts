/** A request as it is keyed, stored and sent: three views of one thing, so that none can say more than the key. */

import { Failure } from '#contract/failure.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import type { ChatMessage, LlmRequest, ResolvedModel, Sampling } from '#contract/services.ts';
import type { Blob } from '#contract/store.ts';
import { canonicalize, NotCanonical } from '#keys/canonical.ts';
import { hashKey, writeCallKey } from '#keys/key-writer.ts';
import { sha256 } from '#util/sha256.ts';

export interface CallRequest {
  readonly key: string;
  readonly model: ResolvedModel;
  readonly messages: readonly ChatMessage[];
  readonly sampling: Sampling;
  readonly schema: JsonObject | null;
  readonly draw: number;
}

/** @throws Failure `llm-bad-request` where a message has no canonical form (half a surrogate pair) */
export function toCallRequest(request: LlmRequest): CallRequest {
  const sampling = mergeSampling(request.model.sampling, request.sampling);
  const schema = request.schema ?? null;
  const draw = request.draw ?? 0;
  // Rebuilt member by member: whatever else a kind's message objects hold is neither keyed nor sent.
  const messages = request.messages.map(({ role, content }) => ({ role, content }));
  try {
    const key = hashKey(
      'call',
      writeCallKey({ identity: request.model.identity, messages, sampling: sampling as JsonObject, schema, draw }),
    );
    return { key, model: request.model, messages, sampling, schema, draw };
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error;
    throw new Failure('llm-bad-request', `the request cannot be written as JSON: ${error.message}`, { cause: error });
  }
}

/**
 * The call that is asked for, then what is asked in its place, each under a key of its own: an answer of a stand-in is
 * never found where the model itself is asked, nor where the stand-in is asked in its own right.
 */
export function toCallChain(request: LlmRequest): readonly [CallRequest, ...CallRequest[]] {
  const { model } = request;
  const others = (model.fallback ?? []).map((standIn) => {
    const identity = { ...standIn.identity, instead_of: model.identity };
    return toCallRequest({ ...request, model: { ...standIn, identity } });
  });
  return [toCallRequest(request), ...others];
}

/** The key under which a request is journaled and recorded. */
export function callKey(request: LlmRequest): string {
  return toCallRequest(request).key;
}

function mergeSampling(base: Sampling, over: Sampling = {}): Sampling {
  const merged: { [name: string]: unknown } = {};
  for (const source of [base, over])
    for (const [name, value] of Object.entries(source)) if (value !== undefined) merged[name] = value;
  const extra = { ...base.extra, ...over.extra };
  delete merged['extra'];
  return Object.keys(extra).length > 0 ? { ...merged, extra } : merged;
}

/** From this canonical length on messages are stored one by one, so that a growing history is stored once. */
const LIST_LIMIT = 4096;

/** The request as evidence: a JSON list of one object of parameters, then the messages. */
export function requestBlob(call: CallRequest): Blob {
  const standsInFor = call.model.identity['instead_of'];
  const head: Json = {
    endpoint: call.model.identity['endpoint'] ?? null,
    model: call.model.model,
    ...(standsInFor === undefined ? {} : { instead_of: standsInFor }),
    sampling: call.sampling as JsonObject,
    schema: call.schema,
    draw: call.draw,
  };
  const texts = [canonicalize(head), ...call.messages.map(({ role, content }) => canonicalize({ role, content }))];
  const text = `[${texts.join(',')}]`;
  if (text.length < LIST_LIMIT) return { digest: sha256(text), bytes: Buffer.from(text) };
  return { digest: sha256(text), items: texts.map((item) => ({ digest: sha256(item), bytes: Buffer.from(item) })) };
}

/** What goes over the wire. `draw` is ours alone; streaming is never asked for, whatever `extra` says. */
export function requestBody(call: CallRequest): JsonObject {
  const { extra, ...sampling } = call.sampling;
  return {
    ...extra,
    ...(sampling as JsonObject),
    model: call.model.model,
    messages: call.messages as readonly (ChatMessage & JsonObject)[],
    ...(call.schema === null
      ? {}
      : {
          response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: call.schema, strict: true } },
        }),
    ...(extra !== undefined && 'stream' in extra ? { stream: false } : {}),
  };
}
