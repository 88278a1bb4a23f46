/** A call that may cost money, from lease to answer: intent before sending, answer on disk before anybody sees it. */

import { Failure } from '#contract/failure.ts';
import type { EndpointSpec } from '#contract/manifest.ts';
import type { ActionScope, Usage } from '#contract/services.ts';
import type { CallIntent, CallRecord, Lease } from '#contract/store.ts';
import { type Clock, pause } from '#util/clock.ts';
import type { StopSignal } from '#util/on-abort.ts';
import type { Budget, Reservation } from './budget.ts';
import { type CallRequest, requestBlob, requestBody } from './call-request.ts';
import { believable, type CallSize, toCallSize, toUsd } from './call-size.ts';
import { badResponse, type Trouble, troubleOfReply } from './call-trouble.ts';
import type { EndpointPool, Slot } from './endpoint-pool.ts';
import type { Stage } from './flight.ts';
import type { LlmHubOptions } from './hub-options.ts';
import { readAnswer } from './read-answer.ts';
import { type Backoff, backoffMs } from './retry-wait.ts';
import { stopped } from './stopped.ts';
import type { Transport } from './transport.ts';

export interface CallContext {
  readonly options: LlmHubOptions;
  readonly endpoint: EndpointSpec;
  readonly pool: EndpointPool;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly backoff: Backoff;
  transport(): Promise<Transport>;
  /** An answer could not be written down: whatever is paid from now on would be lost too. */
  cannotKeep(failure: unknown): void;
  /** Work that nobody waits for but `close`. */
  background(work: Promise<void>): void;
}

export interface CallResult {
  readonly record: CallRecord;
  /** False where the journal had it. */
  readonly isPaid: boolean;
}

/** How often the journal is asked for an answer that another process is paying for. */
const POLL_MS = { first: 20, most: 1000 };

/** A Retry-After longer than the whole deadline is not waited for; shorter deadlines than this do not count. */
const LEAST_PATIENCE_MS = 60_000;

/** @throws Failure `price-missing` */
export function requirePrice({ model: { alias, price } }: CallRequest): void {
  if (price !== null) return;
  throw new Failure('price-missing', `model ${alias} has no price, so the budget cannot be kept`, {
    scope: 'endpoint',
    detail: { model: alias },
    hint: `give models.${alias} a price, e.g. {input: 0, output: 0} for a local model, or take the budget out`,
  });
}

/** @throws Failure */
export async function payForCall(
  context: CallContext,
  call: CallRequest,
  scope: ActionScope,
  signal: StopSignal,
  stage: Stage,
): Promise<CallResult> {
  const { endpoint, options } = context;
  // First of all: a missing secret must cost neither a lease nor an intent.
  const transport = await context.transport();
  const leased = await leaseCall(context, call, scope.fresh, signal);
  if ('record' in leased) return { record: leased.record, isPaid: false };
  try {
    const size = toCallSize(call);
    for (let attempt = 0; ; attempt++) {
      const result = await attemptOnce(context, transport, call, size, scope, signal, stage, attempt);
      if ('record' in result) return { record: result.record, isPaid: true };
      const { code } = result.trouble;
      const isDown = attempt >= endpoint.retries && isUnreachable(result.trouble);
      // The pool lets nobody in before the outage is over, or refuses all who wait.
      const wait =
        isDown && context.pool.isWorthWaiting(call.model.model) ? 0 : retryWait(context, call, result.trouble, attempt);
      if (wait === null) throw result.failure;
      stage.idle();
      const about = { node: scope.node, call: call.key, endpoint: endpoint.id, model: call.model.model };
      options.emit({ type: 'call-retry', ...about, code, waitMs: Math.round(wait) });
      // After Retry-After the whole pool waits, this call in it; so it does where 429s have given it a pace.
      if (!result.isPaced) await pause(context.clock, wait, signal);
    }
  } finally {
    context.background(leased.lease.release());
  }
}

