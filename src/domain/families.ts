/** Which model families wrote which field: a fact that travels along the inputs, so that nobody judges their own. */

import type { Facts } from '#contract/kind.ts';
import type { ResolvedModel } from '#contract/services.ts';

/** A model without a declared family is its own. */
export function familyOf(model: ResolvedModel): string {
  return model.family ?? model.alias;
}

/** Of all models that may answer where this one is asked: its own, and those of its fallbacks. */
export function familiesOf(model: ResolvedModel): string[] {
  return [model, ...(model.fallback ?? [])].map(familyOf);
}

/** The facts of all inputs together, with `field` said to be written by these models. */
export function withFamilies(
  inputs: { readonly [input: string]: Facts },
  field: string,
  models: readonly ResolvedModel[],
): Facts {
  const names = Object.keys(inputs).sort();
  const merged: Facts = Object.assign({}, ...names.map((name) => inputs[name] ?? {}));
  const known: { [field: string]: string[] } = {};
  for (const name of names) {
    for (const [written, by] of Object.entries(familiesByField(inputs[name] ?? {})))
      known[written] = [...new Set([...(known[written] ?? []), ...by])].sort();
  }
  const families = [...new Set(models.flatMap(familiesOf))].sort();
  return { ...merged, families: { ...known, [field]: families } };
}

/** Families by the top-level field that they wrote. */
export function familiesByField(facts: Facts): { readonly [field: string]: readonly string[] } {
  const families = facts['families'];
  if (typeof families !== 'object' || families === null || Array.isArray(families)) return {};
  return Object.fromEntries(
    Object.entries(families).map(([field, names]) => [
      field,
      Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [],
    ]),
  );
}
