/** The overlaid tree to the Manifest: values put in place of references, shapes checked, names wired. */

import type { Diagnostic, SourceTexts } from '#contract/diagnostic.ts';
import type { Json } from '#contract/json.ts';
import type { Manifest } from '#contract/manifest.ts';
import { didYouMean } from '#util/did-you-mean.ts';
import { checkShape } from './check-shape.ts';
import type { DiagnosticList } from './diagnostic-list.ts';
import { type ExpandedNodes, expandNodes } from './expand-nodes.ts';
import type { Interpolator } from './interpolate.ts';
import { makeLocate } from './locate.ts';
import {
  emptyMap,
  itemsOf,
  type Located,
  type LocatedEntry,
  type LocatedMap,
  member,
  spanOf,
  textOf,
  toJson,
} from './located.ts';
import { IDENTIFIER } from './names.ts';
import type { Params } from './params.ts';
import { numberOf, toEndpoints, toModels } from './to-endpoints.ts';
import { toNodes } from './to-nodes.ts';
import { toRemotes } from './to-remotes.ts';

export interface BuildInput {
  readonly file: string;
  readonly root: LocatedMap;
  readonly params: Params;
  readonly interpolator: Interpolator;
  readonly diagnostics: DiagnosticList;
  readonly texts: SourceTexts;
}

/** What the loader adds afterwards. */
export type BuiltManifest = Omit<Manifest, 'dir' | 'profile' | 'consulted'>;

/** Keys that decide what is loaded at all, or that are worked on apart. */
const AS_WRITTEN = new Set(['sluice', 'include', 'profiles', 'params', 'params_files', 'defaults', 'nodes']);

/** What a default could not mean for all nodes of a kind. */
const NOT_DEFAULTS = ['kind', 'from', 'with', 'matrix', 'to', 'after', 'when'];

export async function buildManifest(input: BuildInput) {
  const { file, params, interpolator, diagnostics } = input;
  const written = input.root;
  const values = new Map<string, LocatedEntry>();
  for (const name of params.names()) {
    const key = entryOf(member(written, 'params'), name);
    if (key !== undefined) values.set(name, { key: key.key, value: params.value(name, interpolator).value });
  }
  const nodes = member(written, 'nodes');
  const expanded = expandNodes(
    nodes?.type === 'map' ? nodes : emptyMap(written),
    member(written, 'defaults'),
    interpolator,
    diagnostics,
  );
  checkDefaults(member(written, 'defaults'), expanded, diagnostics);
  const root = resolveTop(written, values, expanded, interpolator);
  const holes = await checkShape(root, makeLocate(root, input.texts), diagnostics);
  checkSectionNames(root, diagnostics);

  const endpoints = toEndpoints(root, diagnostics);
  const models = toModels(root, diagnostics);
  const datasets = toRemotes(root, diagnostics);
  const pools = toNumbers(member(root, 'pools'));
  const built = toNodes(expanded, Object.keys(pools), diagnostics);
  const budget = member(root, 'budget');
  const env_files = itemsOf(member(root, 'env_files')).flatMap((item) => textOf(item) ?? []);
  const manifest: BuiltManifest = {
    file,
    name: textOf(member(root, 'name')) ?? '',
    params: toValues(values),
    endpoints,
    models,
    datasets,
    budget: { usd: numberOf(member(budget, 'usd')), confirm_above: numberOf(member(budget, 'confirm_above')) },
    pools,
    kinds: itemsOf(member(root, 'kinds')).flatMap((item) => {
      const path = textOf(item);
      return path === null ? [] : { path, at: spanOf(item) };
    }),
    nodes: built.nodes,
    env_files: root.entries.has('env_files') ? env_files : ['.env'],
    secrets: interpolator.secrets,
  };
  const suspect = new Set(built.suspect);
  addSuspects(suspect, expanded, holes, diagnostics.items);
  return { root, manifest, suspect };
}

function entryOf(value: Located | undefined, key: string): LocatedEntry | undefined {
  return value?.type === 'map' ? value.entries.get(key) : undefined;
}

