/** One row and what was looked up for it, as as many rows as there are combinations. */

import { Failure } from '#contract/failure.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import type { Context, Emission, Looked, RowInput, RowOutcome } from '#contract/kind.ts';
import type { Row } from '#contract/row.ts';
import { valueAtPath } from '#domain/at-path.ts';
import { stableJson } from '#util/json-object.ts';
import { sha256 } from '#util/sha256.ts';

interface JoinConfig {
  readonly set: { readonly [field: string]: string };
}

type Match = { readonly [lookup: string]: Row | null };

/** @throws Failure `unknown-lookup` */
export function runJoin({ lookups }: RowInput, { config: { set } }: Context<JoinConfig>): RowOutcome {
  const paths = Object.entries(set).map(([field, path]) => {
    const [lookup = '', ...rest] = path.split('.');
    if (!Object.hasOwn(lookups, lookup))
      throw new Failure(
        'unknown-lookup',
        `\`set.${field}\` begins with '${lookup}', and \`with\` has none of that name`,
        {
          hint: `\`with\` has ${Object.keys(lookups).join(', ') || 'nothing'}`,
        },
      );
    return { field, lookup, path: rest.join('.') };
  });
  const used = [...new Set(paths.map(({ lookup }) => lookup))];
  const isMany = used.some((name) => Array.isArray(lookups[name]));
  const emissions = new Map<string, Emission>();
  for (const match of matches(used, lookups)) {
    const fields = Object.fromEntries(paths.map(({ field, lookup, path }) => [field, valueAt(match[lookup], path)]));
    // From content: rows that are found in another order, or twice, change nothing.
    const suffix = isMany ? sha256(stableJson(fields)).slice(0, 16) : '';
    emissions.set(suffix, { ...(isMany ? { suffix } : {}), set: fields });
  }
  if (emissions.size > 0) return { type: 'emit', emissions: [...emissions.values()] };
  return { type: 'reject', code: 'lookup-missing', reason: `no row matches (${used.join(', ')})` };
}

function* matches(names: readonly string[], lookups: { readonly [name: string]: Looked }): Iterable<Match> {
  const [name, ...rest] = names;
  if (name === undefined) {
    yield {};
    return;
  }
  const looked = lookups[name] ?? null;
  const rows = looked === null || 'fields' in looked ? [looked] : looked;
  for (const row of rows) for (const match of matches(rest, lookups)) yield { [name]: row, ...match };
}

function valueAt(row: Row | null | undefined, path: string): Json {
  if (row === null || row === undefined) return null;
  return path === '' ? (row.fields as JsonObject) : (valueAtPath(row.fields, path) ?? null);
}