/** The lease, or the answer if another process got it meanwhile. */
async function leaseCall(
  { options, clock }: CallContext,
  call: CallRequest,
  fresh: boolean,
  signal: StopSignal,
): Promise<{ lease: Lease } | { record: CallRecord }> {
  for (let wait = POLL_MS.first; ; wait = Math.min(POLL_MS.most, wait * 2)) {
    if (signal.aborted) throw stopped();
    const lease = await options.leases.reserve(`call:${call.key}`);
    // Asked again under the lease: whoever held it before may have answered since we looked.
    const [record] = fresh ? [] : await options.journal.find([call.key]);
    if (lease !== undefined) {
      if (record === undefined) return { lease };
      await lease.release();
    }
    if (record !== undefined) return { record };
    await pause(clock, wait, signal);
  }
}

/** Null where another attempt would not help or is one too many. */
function retryWait({ endpoint, backoff }: CallContext, call: CallRequest, trouble: Trouble, attempt: number) {
  if (!trouble.mayRetry || attempt >= endpoint.retries) return null;
  if (trouble.retryAfterMs === null) return backoffMs(call.key, attempt, backoff);
  return trouble.retryAfterMs > Math.max(LEAST_PATIENCE_MS, endpoint.timeouts.total_ms) ? null : trouble.retryAfterMs;
}

type Attempt =
  | { readonly record: CallRecord }
  /** `isPaced`: the pool lets the next attempt in when it is time. */
  | { readonly trouble: Trouble; readonly failure: Failure; readonly isPaced: boolean };

async function attemptOnce(
  context: CallContext,
  transport: Transport,
  call: CallRequest,
  size: CallSize,
  scope: ActionScope,
  signal: StopSignal,
  stage: Stage,
  attempt: number,
): Promise<Attempt> {
  const { options, endpoint, pool, clock } = context;
  const likely = size.likely.input + size.likely.output;
  const leave = await pool.enter(call.model.model, scope.priority, signal);
  let slot: Slot | null = null;
  try {
    const { reservation, intent } = await openIntent(context, call, size, scope, signal);
    let isEnded = false;
    try {
      try {
        slot = await pool.acquire(call.model.model, scope.priority, likely, signal);
      } catch (error) {
        isEnded = true;
        await withdraw(options, intent, reservation);
        throw error;
      }
      if (attempt === 0) {
        const about = { node: scope.node, call: call.key, endpoint: endpoint.id, model: call.model.model };
        options.emit({ type: 'call-started', ...about });
      }
      stage.sending();
      const sentAt = clock.now();
      const reply = await transport.send(requestBody(call), signal);
      if (reply.type === 'aborted') throw stopped();
      const redact = (text: string) => options.secrets.redact(text);
      const answered =
        reply.type === 'response' && reply.status >= 200 && reply.status < 300 ? readAnswer(reply.text, redact) : null;
      if (answered?.ok) {
        const told = believable(answered.usage, size);
        const usage = told ?? size.likely;
        // Without a usage nobody knows what it cost: then it counts as what was reserved.
        const usd = toUsd(told ?? size.most, call.model.price);
        // The endpoint is done with it: the next call need not wait until this answer is on disk.
        slot.succeeded(usage.input + usage.output);
        slot.release();
        leave();
        const latencyMs = Math.round(clock.now() - sentAt);
        const kept = { answer: answered.answer, usage, usd, latencyMs };
        const record = await options.journal.answer(intent, kept).catch((failure: unknown) => {
          context.cannotKeep(failure);
          throw failure;
        });
        isEnded = true;
        reservation.settle(usd);
        return { record };
      }
      const trouble =
        answered === null
          ? troubleOfReply(reply, endpoint, clock, redact)
          : badResponse(answered.problem, believable(answered.usage, size));
      const failure = toFailure(trouble, call, endpoint, attempt);
      const isPaced = reportTrouble(slot, trouble, failure, attempt >= endpoint.retries);
      isEnded = await closeIntent(options, intent, reservation, trouble, call);
      return { trouble, failure, isPaced };
    } finally {
      if (!isEnded) reservation.lose();
    }
  } finally {
    slot?.release();
    leave();
  }
}

