/** The requests behind a row: from the journal where they were paid, else as they would be sent, without sending them. */

import type { Digest, Json, JsonObject } from '#contract/json.ts';
import type { RowKind } from '#contract/kind.ts';
import type { PlanNode } from '#contract/plan.ts';
import type { LlmRequest, Services } from '#contract/services.ts';
import type { Store } from '#contract/store.ts';
import { Framer } from '#run/frame.ts';
import { LookupTable } from '#run/lookup.ts';
import { Port } from '#run/port.ts';
import { Rows } from '#run/rows.ts';
import { requestBlob, toCallRequest } from '#services/llm/call-request.ts';
import { isObject } from '#util/json-object.ts';
import type { FoundRow } from './find-row.ts';
import { CommandError } from './io.ts';
import type { RunRecord } from './run-record.ts';
import type { TracedCall } from './trace-row.ts';

export interface RenderedRequest {
  readonly call: Digest;
  /** `{endpoint, model, sampling, schema, draw}` */
  readonly head: JsonObject;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly wasPaid: boolean;
}

/** @throws CommandError `request-lost` where the journal or the store no longer has it */
export async function paidRequests(store: Store, calls: readonly TracedCall[]): Promise<RenderedRequest[]> {
  const rendered: RenderedRequest[] = [];
  for (const { call, record } of calls) {
    const [bytes] = record === undefined ? [] : await store.blobs.get([record.request]);
    if (bytes === undefined)
      throw new CommandError('request-lost', `the request of call ${call.slice(0, 12)} is no longer in the store`, {
        exitCode: 1,
        hint: '`sluice gc --calls` or a lost file took it; the answer may still be there',
      });
    rendered.push(toRendered(call, JSON.parse(Buffer.from(bytes).toString('utf8')) as Json, true));
  }
  return rendered;
}

function toRendered(call: Digest, value: Json, wasPaid: boolean): RenderedRequest {
  const [head = null, ...messages] = Array.isArray(value) ? (value as readonly Json[]) : [];
  return {
    call,
    head: isObject(head) ? head : {},
    messages: messages.filter(isObject).map(({ role, content }) => ({ role: String(role), content: String(content) })),
    wasPaid,
  };
}

/**
 * Performs the kind on a row that arrived, with a model service that writes requests down and answers none. Requests that
 * hang on an answer (a second attempt) are therefore not among them.
 */
export async function wouldSend(
  store: Store,
  record: RunRecord,
  node: PlanNode,
  arrived: FoundRow,
): Promise<RenderedRequest[]> {
  const { kind } = node;
  if (kind.scope !== 'row' || !(kind.needs ?? []).includes('llm'))
    throw new CommandError('no-request', `${node.id} (${kind.name}) asks no model row by row`, {
      hint: 'kinds that do: king, challenger, generate, judge',
    });
  const rows = new Rows(store.blobs);
  const tables: LookupTable[] = [];
  for (const [name, lookup] of Object.entries(node.lookups)) {
    const ports = lookup.from.flatMap(({ node: id, port }) => {
      const entry = record.nodes.find((candidate) => candidate.id === id)?.ports[port];
      return entry === undefined ? [] : [Port.restore(id, port, rows, entry)];
    });
    tables.push(await LookupTable.build(name, lookup, ports, rows));
  }
  const framer = new Framer(node, rows, tables, false, false);
  const [candidate] = await framer.frame([arrived.ref], arrived.node.id);
  if (candidate === undefined || 'outcome' in candidate) throw notSent(node, candidate?.outcome);
  const input = await framer.input(candidate);
  if ('type' in input) throw notSent(node, input);
  return capture(kind, node, input);
}

async function capture(
  kind: RowKind,
  node: PlanNode,
  input: Parameters<RowKind['run']>[0],
): Promise<RenderedRequest[]> {
  const asked: LlmRequest[] = [];
  const services = {
    llm: {
      complete(request: LlmRequest) {
        asked.push(request);
        return Promise.reject(new NotSent());
      },
    },
    datasets: unavailable('datasets'),
    process: unavailable('process'),
    sandbox: unavailable('sandbox'),
    code: unavailable('code'),
  } as unknown as Services;
  const context = { ...services, config: node.config as never, signal: new AbortController().signal };
  let outcome: unknown;
  try {
    const session = await kind.open?.(context);
    outcome = await (session === undefined ? kind.run(input, context) : session.run(input, context.signal));
  } catch (error) {
    if (!(error instanceof NotSent) && asked.length === 0) throw error;
  }
  // A panel may be asked side by side: let the others in flight come by.
  await new Promise((resolve) => setImmediate(resolve));
  if (asked.length === 0) throw notSent(node, outcome);
  const rendered = asked.map((request) => {
    const call = toCallRequest(request);
    const blob = requestBlob(call);
    const texts =
      'bytes' in blob
        ? Buffer.from(blob.bytes).toString('utf8')
        : `[${blob.items.map(({ bytes }) => Buffer.from(bytes).toString('utf8')).join(',')}]`;
    return toRendered(call.key, JSON.parse(texts) as Json, false);
  });
  return [...new Map(rendered.map((each) => [each.call, each])).values()];
}

class NotSent extends Error {}

function unavailable(name: string): object {
  const refuse = () => {
    throw new CommandError('no-dry-run', `the kind needs its ${name} service to make a request`, { exitCode: 1 });
  };
  return new Proxy({}, { get: () => refuse });
}

function notSent(node: PlanNode, outcome: unknown): CommandError {
  const rejection = outcome as { type?: string; code?: string; reason?: string } | undefined;
  const why = rejection?.type === 'reject' ? `: it is rejected (${rejection.code}): ${rejection.reason}` : '';
  return new CommandError('no-request', `${node.id} sends no request for this row${why}`, { exitCode: 1 });
}
