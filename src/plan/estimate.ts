/** Calls, tokens and price of a node for so many rows: what its kind expects, or what was measured when it last ran. */

import type { Estimate } from '#contract/kind.ts';
import type { PlanNode } from '#contract/plan.ts';
import type { ResolvedModel } from '#contract/services.ts';
import type { Measured, StoredNode } from './stored-node.ts';

export interface UsdRange {
  readonly low: number;
  readonly high: number;
}

export interface ModelEstimate {
  readonly alias: string;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Null where the model has no price. */
  readonly usd: UsdRange | null;
}

export interface NodeEstimate {
  /** Rows on `out`, where the kind can say. */
  readonly rowsOut: number | null;
  readonly models: readonly ModelEstimate[];
  readonly calls: number;
  readonly tokens: { readonly input: number; readonly output: number };
  /** Of the models that have a price; null where none has. */
  readonly usd: UsdRange | null;
  /** Aliases without a price. */
  readonly unpriced: readonly string[];
  /** False where the node makes calls that have a price, and its rows are not known. */
  readonly isBounded: boolean;
  /** Whether tokens are those of earlier calls rather than guessed. */
  readonly isMeasured: boolean;
  readonly notes: readonly string[];
}

/** Guessed tokens are off by up to this factor either way; measured ones vary by rows. */
const GUESS = 2;
const VARIATION = 1.25;

/** @param rows rows to perform; null where not known */
export function estimateNode(node: PlanNode, rows: number | null, measured: Measured | null): NodeEstimate {
  const asked = ask(node, rows ?? 0);
  const models = (asked?.calls ?? []).map((call, _, all) => toModel(call, rows ?? 0, measured, all));
  const priced = models.flatMap(({ usd }) => usd ?? []);
  const isPaid = (asked?.calls ?? []).some(({ model: { price } }) => price !== null && price.input + price.output > 0);
  return {
    rowsOut: asked?.rows ?? null,
    models,
    calls: sum(models.map(({ calls }) => calls)),
    tokens: { input: sum(models.map((all) => all.inputTokens)), output: sum(models.map((all) => all.outputTokens)) },
    usd:
      priced.length === 0
        ? null
        : { low: sum(priced.map(({ low }) => low)), high: sum(priced.map(({ high }) => high)) },
    unpriced: unpricedOf(asked?.calls ?? [], models),
    isBounded: rows !== null || !isPaid,
    isMeasured: measured !== null && models.length > 0,
    notes: asked?.notes ?? [],
  };
}

/** Aliases that may be asked and have no price, stand-ins among them. */
function unpricedOf(calls: readonly CallEstimate[], models: readonly ModelEstimate[]): string[] {
  const asked = calls.filter((_, nth) => (models[nth]?.calls ?? 0) > 0).flatMap(({ model }) => withFallback(model));
  return [...new Set(asked.filter(({ price }) => price === null).map(({ alias }) => alias))];
}

function withFallback(model: ResolvedModel): readonly ResolvedModel[] {
  return [model, ...(model.fallback ?? [])];
}

function ask(node: PlanNode, rows: number): Estimate | null {
  try {
    return node.kind.estimate?.(node.config as never, rows) ?? null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { calls: [], notes: [`${node.kind.name} cannot estimate this node: ${reason.split('\n', 1)[0]}`] };
  }
}

type CallEstimate = Estimate['calls'][number];

function toModel(
  call: CallEstimate,
  rows: number,
  measured: Measured | null,
  all: readonly CallEstimate[],
): ModelEstimate {
  const { model } = call;
  const calls = Math.max(0, Math.round(call.calls));
  if (calls === 0) return { alias: model.alias, calls: 0, inputTokens: 0, outputTokens: 0, usd: zeroOf(model) };
  // Measured figures are of the node as a whole: the models share them in the proportion that the kind expects.
  const scale = measured === null ? null : scaleOf(measured, all);
  const expected =
    measured === null ? calls : Math.round((measured.callsPerRow * rows * calls) / sum(all.map((one) => one.calls)));
  const perCall = { input: call.inputTokens / call.calls, output: call.outputTokens / call.calls };
  const inputTokens = Math.round(expected * perCall.input * (scale?.input ?? 1));
  const outputTokens = Math.round(expected * perCall.output * (scale?.output ?? 1));
  return {
    alias: model.alias,
    calls: expected,
    inputTokens,
    outputTokens,
    usd: rangeOf(model, expected, inputTokens, outputTokens, measured !== null),
  };
}

function scaleOf(measured: Measured, all: readonly CallEstimate[]): { input: number; output: number } {
  const calls = sum(all.map((one) => one.calls));
  const ratio = (real: number, guessed: number) => (guessed > 0 ? (real * calls) / guessed : 1);
  return {
    input: ratio(measured.inputPerCall, sum(all.map((one) => one.inputTokens))),
    output: ratio(measured.outputPerCall, sum(all.map((one) => one.outputTokens))),
  };
}

function zeroOf({ price }: ResolvedModel): UsdRange | null {
  return price === null ? null : { low: 0, high: 0 };
}

/** At least what the model itself costs, at most what the dearest of those that may stand in for it does. */
function rangeOf(
  model: ResolvedModel,
  calls: number,
  input: number,
  output: number,
  isMeasured: boolean,
): UsdRange | null {
  const [own, ...others] = withFallback(model).map((one) => ownRangeOf(one, calls, input, output, isMeasured));
  if (own === null || own === undefined) return null;
  return { low: own.low, high: Math.max(own.high, ...others.map((other) => other?.high ?? 0)) };
}

/** No answer is longer than `max_tokens`, whatever was guessed. */
function ownRangeOf(
  { price, sampling }: ResolvedModel,
  calls: number,
  input: number,
  output: number,
  isMeasured: boolean,
): UsdRange | null {
  if (price === null) return null;
  const factor = isMeasured ? VARIATION : GUESS;
  const most = Math.min(
    output * factor,
    sampling.max_tokens === undefined ? Number.POSITIVE_INFINITY : calls * sampling.max_tokens,
  );
  const usd = (inputs: number, outputs: number) => (inputs * price.input + outputs * price.output) / 1_000_000;
  const low = usd(input / factor, Math.min(output / factor, most));
  return { low, high: Math.max(low, usd(input * factor, most)) };
}

/** Rows on the kind's own ports. */
export function outputRows({ ports }: StoredNode): number {
  const names = Object.keys(ports).filter((port) => port !== 'rejected' && port !== 'tally' && port !== 'evidence');
  return sum(names.map((port) => ports[port]?.count ?? 0));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
