/** From an outcome to what changes on the ports: emissions merged onto the current row, or the row on `rejected`. */

import type { Failure } from '#contract/failure.ts';
import type { Digest, JsonObject } from '#contract/json.ts';
import type { RowOutcome } from '#contract/kind.ts';
import type { PlanNode } from '#contract/plan.ts';
import type { Disposition, RowBody, RowRef } from '#contract/row.ts';
import type { NotCanonical } from '#keys/canonical.ts';
import { encodeFields } from '#keys/row-body.ts';
import type { ActionEntry, EmissionEntry } from './entries.ts';
import { layOver, type Rows } from './rows.ts';

/** A row's result, waiting for its turn to be committed. */
export interface RowResult {
  readonly disposition: Disposition;
  readonly code: string | null;
  readonly message: string;
  readonly outs: readonly { readonly port: string; readonly ref: RowRef; readonly isSuffixed: boolean }[];
  readonly reused: boolean;
  readonly action: Digest;
  readonly calls: ActionEntry['calls'];
  readonly failure: Failure | null;
}

/** The entry of an outcome; its large values go to the store. @throws NotCanonical for values no key can cover */
export function toActionEntry(outcome: RowOutcome, calls: ActionEntry['calls'], rows: Rows): ActionEntry {
  if (outcome.type === 'reject') {
    const emissions = outcome.set === undefined ? [] : [toEmissionEntry('rejected', null, null, outcome.set, [], rows)];
    const { code, reason, evidence } = outcome;
    return { emissions, rejection: { code, reason: reason.toWellFormed(), evidence: evidence ?? null }, calls };
  }
  const emissions = outcome.emissions.map((emission) =>
    toEmissionEntry(
      emission.port ?? 'out',
      emission.suffix ?? null,
      emission.key ?? null,
      emission.set ?? {},
      emission.unset ?? [],
      rows,
    ),
  );
  return { emissions, rejection: null, calls };
}

function toEmissionEntry(
  port: string,
  suffix: string | null,
  key: string | null,
  set: JsonObject,
  unset: readonly string[],
  rows: Rows,
): EmissionEntry {
  const encoded = encodeFields(set);
  for (const blob of encoded.blobs) rows.putBlob(blob);
  return { port, suffix, key, set: encoded.body, unset };
}

/** Whether the rows that come of an entry are known from the last time it was laid over this very row. */
export function isMade(entry: ActionEntry | undefined, ref: RowRef): entry is ActionEntry {
  if (entry === undefined) return false;
  const { emissions, rejection, made } = entry;
  return made?.from === ref.digest && made.to.length === (rejection === null ? emissions.length : 1);
}

/**
 * Lays an entry over the current row.
 * @param body may be null where `isMade`
 */
export function applyEntry(
  node: PlanNode,
  ref: RowRef,
  body: RowBody | null,
  action: Digest,
  entry: ActionEntry,
  reused: boolean,
  rows: Rows,
): RowResult {
  const made = isMade(entry, ref) ? (entry.made?.to ?? null) : null;
  if (entry.rejection !== null) {
    const { code, reason } = entry.rejection;
    const digest = made?.[0] ?? putRejected(demand(body), entry, rows);
    const out = { port: 'rejected', ref: { key: ref.key, digest, action }, isSuffixed: false };
    return {
      disposition: 'rejected',
      code,
      message: reason,
      outs: [out],
      reused,
      action,
      calls: entry.calls,
      failure: null,
    };
  }
  const outs = entry.emissions.map((emission, nth) => {
    const digest = made?.[nth] ?? putEmitted(node, ref, demand(body), emission, rows);
    return toOut(ref, digest, action, emission);
  });
  return { disposition: 'emitted', code: null, message: '', outs, reused, action, calls: entry.calls, failure: null };
}

function demand(body: RowBody | null): RowBody {
  if (body === null) throw new Error('an entry is laid over a row that was not read');
  return body;
}

function putRejected(body: RowBody, entry: ActionEntry, rows: Rows): Digest {
  const { code, reason, evidence } = entry.rejection ?? { code: '', reason: '', evidence: null };
  const set = entry.emissions[0]?.set ?? { i: {}, b: {} };
  const rejection = encodeFields({ rejection: { code, reason, evidence } });
  for (const blob of rejection.blobs) rows.putBlob(blob);
  const row = layOver(body, { i: { ...set.i, ...rejection.body.i }, b: { ...set.b, ...rejection.body.b } }, []);
  rows.putRow(row);
  return row.digest;
}

function putEmitted(
  node: PlanNode,
  ref: RowRef,
  body: RowBody,
  { port, set, unset }: EmissionEntry,
  rows: Rows,
): Digest {
  if (node.outputs[port] === undefined) {
    throw new Error(`kind ${node.kind.name} emits on port ${port}, which it does not declare`);
  }
  const isCarried = node.carries[port] !== 'own';
  if (isCarried && unset.length === 0 && isEmpty(set)) return ref.digest;
  const row = layOver(isCarried ? body : undefined, set, unset);
  rows.putRow(row);
  return row.digest;
}

function toOut(ref: RowRef, digest: Digest, action: Digest, { port, suffix, key: own }: EmissionEntry) {
  const key = own ?? (suffix === null ? ref.key : `${ref.key}/${suffix}`);
  return { port, ref: { key, digest, action }, isSuffixed: suffix !== null || own !== null };
}

function isEmpty(body: RowBody): boolean {
  for (const _ in body.i) return false;
  for (const _ in body.b) return false;
  return true;
}

export function toFailedResult(failure: Failure, action: Digest): RowResult {
  const isUntried = failure.scope === 'budget' || failure.scope === 'stopped' || failure.scope === 'blocked';
  return {
    disposition: isUntried ? 'untried' : 'failed',
    code: failure.code,
    message: failure.message,
    outs: [],
    reused: false,
    action,
    calls: [],
    failure,
  };
}

/** A value that has no canonical form is a rejection where it enters. */
export function toRejection(error: NotCanonical): RowOutcome {
  const where = `/${error.path.filter((segment) => segment !== 'i').join('/')}`;
  return {
    type: 'reject',
    code: error.code,
    reason: `the kind's output has a value that cannot be stored (${error.code} at ${where})`,
  };
}
