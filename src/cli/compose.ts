/** Puts the parts together: the only place that knows which store, services and views stand behind the interfaces. */

import { join, relative } from 'node:path';
import type { Diagnostic, SourceTexts } from '#contract/diagnostic.ts';
import type { EventBody } from '#contract/event.ts';
import type { FileSource } from '#contract/files.ts';
import type { KindEntry } from '#contract/kind.ts';
import type { LoadedManifest } from '#contract/manifest.ts';
import type { Plan } from '#contract/plan.ts';
import type { ServiceHub } from '#contract/services.ts';
import type { Store } from '#contract/store.ts';
import { loadManifest } from '#manifest/load-manifest.ts';
import type { TreeCache } from '#manifest/tree-cache.ts';
import { makePlan } from '#plan/make-plan.ts';
import { countDiagnostics, formatDiagnostics } from '#report/format-diagnostic.ts';
import { isRemote, resolveDataset } from '#services/datasets/resolve-dataset.ts';
import { makeEnvironment } from '#services/environment.ts';
import { makeFileSource } from '#services/files/file-source.ts';
import { makeSecrets, type SecretResolver } from '#services/secrets.ts';
import { isObject } from '#util/json-object.ts';
import { CommandError, type Io } from './io.ts';
import { LazyRemotes, type Resolving, resolveFar } from './lazy-remotes.ts';
import { type RecordedFiles, recordFiles } from './recorded-files.ts';
import { sandboxHub } from './sandbox-hub.ts';
import { serviceIdentity } from './service-identity.ts';
import { CODE_IDENTITY } from './settled.ts';
import type { Workspace } from './workspace.ts';

export interface PlanFlags {
  readonly profile?: readonly string[];
  readonly set?: readonly string[];
  readonly select?: readonly string[];
  readonly exclude?: readonly string[];
}

/** Everything up to the plan; nothing of it touches the network, and the store only for its stat cache. */
export interface Prepared {
  readonly workspace: Workspace;
  readonly loaded: LoadedManifest;
  readonly plan: Plan | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly texts: SourceTexts;
  readonly files: RecordedFiles;
  readonly kinds: ReadonlyMap<string, KindEntry>;
  readonly secrets: SecretResolver;
  /** Made when something remote is first asked for. */
  readonly remotes: LazyRemotes;
  readonly environment: Io['environment'];
  /** Digest of every variable that the manifest looked at. */
  readonly env: readonly (readonly [name: string, value: string | undefined])[];
}

export async function prepare(
  workspace: Workspace,
  flags: PlanFlags,
  store: Store,
  io: Io,
  resolving: Resolving = 'offline',
): Promise<Prepared> {
  const source = makeFileSource({ notes: store.notes });
  const files = recordFiles(source);
  const env = new Map<string, string | undefined>();
  // The manifest's own `env_files` cannot be known before it is read: they hold secrets only.
  const variables = makeEnvironment({ env: io.environment, files: envFiles(workspace, []) });
  const variable = (name: string) => {
    env.set(name, io.env(name));
    if ((io.env(name) ?? '') === '') for (const file of envFiles(workspace, [])) files.note(file);
    return variables.find(name)?.value ?? io.env(name);
  };
  const builtin = await builtinKinds();
  const loaded = await loadManifest({
    file: workspace.file,
    profiles: flags.profile ?? [],
    sets: flags.set ?? [],
    readText: readBytes(files),
    trees: treesIn(store),
    env: variable,
    envNames: variables.names,
    kindFields: (kind) => builtin.get(kind)?.kind.config,
  });
  const manifest = loaded.manifest ?? loaded.salvaged?.manifest ?? null;
  const own = await ownKinds(loaded, builtin, files);
  const kinds = new Map([...builtin, ...own.kinds]);
  const secrets = makeSecrets({ env: io.environment, files: envFiles(workspace, manifest?.env_files ?? []) });
  const remotes = new LazyRemotes(manifest, secrets, store, variable);
  const far = { workspace, profile: manifest?.profile ?? '', resolving, remotes };
  const planned = await makePlan(
    { ...loaded, diagnostics: [...loaded.diagnostics, ...own.diagnostics] } as LoadedManifest,
    {
      kinds,
      files,
      resolveDataset: (spec, dir) => (isRemote(spec) ? resolveFar(spec, far) : resolveDataset(spec, dir, files)),
      serviceIdentity: (need, config) => {
        // Which interpreter is found hangs on it.
        if (need === 'sandbox') env.set('PATH', io.env('PATH'));
        return serviceIdentity(need, config, io.environment, files.note);
      },
      select: flags.select ?? [],
      exclude: flags.exclude ?? [],
    },
  );
  await source.flush();
  const hasErrors = planned.diagnostics.some(({ severity }) => severity === 'error');
  return {
    workspace,
    loaded,
    plan: hasErrors ? null : planned.plan,
    diagnostics: planned.diagnostics,
    texts: loaded.texts,
    files,
    kinds,
    secrets,
    remotes,
    environment: io.environment,
    env: [...env],
  };
}

/** Of this build alone: another one may read the same text otherwise. */
function treesIn({ notes }: Store): TreeCache {
  return {
    async get(file) {
      const note = await notes.get(`parsed:${file}`);
      return Array.isArray(note) && note[0] === CODE_IDENTITY ? note[1] : undefined;
    },
    put: (file, tree) => notes.put(`parsed:${file}`, [CODE_IDENTITY, tree]),
  };
}

