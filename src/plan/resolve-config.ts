/** Marked config fields become what the kind receives (content, models, datasets), and what of them enters the key. */

import { dirname, relative, resolve, sep } from 'node:path';
import { Failure } from '#contract/failure.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import type { EndpointSpec, ModelSpec } from '#contract/manifest.ts';
import type { FileContent, Marker, MountedFiles } from '#contract/schema.ts';
import type { DatasetRef, ResolvedModel, Sampling } from '#contract/services.ts';
import type { DiagnosticList } from '#manifest/diagnostic-list.ts';
import { ASSUMED_MAX_TOKENS, answerBound, answersAsked } from '#util/answer-bound.ts';
import { nameHint } from '#util/did-you-mean.ts';
import { endpointIdentity } from '#util/endpoint-identity.ts';
import { setMember } from '#util/json-object.ts';
import { sha256 } from '#util/sha256.ts';
import { isKeyed, itemSchema, markerOf, memberSchema, type SchemaNode } from './config-schema.ts';
import type { Draft } from './draft.ts';
import type { PlanEnvironment } from './environment.ts';
import type { Loaded } from './loaded.ts';

/** What a recorded answer costs. */
const FREE = { input: 0, output: 0 };

type Path = readonly (string | number)[];

const RELATIVE = 'paths are relative to the manifest';

/** More templates than this are a loop of names, or a mistake. */
const MAX_INCLUDES = 200;

/** A value as the kind receives it, and as the key sees it; `keyed` is absent where the key must not. */
interface Resolved {
  readonly value: unknown;
  readonly keyed?: Json;
}

export async function resolveConfig(
  draft: Draft,
  env: PlanEnvironment,
  loaded: Loaded,
  found: DiagnosticList,
): Promise<void> {
  if (!draft.isSound) return;
  const resolver = new Resolver(draft, env, loaded, found);
  const { value, keyed } = await resolver.resolve(draft.config as Json, draft.kind.config as SchemaNode, []);
  draft.resolved = value;
  draft.keyed = (keyed ?? {}) as JsonObject;
}

class Resolver {
  readonly #draft: Draft;
  readonly #env: PlanEnvironment;
  readonly #loaded: Loaded;
  readonly #found: DiagnosticList;

  constructor(draft: Draft, env: PlanEnvironment, loaded: Loaded, found: DiagnosticList) {
    this.#draft = draft;
    this.#env = env;
    this.#loaded = loaded;
    this.#found = found;
  }

  async resolve(value: Json, schema: SchemaNode, path: Path): Promise<Resolved> {
    const resolved =
      (await this.#byMarker(value, markerOf(schema, value), path)) ?? (await this.#inside(value, schema, path));
    return isKeyed(schema, value) ? resolved : { value: resolved.value };
  }

  async #byMarker(value: Json, marker: Marker | null, path: Path): Promise<Resolved | null> {
    switch (marker) {
      case 'file':
        return typeof value === 'string' ? this.#file(value, path) : null;
      case 'model':
        return this.#model(value, path);
      case 'dataset':
        return typeof value === 'string' ? this.#dataset(value, path) : null;
      case 'paths':
        return Array.isArray(value) ? this.#paths(value as readonly string[], path) : null;
      case 'mount':
        return typeof value === 'string' ? this.#mount(value, path) : null;
      case 'secret':
        return { value };
      default:
        return null;
    }
  }

