/** Runs a kind by itself, as the engine would: config with its defaults, frozen rows, declared services only. */

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Json, JsonObject } from '#contract/json.ts';
import type { ClosedInput, Facts, Finding, Kind, Looked, RowOutcome, WholeItem } from '#contract/kind.ts';
import type { Row } from '#contract/row.ts';
import type { LlmService, Services } from '#contract/services.ts';
import { deepFreeze } from '#util/deep-freeze.ts';

/** Defaults laid in and everything held against the schema, except for resolved models and files. */
export function resolveConfig(kind: Kind, config: { readonly [name: string]: unknown }): never {
  const given: { [name: string]: unknown } = { ...config };
  const validate = validators.get(kind) ?? compileConfig(kind);
  validators.set(kind, validate);
  if (!validate(given)) throw new Error(`config of ${kind.name}: ${JSON.stringify(validate.errors)}`);
  return given as never;
}

const validators = new WeakMap<Kind, ValidateFunction>();

function compileConfig(kind: Kind): ValidateFunction {
  const schema = structuredClone(kind.config) as object;
  openMarked(schema);
  return new Ajv2020({ strict: false, useDefaults: true }).compile(schema);
}

/** Models and files are given resolved, wherever they stand. */
function openMarked(schema: object): void {
  for (const [name, member] of Object.entries(schema) as [string, unknown][]) {
    if (typeof member !== 'object' || member === null) continue;
    const marker = (member as { 'x-sluice'?: string })['x-sluice'];
    if (marker === 'model' || marker === 'file') (schema as { [name: string]: unknown })[name] = {};
    else openMarked(member);
  }
}

function contextOf(kind: Kind, config: { readonly [name: string]: unknown }, llm: LlmService | undefined) {
  return { config: resolveConfig(kind, config), llm, signal: new AbortController().signal } as never;
}

export async function runRow(
  kind: Kind,
  config: { readonly [name: string]: unknown },
  fields: JsonObject,
  options: {
    readonly llm?: LlmService;
    readonly services?: Partial<Services>;
    readonly lookups?: { readonly [name: string]: Looked };
    readonly key?: string;
  } = {},
): Promise<RowOutcome> {
  if (kind.scope !== 'row') throw new Error(`${kind.name} is no row kind`);
  const input = deepFreeze({ row: { key: options.key ?? '', fields }, lookups: options.lookups ?? {} });
  return await kind.run(input, { ...(contextOf(kind, config, options.llm) as object), ...options.services } as never);
}

/** The fields set by an only emission. */
export function setOf(outcome: RowOutcome): { readonly [field: string]: Json } {
  if (outcome.type !== 'emit') throw new Error(`rejected: ${outcome.code} ${outcome.reason}`);
  return outcome.emissions[0]?.set ?? {};
}

export async function runWhole(
  kind: Kind,
  config: { readonly [name: string]: unknown },
  inputs: { readonly [name: string]: readonly JsonObject[] },
): Promise<WholeItem[]> {
  if (kind.scope !== 'whole') throw new Error(`${kind.name} is no whole kind`);
  const closed = Object.fromEntries(Object.entries(inputs).map(([name, rows]) => [name, toClosed(rows)]));
  const context = { ...(contextOf(kind, config, undefined) as object), inputs: closed, partial: false };
  const items: WholeItem[] = [];
  for await (const item of kind.run(context as never)) items.push(item);
  return items;
}

function toClosed(fields: readonly JsonObject[]): ClosedInput {
  async function* rows(): AsyncIterable<Row> {
    for (const [at, each] of fields.entries()) yield deepFreeze({ key: String(at), fields: each });
  }
  const port = { name: 'test.out', node: 'test', port: 'out', count: fields.length, rows };
  return { count: fields.length, ports: [port], rows };
}

export function checkOf(
  kind: Kind,
  config: { readonly [name: string]: unknown },
  facts: { readonly [input: string]: Facts } = {},
): readonly Finding[] {
  return kind.check?.(resolveConfig(kind, config), facts) ?? [];
}