/** Nothing was sent: the intent ends, and what it reserved is free again. */
async function withdraw({ journal }: LlmHubOptions, intent: string, reservation: Reservation): Promise<void> {
  try {
    await journal.void(intent, 'not-sent');
  } finally {
    reservation.settle(0);
  }
}

/** Reserves, then writes the intent; begins again if another process took what was left of the budget. */
async function openIntent(
  { options, budget }: CallContext,
  call: CallRequest,
  size: CallSize,
  scope: ActionScope,
  signal: StopSignal,
): Promise<{ reservation: Reservation; intent: string }> {
  const reserveUsd = toUsd(size.most, call.model.price);
  const blob = requestBlob(call);
  const intent: CallIntent = {
    key: call.key,
    pipeline: options.pipeline,
    run: options.run,
    node: scope.node,
    endpoint: call.model.endpoint,
    model: call.model.model,
    reserveUsd,
    request: blob.digest,
  };
  for (;;) {
    const reservation = await budget.reserve(reserveUsd, `a call to ${call.model.alias}`, scope.priority, signal);
    let isOpen = false;
    try {
      await options.blobs.put([blob]);
      const id = await options.journal.intend(intent);
      if (!signal.aborted && (await budget.confirm(reserveUsd))) {
        isOpen = true;
        return { reservation, intent: id };
      }
      await options.journal.void(id, 'not-sent');
    } finally {
      if (!isOpen) reservation.settle(0);
    }
    if (signal.aborted) throw stopped();
  }
}

/** @returns whether the reservation is settled; what may have been billed stays open, and counted in full */
async function closeIntent(
  { journal }: LlmHubOptions,
  intent: string,
  reservation: Reservation,
  { billed, code }: Trouble,
  call: CallRequest,
): Promise<boolean> {
  if (billed === 'maybe') return false;
  const usd = billed === 'no' ? 0 : toUsd(billed, call.model.price);
  await (billed === 'no' ? journal.void(intent, code) : journal.void(intent, code, usd));
  reservation.settle(usd);
  return true;
}

/** Nothing was sent, and that may change. */
const isUnreachable = ({ scope, mayRetry }: Trouble) => scope === 'endpoint' && mayRetry;

function reportTrouble(slot: Slot, trouble: Trouble, failure: Failure, isLastAttempt: boolean): boolean {
  const { code, scope, mayRetry, retryAfterMs } = trouble;
  if (code === 'llm-rate-limited') return slot.rateLimited(retryAfterMs);
  const isLast = isLastAttempt || !mayRetry;
  if (scope === 'endpoint') {
    slot.failed({ failure, type: mayRetry ? 'unreachable' : 'lasting', isLast }, retryAfterMs);
  } else if (mayRetry) slot.failed({ failure, type: 'silent', isLast }, retryAfterMs);
  else slot.answered(retryAfterMs);
  return retryAfterMs !== null;
}

function toFailure(trouble: Trouble, { key, model }: CallRequest, endpoint: EndpointSpec, attempt: number): Failure {
  const times = attempt === 0 ? '' : ` (attempt ${attempt + 1} of ${Math.max(attempt, endpoint.retries) + 1})`;
  return new Failure(trouble.code, `${endpoint.id}: ${model.model}: ${trouble.message}${times}`, {
    scope: trouble.scope,
    detail: { endpoint: endpoint.id, model: model.model, status: trouble.status, attempts: attempt + 1, call: key },
    ...(trouble.hint === undefined ? {} : { hint: trouble.hint }),
  });
}

/** Zero tokens, for events of calls that were never answered. */
export const NO_USAGE: Usage = { input: 0, output: 0 };
