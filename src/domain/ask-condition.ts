/** Asks a condition of a row. What cannot be answered for a row is said with its reason, never taken for a silent false. */

import type { Json, JsonObject } from '#contract/json.ts';
import type { Looked } from '#contract/kind.ts';
import { CelFailure, compileCel } from '#util/cel.ts';

/** `missing`: the field that the row does not have, where that is why. */
export type Answer = boolean | { readonly notEvaluable: string; readonly missing?: string };

type Evaluate = (variables: JsonObject) => Json;

/** One program a text: manifests hold few, and rows are many. */
const programs = new Map<string, Evaluate>();

/** Fields are variables by their names and members of `row`; a looked-up row is seen as its fields, several as a list of them. */
export function askCondition(
  where: string,
  fields: JsonObject,
  lookups: { readonly [name: string]: Looked } = {},
): Answer {
  const evaluate = programFor(where);
  let value: Json;
  try {
    value = evaluate({ ...fields, ...lookedUp(lookups), row: { ...fields } });
  } catch (error) {
    const notEvaluable = error instanceof Error ? firstLine(error.message) : 'the condition failed';
    const missing = missingField(error, where, { ...fields, ...lookups });
    return missing === null ? { notEvaluable } : { notEvaluable, missing };
  }
  if (typeof value === 'boolean') return value;
  return { notEvaluable: `the condition gives ${describe(value)}, not true or false` };
}

/** Of the row itself, not of a member of one of its fields. */
function missingField(error: unknown, where: string, known: object): string | null {
  if (!(error instanceof CelFailure) || error.code !== 'condition-missing-field') return null;
  const [, kind, name = ''] = /^(Unknown variable|No such key): (\w+)$/.exec(firstLine(error.message)) ?? [];
  if (name === '' || Object.hasOwn(known, name)) return null;
  return kind === 'Unknown variable' || new RegExp(`\\brow\\.${name}\\b`).test(where) ? name : null;
}

function programFor(where: string): Evaluate {
  const known = programs.get(where);
  if (known !== undefined) return known;
  const compiled = compileCel(where, 'dyn');
  if (!compiled.ok) throw new Error(`condition passed the check but does not compile: ${compiled.errors[0]?.message}`);
  programs.set(where, compiled.evaluate);
  return compiled.evaluate;
}

function lookedUp(lookups: { readonly [name: string]: Looked }): JsonObject {
  return Object.fromEntries(
    Object.entries(lookups).map(([name, looked]) => [
      name,
      looked === null ? null : 'fields' in looked ? looked.fields : looked.map((row) => row.fields),
    ]),
  );
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}

function describe(value: Json): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
