/** Kinds over remote sets, as plan and engine would run them: names looked up, then read through a store. */

import { Failure } from '#contract/failure.ts';
import type { RemoteSpec } from '#contract/manifest.ts';
import type { DatasetRef, DatasetService } from '#contract/services.ts';
import type { Store } from '#contract/store.ts';
import { makeDatasetHub } from '#services/datasets/dataset-service.ts';
import { Remotes } from '#services/datasets/remotes.ts';
import { resolveRemote } from '#services/datasets/resolve-remote.ts';
import { makeSecrets } from '#services/secrets.ts';
import { makeMemoryStore } from '#store/memory/memory-store.ts';

/** Quick to give up, so that no test waits. */
export const QUICK: RemoteSpec = {
  base_url: null,
  token: null,
  concurrency: 8,
  retries: 3,
  backoff_ms: 1,
  timeouts: { connect_ms: 2000, idle_ms: 300, total_ms: 2000 },
};

export interface HubRig {
  readonly datasets: DatasetService;
  readonly remotes: Remotes;
  /** @throws Failure */
  ref(spec: string): Promise<DatasetRef>;
  close(): Promise<void>;
}

export function hubRig(
  env: { readonly [name: string]: string },
  options: { readonly store?: Store; readonly spec?: Partial<RemoteSpec>; readonly decodeMs?: number } = {},
): HubRig {
  const { store = makeMemoryStore(), spec = {}, decodeMs } = options;
  const specs = { hub: { ...QUICK, ...spec }, github: { ...QUICK, ...spec } };
  const remotes = new Remotes({ specs, env: (name) => env[name], secrets: makeSecrets({ env, files: [] }), store });
  const hub = makeDatasetHub({ dir: '/', remotes, ...(decodeMs === undefined ? {} : { decodeMs }) });
  return {
    datasets: hub.bind('node', new AbortController().signal),
    remotes,
    async ref(name) {
      const ref = await resolveRemote(name, { remotes, resolving: 'online', owner: 'test', pinned: () => undefined });
      if (ref instanceof Failure) throw ref;
      return ref;
    },
    close: () => remotes.close(),
  };
}