  async #inside(value: Json, schema: SchemaNode, path: Path): Promise<Resolved> {
    if (Array.isArray(value)) {
      const items: Resolved[] = [];
      for (const [index, item] of value.entries())
        items.push(await this.resolve(item as Json, itemSchema(schema), [...path, index]));
      return {
        value: items.map((item) => item.value),
        keyed: items.flatMap((item) => (item.keyed === undefined ? [] : [item.keyed])),
      };
    }
    if (typeof value !== 'object' || value === null) return { value, keyed: value };
    const values: { [name: string]: unknown } = {};
    const keyed: { [name: string]: Json } = {};
    for (const [name, member] of Object.entries(value as JsonObject)) {
      const inner = await this.resolve(member, memberSchema(schema, name, value as JsonObject), [...path, name]);
      setMember(values as { [name: string]: Json }, name, inner.value as Json);
      if (inner.keyed !== undefined) setMember(keyed, name, inner.keyed);
    }
    return { value: values, keyed };
  }

  async #file(name: string, path: Path): Promise<Resolved> {
    const file = resolve(this.#loaded.dir, name);
    const read = await this.#env.files.readText(file);
    if (read === null) {
      this.#error('file-not-found', `there is no file ${name}`, path, RELATIVE);
      return { value: { name, text: '', includes: {} } };
    }
    const includes: { [name: string]: string } = {};
    await this.#includes(read.text, file, name, includes, path);
    const content: FileContent = { name, text: read.text, includes };
    const digests = Object.fromEntries(Object.entries(includes).map(([include, text]) => [include, sha256(text)]));
    return {
      value: content,
      keyed: Object.keys(digests).length === 0 ? { file: read.digest } : { file: read.digest, includes: digests },
    };
  }

  /** Templates follow `{% render 'x' %}`, `{% include 'x' %}` and `{% layout 'x' %}`, relative to the file that names them. */
  async #includes(
    text: string,
    file: string,
    shown: string,
    includes: { [name: string]: string },
    path: Path,
  ): Promise<void> {
    for (const [, include = ''] of withoutComments(text).matchAll(INCLUDE)) {
      if (Object.hasOwn(includes, include) || Object.keys(includes).length >= MAX_INCLUDES) continue;
      const target = resolve(dirname(file), include);
      const read = await this.#env.files.readText(target);
      if (read === null) {
        this.#error(
          'file-not-found',
          `${shown} includes ${include}, which does not exist`,
          path,
          `it is looked for beside ${shown}`,
        );
        continue;
      }
      setMember(includes, include, read.text);
      await this.#includes(read.text, target, include, includes, path);
    }
  }

  #model(value: Json, path: Path): Resolved {
    const { models, endpoints } = this.#loaded.manifest;
    const isPlain = typeof value === 'string';
    const alias = isPlain ? value : String((value as JsonObject)['use'] ?? '');
    const spec = Object.hasOwn(models, alias) ? models[alias] : undefined;
    if (spec === undefined) {
      const hint = nameHint(alias, Object.keys(models), 'models') ?? 'declare it under `models`';
      this.#error('unknown-model', `there is no model '${alias}'`, isPlain ? path : [...path, 'use'], hint);
      return { value };
    }
    const own = isPlain ? {} : (((value as JsonObject)['sampling'] as Sampling | undefined) ?? {});
    const asked = toModel(spec, own, endpoints);
    // Aliases that do not exist were told where they are written.
    const fallback = spec.fallback.flatMap((name) => {
      const other = Object.hasOwn(models, name) ? models[name] : undefined;
      return other === undefined ? [] : [toModel(other, own, endpoints)];
    });
    for (const each of [asked, ...fallback]) this.#warnOfUnbounded(each);
    const model: ResolvedModel = fallback.length === 0 ? asked : { ...asked, fallback };
    // Who may stand in can change what an action gives, so it is in the node's key; a call's key names who was asked.
    const keyed = fallback.length === 0 ? toKeyed(asked) : { ...toKeyed(asked), fallback: fallback.map(toKeyed) };
    return { value: model, keyed };
  }

  /** A budget holds by reserving the most that a call can cost: without a bound few calls fit at once, and it seems spent early. */
  #warnOfUnbounded({ alias, price, sampling }: ResolvedModel): void {
    const { usd } = this.#loaded.manifest.budget;
    if (usd === null || price === null || price.output === 0 || answerBound(sampling) !== null) return;
    const reserved = (ASSUMED_MAX_TOKENS * price.output * answersAsked(sampling)) / 1e6;
    const tokens = ASSUMED_MAX_TOKENS.toLocaleString('en-US');
    const message = `model '${alias}' has no max_tokens: of the budget of $${usd} each of its calls reserves ${tokens} tokens of answer, $${reserved.toFixed(4)}`;
    const hint = `say models.${alias}.sampling.max_tokens`;
    this.#found.warning('no-max-tokens', message, this.#loaded.locate(['models', alias]), { hint });
  }

  async #dataset(spec: string, path: Path): Promise<Resolved> {
    const ref = await this.#env.resolveDataset(spec, this.#loaded.dir);
    if (ref instanceof Failure) {
      this.#error(ref.code, ref.message, path, ref.hint);
      return { value: spec };
    }
    if (ref.pending !== undefined) this.#draft.pending.push(ref.pending);
    else this.#draft.resolvedNames[spec] = toRecord(ref);
    return { value: ref, keyed: { name: ref.name, digest: ref.digest } };
  }

  /** Named by where they lie below the manifest, so that the key is the same on every machine. */
  async #paths(patterns: readonly string[], path: Path): Promise<Resolved> {
    const digests = new Map<string, Json>();
    for (const [index, pattern] of patterns.entries()) {
      const files = await this.#env.files.list(pattern, this.#loaded.dir);
      if (files.length === 0) this.#error('file-not-found', `nothing matches ${pattern}`, [...path, index], RELATIVE);
      for (const file of files) {
        const name = relative(this.#loaded.dir, file).split(sep).join('/');
        digests.set(name, (await this.#env.files.digest(file))?.digest ?? null);
      }
    }
    const keyed: { [file: string]: Json } = {};
    for (const [name, digest] of digests) setMember(keyed, name, digest);
    return { value: [...digests.keys()].sort(), keyed };
  }

  async #mount(place: string, path: Path): Promise<Resolved> {
    const source = resolve(this.#loaded.dir, place);
    const found = await this.#env.files.list(place, this.#loaded.dir);
    if (found.length === 0) this.#error('file-not-found', `there are no files at ${place}`, path, RELATIVE);
    const files: string[] = [];
    const keyed: { [file: string]: Json } = {};
    for (const file of found) {
      const name = relative(source, file).split(sep).join('/');
      files.push(name);
      setMember(keyed, name, (await this.#env.files.digest(file))?.digest ?? null);
    }
    const mounted: MountedFiles = { source, files: files.sort() };
    return { value: mounted, keyed };
  }

  #error(code: string, message: string, path: Path, hint: string | undefined): void {
    this.#draft.isSound = false;
    this.#found.error(code, message, this.#loaded.locate(['nodes', this.#draft.node.id, ...path]), { hint });
  }
}

/** What the lock holds of a dataset: of what floats all that it takes to find the same again. */
function toRecord({ digest, files, remote }: DatasetRef): Json {
  if (remote?.type === 'hub') return { revision: remote.revision, digest };
  if (remote?.type === 'github') return { as_of: remote.asOf };
  return { digest, files: files.length };
}

const INCLUDE = /\{%-?\s*(?:render|include|layout)\s+['"]([^'"\n]+)['"]/g;

/** What Liquid itself does not read. */
function withoutComments(text: string): string {
  return text.replaceAll(/\{%-?\s*(raw|comment)\s*-?%\}[\s\S]*?\{%-?\s*end\1\s*-?%\}/g, '');
}

/** @param own sampling said at the node; it is laid over that of every model that may answer there */
function toModel(spec: ModelSpec, own: Sampling, endpoints: { readonly [id: string]: EndpointSpec }): ResolvedModel {
  const endpoint = endpoints[spec.endpoint];
  return {
    alias: spec.alias,
    endpoint: spec.endpoint,
    model: spec.model,
    family: spec.family,
    price: endpoint?.provider === 'replay' ? FREE : spec.price,
    sampling: { ...spec.sampling, ...own },
    identity: { endpoint: endpoint === undefined ? spec.endpoint : endpointIdentity(endpoint), model: spec.model },
  };
}

function toKeyed({ alias, family, identity, sampling }: ResolvedModel): JsonObject {
  return { alias, family, ...identity, sampling: sampling as JsonObject };
}