function resolveTop(
  written: LocatedMap,
  params: ReadonlyMap<string, LocatedEntry>,
  expanded: ExpandedNodes,
  interpolator: Interpolator,
): LocatedMap {
  const entries = new Map<string, LocatedEntry>();
  for (const [key, entry] of written.entries) {
    if (key.startsWith('x-')) continue;
    if (AS_WRITTEN.has(key)) entries.set(key, entry);
    else if (Object.hasOwn(SECRET_FIELDS, key))
      entries.set(key, { key: entry.key, value: resolveAccounts(key, entry.value, interpolator) });
    else {
      const value = interpolator.resolve(entry.value, { path: [key], matrix: null, secrets: false });
      entries.set(key, { key: entry.key, value });
    }
  }
  const nodes = written.entries.get('nodes');
  if (nodes?.value.type === 'map')
    entries.set('nodes', { key: nodes.key, value: { ...nodes.value, entries: expanded.nodes } });
  const declared = written.entries.get('params');
  if (declared?.value.type === 'map')
    entries.set('params', { key: declared.key, value: { ...declared.value, entries: params } });
  return { ...written, entries };
}

/** Fields of accounts that may hold secrets, by section. */
const SECRET_FIELDS: { readonly [section: string]: readonly string[] } = {
  endpoints: ['api_key', 'headers'],
  datasets: ['token'],
};

function resolveAccounts(name: string, section: Located, interpolator: Interpolator): Located {
  if (section.type !== 'map') return section;
  const endpoints = new Map<string, LocatedEntry>();
  for (const [id, { key, value }] of section.entries) {
    const fields = new Map<string, LocatedEntry>();
    if (value.type === 'map')
      for (const [member, field] of value.entries) {
        const context = {
          path: [name, id, member],
          matrix: null,
          secrets: SECRET_FIELDS[name]?.includes(member) === true,
        };
        fields.set(member, { key: field.key, value: interpolator.resolve(field.value, context) });
      }
    endpoints.set(id, { key, value: value.type === 'map' ? { ...value, entries: fields } : value });
  }
  return { ...section, entries: endpoints };
}

function checkDefaults(defaults: Located | undefined, { kinds }: ExpandedNodes, diagnostics: DiagnosticList): void {
  if (defaults?.type !== 'map') return;
  for (const [kind, { key, value }] of defaults.entries) {
    if (!kinds.has(kind)) {
      const nearest = didYouMean(kind, kinds);
      const hint = nearest === null ? undefined : `did you mean '${nearest}'?`;
      diagnostics.warning('defaults-unused', `no node is of kind '${kind}', so its defaults do nothing`, key, { hint });
    }
    if (value.type !== 'map') continue;
    for (const [name, entry] of value.entries)
      if (NOT_DEFAULTS.includes(name))
        diagnostics.error('bad-defaults', `'${name}' is a matter of each node and has no default`, entry.key);
  }
}

function checkSectionNames(root: LocatedMap, diagnostics: DiagnosticList): void {
  for (const [section, what] of [
    ['endpoints', 'an endpoint'],
    ['models', 'a model'],
    ['params', 'a param'],
    ['pools', 'a pool'],
  ] as const) {
    const value = member(root, section);
    if (value?.type !== 'map') continue;
    for (const [name, { key }] of value.entries) {
      if (IDENTIFIER.test(name)) continue;
      const hint = "names start with a letter and hold letters, digits, '_' and '-'";
      diagnostics.error('bad-name', `'${name}' cannot be the name of ${what}`, key, { hint });
    }
  }
}

function toNumbers(section: Located | undefined): { readonly [name: string]: number } {
  const numbers: { [name: string]: number } = Object.create(null);
  if (section?.type !== 'map') return numbers;
  for (const [name, { value }] of section.entries) numbers[name] = numberOf(value) ?? 1;
  return numbers;
}

function toValues(params: ReadonlyMap<string, LocatedEntry>): { readonly [name: string]: Json } {
  const values: { [name: string]: Json } = Object.create(null);
  for (const [name, { value }] of params) values[name] = toJson(value);
  return values;
}

/** Nodes with a hole in them, or around the place of an error. */
function addSuspects(
  suspect: Set<string>,
  { nodes }: ExpandedNodes,
  holes: ReadonlySet<string>,
  diagnostics: readonly Diagnostic[],
): void {
  for (const hole of holes) {
    const [section, id] = JSON.parse(hole) as string[];
    if (section === 'nodes' && id !== undefined) suspect.add(id);
  }
  const places = diagnostics.flatMap(({ severity, at }) => (severity === 'error' && at !== undefined ? [at] : []));
  if (places.length === 0) return;
  for (const [id, { key, value }] of nodes)
    if (places.some(({ file, start }) => file === value.file && start >= key.start && start <= value.end))
      suspect.add(id);
}