/** Built-in kinds by name. */
export async function builtinKinds(): Promise<Map<string, KindEntry>> {
  const { builtinKinds: kinds } = await import('#kinds/index.ts');
  return new Map(kinds.map((kind) => [kind.name, { kind, identity: `builtin:${kind.version}` }]));
}

/** Kinds that the manifest brings along; what is wrong with their modules is told where they are named. */
async function ownKinds(loaded: LoadedManifest, builtin: ReadonlyMap<string, KindEntry>, files: RecordedFiles) {
  const manifest = loaded.manifest ?? loaded.salvaged?.manifest ?? null;
  if (manifest === null || manifest.kinds.length === 0) return { kinds: new Map<string, KindEntry>(), diagnostics: [] };
  const [{ loadUserKinds }, exports] = await Promise.all([import('#services/user-kinds.ts'), import('../index.ts')]);
  const own = await loadUserKinds({
    modules: manifest.kinds,
    dir: manifest.dir,
    exports,
    builtin: new Set(builtin.keys()),
  });
  for (const { path } of own.files) files.note(path);
  return own;
}

/** `.env` files in order of precedence: those the manifest names, beside it, at the project root. */
function envFiles(workspace: Workspace, named: readonly string[]): string[] {
  const all = [
    ...named.map((file) => join(workspace.dir, file)),
    join(workspace.dir, '.env'),
    join(workspace.root, '.env'),
  ];
  return [...new Set(all)];
}

function readBytes(files: FileSource) {
  return async (path: string): Promise<Uint8Array | null> => {
    // Recorded by its digest; read raw, so that invalid UTF-8 is told by byte.
    if ((await files.digest(path)) === null) return null;
    const { readFile } = await import('node:fs/promises');
    return readFile(path);
  };
}

/** Prints what is wrong; @throws CommandError with exit code 2 where that forbids a plan. */
export function requirePlan(prepared: Prepared, io: Io): Plan {
  const { diagnostics, plan } = prepared;
  if (diagnostics.length > 0) io.stderr.write(showDiagnostics(prepared, io));
  if (plan !== null) return plan;
  throw new CommandError(
    'manifest-invalid',
    `${countDiagnostics(diagnostics)} in ${shown(prepared.workspace.file, io)}`,
  );
}

export function showDiagnostics({ diagnostics, texts }: Pick<Prepared, 'diagnostics' | 'texts'>, io: Io): string {
  const colour = io.stderr.isTTY === true && io.env('NO_COLOR') === undefined;
  return `${formatDiagnostics(diagnostics, texts, { fileName: (file) => shown(file, io), colour })}\n`;
}

/** A path as the user would type it. */
export function shown(path: string, io: Io): string {
  if (!path.startsWith('/')) return path;
  const short = relative(io.cwd, path);
  return short.startsWith('../../..') || short === '' ? path : short;
}

export async function openStore(cache: string): Promise<Store> {
  const { openDiskStore } = await import('#store/disk/disk-store.ts');
  return openDiskStore(cache);
}

export interface HubOptions {
  readonly prepared: Prepared;
  readonly plan: Plan;
  readonly store: Store;
  readonly run: string;
  readonly budgetUsd: number | null;
  readonly frozen: boolean;
  emit(event: EventBody): void;
}

/** Services are made when a kind first needs them: a pipeline without models never loads a client. */
export async function makeHub(options: HubOptions): Promise<ServiceHub & { ledgerUsd(): Promise<number> }> {
  const { prepared, plan, store, run, budgetUsd, frozen, emit } = options;
  const needs = new Set(plan.nodes.flatMap((node) => node.kind.needs ?? []));
  const llm = needs.has('llm')
    ? (await import('#services/llm/llm-hub.ts')).makeLlmHub({
        endpoints: plan.endpoints,
        journal: store.calls,
        blobs: store.blobs,
        leases: store.leases,
        secrets: prepared.secrets,
        budgetUsd,
        pipeline: plan.pipeline,
        run,
        frozen,
        recordingsDir: (endpoint) => join(plan.dir, endpoint.recordings ?? 'recordings'),
        emit,
      })
    : null;
  const isFar =
    isObject(plan.resolved['datasets'] ?? null) && Object.keys(plan.resolved['datasets'] ?? {}).some(isRemote);
  const remotes = isFar ? await prepared.remotes.get() : null;
  const datasets = needs.has('datasets')
    ? (await import('#services/datasets/dataset-service.ts')).makeDatasetHub({
        dir: plan.dir,
        ...(remotes === null ? {} : { remotes }),
      })
    : null;
  const process = needs.has('process')
    ? (await import('#services/process/process-service.ts')).makeProcessService({
        manifestDir: plan.dir,
        env: prepared.environment,
        redact: prepared.secrets.redact,
      })
    : null;
  const code = needs.has('code') ? (await import('#services/code/code-service.ts')).makeCodeService() : null;
  const runs = needs.has('sandbox') ? await sandboxHub(prepared.environment) : null;
  runs?.resize(plan.pools['sandbox'] ?? null);
  await runs?.warm({});
  return {
    bind: (scope) => ({
      llm: llm?.bind(scope),
      datasets: datasets?.bind(scope.node, scope.signal),
      process,
      sandbox: runs?.bind(scope),
      code,
    }),
    identity: (need, config) => serviceIdentity(need, config, prepared.environment),
    ledgerUsd: async () => {
      const ledger = await llm?.ledger();
      return ledger === undefined ? 0 : ledger.usd + ledger.openUsd;
    },
    async close() {
      await llm?.close();
      await process?.close();
      await prepared.remotes.close();
    },
  };
}
