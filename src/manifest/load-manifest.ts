/** Text to Manifest. Reads only through what it is given; reports every mistake it can find, each where it was written. */

import { dirname } from 'node:path';
import type { SourceSpan } from '#contract/diagnostic.ts';
import type { Digest } from '#contract/json.ts';
import type { LoadedManifest } from '#contract/manifest.ts';
import { nameHint } from '#util/did-you-mean.ts';
import { sha256 } from '#util/sha256.ts';
import { buildManifest } from './build-manifest.ts';
import { DiagnosticList, showValue } from './diagnostic-list.ts';
import { Interpolator } from './interpolate.ts';
import { makeLocate, makeOrigin } from './locate.ts';
import { emptyMap, itemsOf, type LocatedMap, member, textOf, toJson } from './located.ts';
import { overlayManifest } from './overlay.ts';
import { Params } from './params.ts';
import { applySet, nameOfSet, parseSet, type SetOption } from './parse-set.ts';
import { PROFILE_OPTION, selectProfiles } from './profiles.ts';
import { type ReadText, SourceReader } from './read-sources.ts';
import { checkSecretLiterals, checkSecretUses, maskSecrets } from './secrets.ts';
import type { TreeCache } from './tree-cache.ts';

export interface LoadOptions {
  /** Absolute path of the entry file. */
  readonly file: string;
  /** Names, each perhaps several joined by ','. */
  readonly profiles: readonly string[];
  /** `nodes.king.prompt=prompts/k2.md`; the value is YAML. */
  readonly sets: readonly string[];
  /** Null where there is no such file. */
  readonly readText: ReadText;
  /** Null or left out: every file is parsed. */
  readonly trees?: TreeCache | null;
  readonly env: (name: string) => string | undefined;
  /** For suggestions only. */
  readonly envNames?: () => readonly string[];
  /** Config schema of a kind, if known: then its secrets are checked here. */
  readonly kindFields?: (kind: string) => unknown;
}

export async function loadManifest(options: LoadOptions): Promise<LoadedManifest> {
  const diagnostics = new DiagnosticList();
  const reader = new SourceReader(options.readText, diagnostics, options.trees ?? null);
  const { texts } = reader;
  const masks: SourceSpan[] = [];
  const finish = (root: LocatedMap, loaded: NonNullable<LoadedManifest['salvaged']> | null): LoadedManifest => {
    const common = {
      texts,
      diagnostics: diagnostics.sorted([...texts.keys()]),
      locate: makeLocate(root, texts),
      origin: makeOrigin(root),
    };
    if (common.diagnostics.length > 0) maskSecrets(texts, masks);
    if (loaded !== null && diagnostics.errors === 0) return { ...common, ok: true, manifest: loaded.manifest };
    return { ...common, ok: false, manifest: null, salvaged: loaded };
  };
  const nowhere = emptyMap({ file: options.file, start: 0, end: 0 });

  const base = await reader.manifest(options.file, undefined, []);
  if (base === null) return finish(nowhere, null);
  if (!checkVersion(base, options.file, diagnostics)) return finish(base, null);

  const root = await overlayAll(base, options, reader, diagnostics);
  const env = new Map<string, Digest | null>();
  const params = makeParams(root, diagnostics);
  const interpolator: Interpolator = new Interpolator({
    texts,
    diagnostics,
    param: (path, at) => params.lookUp(path, at, interpolator),
    env: (name) => {
      const value = options.env(name);
      env.set(name, value === undefined ? null : sha256(value));
      return value;
    },
    get envNames() {
      return options.envNames?.() ?? [];
    },
  });
  const loaded = await buildManifest({ file: options.file, root, params, interpolator, diagnostics, texts });
  masks.push(...checkSecretLiterals(loaded.root, diagnostics));
  const profile = profileNames(options).join(',');
  const manifest = {
    ...loaded.manifest,
    dir: dirname(options.file),
    profile: profile === '' ? 'default' : profile,
    consulted: {
      files: [...reader.consulted].map(([path, digest]) => ({ path, digest })),
      env: [...env].map(([name, digest]) => ({ name, digest })),
    },
  };
  const { kindFields } = options;
  if (kindFields !== undefined) {
    const kinds = new Map(manifest.nodes.map(({ id, kind }) => [id, kind]));
    for (const diagnostic of checkSecretUses(manifest, (node) => kindFields(kinds.get(node) ?? '')))
      diagnostics.add(diagnostic);
  }
  warnUnusedOverlays(base, root, params, options, diagnostics);
  if (diagnostics.errors === 0) await reader.keepTrees();
  return finish(loaded.root, { manifest, suspect: loaded.suspect });
}

function profileNames({ profiles }: LoadOptions): string[] {
  const names = profiles.flatMap((name) => name.split(',')).map((name) => name.trim());
  return names.filter((name) => name !== '' && name !== 'default');
}

