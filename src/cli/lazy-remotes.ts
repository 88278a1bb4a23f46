/** Remote datasets of one command: made when the first is asked for, looked up against the lock, closed with the command. */

import type { EventBody } from '#contract/event.ts';
import { Failure } from '#contract/failure.ts';
import type { Manifest } from '#contract/manifest.ts';
import type { DatasetRef } from '#contract/services.ts';
import type { Store } from '#contract/store.ts';
import type { Remotes } from '#services/datasets/remotes.ts';
import type { SecretResolver } from '#services/secrets.ts';
import { isObject } from '#util/json-object.ts';
import { CommandError } from './io.ts';
import { lockPath, type Workspace } from './workspace.ts';

/** Whether names that float may be looked up: only a run does that. */
export type Resolving = 'offline' | 'online' | 'update';

export class LazyRemotes {
  readonly #make: () => Promise<Remotes>;
  #made: Promise<Remotes> | null = null;

  constructor(
    manifest: Pick<Manifest, 'datasets'> | null,
    secrets: SecretResolver,
    store: Store,
    env: (name: string) => string | undefined,
  ) {
    this.#make = async () => {
      const { Remotes } = await import('#services/datasets/remotes.ts');
      if (manifest === null) throw new Error('a dataset is looked up for a manifest');
      return new Remotes({ specs: manifest.datasets, env, secrets, store });
    };
  }

  get(): Promise<Remotes> {
    this.#made ??= this.#make();
    return this.#made;
  }

  /** From now on what is fetched is told; what was before, at once. */
  async listen(emit: (event: EventBody) => void): Promise<void> {
    (await this.#made)?.listen(emit);
  }

  /** Tells what was fetched and not yet told. */
  async flush(): Promise<void> {
    (await this.#made)?.flush();
  }

  async close(): Promise<void> {
    await (await this.#made)?.close();
    this.#made = null;
  }
}

export interface Far {
  readonly workspace: Workspace;
  readonly profile: string;
  readonly resolving: Resolving;
  readonly remotes: LazyRemotes;
}

/** @throws CommandError where the remote cannot be asked: that is no mistake of the manifest */
export async function resolveFar(
  spec: string,
  { workspace, profile, resolving, remotes }: Far,
): Promise<DatasetRef | Failure> {
  const [{ resolveRemote }, { readLock }] = await Promise.all([
    import('#services/datasets/resolve-remote.ts'),
    import('./lock-file.ts'),
  ]);
  const datasets = readLock(lockPath(workspace))?.profiles[profile]?.resolved['datasets'] ?? null;
  const options = {
    remotes: await remotes.get(),
    resolving,
    owner: workspace.file,
    pinned: (name: string) => (isObject(datasets) && Object.hasOwn(datasets, name) ? datasets[name] : undefined),
  };
  try {
    return await resolveRemote(spec, options);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, hint } = error;
    await remotes.close();
    throw new CommandError(code, `${spec}: ${message}`, hint === undefined ? { exitCode: 1 } : { exitCode: 1, hint });
  }
}