function checkVersion(base: LocatedMap, file: string, diagnostics: DiagnosticList): boolean {
  const written = base.entries.get('sluice');
  if (written === undefined) {
    const start = base.file === file ? base.start : 0;
    diagnostics.error(
      'version-missing',
      'the manifest does not say its version',
      { file, start, end: start },
      {
        hint: 'start with the line: sluice: 1',
      },
    );
    return true;
  }
  const { value } = written;
  if (value.type === 'hole' || (value.type === 'scalar' && value.value === 1)) return true;
  const message = `this sluice reads manifests of version 1; the manifest says ${showValue(toJson(value))}`;
  diagnostics.error('version-unknown', message, value, { hint: 'write sluice: 1, or use a newer sluice' });
  return false;
}

/** File, then files of params, then profiles, then `--set`: each laid over what came before. */
async function overlayAll(
  base: LocatedMap,
  options: LoadOptions,
  reader: SourceReader,
  diagnostics: DiagnosticList,
): Promise<LocatedMap> {
  const names = profileNames(options);
  const option = options.profiles.join(',');
  if (names.length > 0) reader.texts.set(PROFILE_OPTION, option);
  const profiles = selectProfiles(base, names, option, diagnostics);
  let sets = parseSets(options.sets, reader.texts, diagnostics);
  const withAll = (from: LocatedMap, report: DiagnosticList) =>
    sets.reduce((root, set) => applySet(root, set, report), profiles.reduce(overlayManifest, from));

  // A profile may name other files of params, and lies over what they hold: so it is laid twice.
  const files = member(withAll(base, new DiagnosticList()), 'params_files');
  let root = base;
  for (const item of itemsOf(files)) {
    const path = textOf(item) ?? textOf(member(item, 'path'));
    const optional = member(item, 'optional');
    const isOptional = optional?.type === 'scalar' && optional.value === true;
    if (path === null) continue;
    const values = await reader.params(path, options.file, isOptional, member(item, 'path') ?? item);
    if (values !== null)
      root = overlayManifest(root, { ...values, entries: new Map([['params', { key: values, value: values }]]) });
  }
  const below = profiles.reduce(overlayManifest, root);
  sets = sets.filter((set) => checkSet(set, below, diagnostics));
  return withAll(root, diagnostics);
}

function parseSets(sets: readonly string[], texts: Map<string, string>, diagnostics: DiagnosticList): SetOption[] {
  const options: SetOption[] = [];
  for (const text of sets) {
    let file = nameOfSet(text);
    for (let copy = 2; texts.has(file); copy++) file = `${nameOfSet(text)} (${copy})`;
    texts.set(file, text);
    const option = parseSet(file, text, diagnostics);
    if (option !== null) options.push(option);
  }
  return options;
}

/** A path that leads nowhere would otherwise quietly make something new. */
function checkSet({ file, path }: SetOption, root: LocatedMap, diagnostics: DiagnosticList): boolean {
  const [top = '', name, field] = path;
  if (['sluice', 'include', 'profiles'].includes(top)) {
    diagnostics.error('bad-set', `--set cannot change '${top}'`, { file, start: 0, end: top.length });
    return false;
  }
  const section = member(root, top);
  const names = section?.type === 'map' ? [...section.entries.keys()] : [];
  if (name === undefined || names.includes(name)) return true;
  // The shape check reports an unknown section; the other sections may be added to.
  const isNewNode = top === 'nodes' && (field === undefined || field === 'kind');
  if ((top !== 'params' && top !== 'nodes') || isNewNode) return true;
  const at = { file, start: top.length + 1, end: top.length + 1 + name.length };
  const [code, noun] = top === 'params' ? ['unknown-param', 'param'] : ['unknown-node', 'node'];
  diagnostics.error(code, `there is no ${noun} '${name}'`, at, { hint: nameHint(name, names, top) });
  return false;
}

function makeParams(root: LocatedMap, diagnostics: DiagnosticList): Params {
  const declared = member(root, 'params');
  return new Params(declared?.type === 'map' ? declared : emptyMap(root), diagnostics);
}

/** A param that only a profile sets and nothing uses is most likely misspelt. */
function warnUnusedOverlays(
  base: LocatedMap,
  root: LocatedMap,
  params: Params,
  options: LoadOptions,
  diagnostics: DiagnosticList,
): void {
  const final = member(root, 'params');
  if (final?.type !== 'map') return;
  const declared = member(base, 'params');
  for (const name of profileNames(options)) {
    const given = member(member(member(base, 'profiles'), name), 'params');
    if (given?.type !== 'map') continue;
    for (const [param, { key }] of given.entries) {
      if (params.used.has(param) || member(declared, param) !== undefined || !final.entries.has(param)) continue;
      const hint = nameHint(param, declared?.type === 'map' ? [...declared.entries.keys()] : [], 'params');
      const message = `profile '${name}' sets a param '${param}', which the manifest does not have`;
      diagnostics.warning('param-only-in-profile', message, key, { hint });
    }
  }
}
