/** The remotes that datasets come from, each made when it is first asked; their accounts, and what was fetched from them. */

import type { EventBody } from '#contract/event.ts';
import type { RemoteSpec, RemoteSpecs } from '#contract/manifest.ts';
import type { Store } from '#contract/store.ts';
import { type Clock, systemClock } from '#util/clock.ts';
import { Remote, type RemoteOptions } from '../remote/remote.ts';
import { Traffic } from '../remote/traffic.ts';
import type { SecretResolver } from '../secrets.ts';
import { limitWait, MOST_LIMIT_WAIT_MS } from './github/rate-limit.ts';
import { HubApi } from './hub/hub-api.ts';
import { HubFiles } from './hub/hub-files.ts';
import { RangeCache } from './hub/range-cache.ts';

export interface RemotesOptions {
  readonly specs: RemoteSpecs;
  env(name: string): string | undefined;
  readonly secrets: SecretResolver;
  readonly store: Store;
  readonly clock?: Clock;
}

const HUB = 'https://huggingface.co';
const GITHUB = 'https://api.github.com';
const MOST_HUB_WAIT_MS = 60_000;

let made = 0;

export class Remotes {
  /** Of this process. */
  readonly id = made++;
  readonly store: Store;
  readonly #options: RemotesOptions;
  readonly #clock: Clock;
  #hub: { readonly remote: Remote; readonly api: HubApi; readonly files: HubFiles; readonly cache: RangeCache } | null =
    null;
  #github: Remote | null = null;
  readonly #traffic = new Map<string | null, Traffic>();
  /** Told before anybody listened. */
  #waiting: EventBody[] = [];
  #emit: ((event: EventBody) => void) | null = null;

  constructor(options: RemotesOptions) {
    this.#options = options;
    this.store = options.store;
    this.#clock = options.clock ?? systemClock;
  }

  get hub() {
    if (this.#hub === null) {
      const remote = this.#make(this.#options.specs.hub, ['HF_ENDPOINT'], ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'], HUB, {
        mostWaitMs: MOST_HUB_WAIT_MS,
      });
      const api = new HubApi(remote);
      const cache = new RangeCache(this.store, 'datasets');
      this.#hub = { remote, api, files: new HubFiles(remote, api, cache), cache };
    }
    return this.#hub;
  }

  get github(): Remote {
    this.#github ??= this.#make(this.#options.specs.github, ['GITHUB_API_URL'], ['GITHUB_TOKEN', 'GH_TOKEN'], GITHUB, {
      mostWaitMs: MOST_LIMIT_WAIT_MS,
      limitWait: (status, headers, body) => limitWait(status, headers, body, this.#clock.wall()),
    });
    return this.#github;
  }

  /** ISO 8601, to the second. */
  now(): string {
    return new Date(this.#clock.wall()).toISOString().replace(/\.\d+Z$/, 'Z');
  }

  /** @param node null for what is looked up before a run */
  traffic(node: string | null): Traffic {
    let traffic = this.#traffic.get(node);
    if (traffic === undefined) {
      traffic = new Traffic(this.#clock, (counts) => this.#tell({ type: 'data-fetched', node, ...counts }));
      this.#traffic.set(node, traffic);
    }
    return traffic;
  }

  listen(emit: (event: EventBody) => void): void {
    this.#emit = emit;
    for (const event of this.#waiting) emit(event);
    this.#waiting = [];
  }

  flush(): void {
    for (const traffic of this.#traffic.values()) traffic.flush();
  }

  async close(): Promise<void> {
    this.flush();
    this.#emit = null;
    await Promise.all([this.#hub?.remote.close(), this.#github?.close()]);
    this.#hub = null;
    this.#github = null;
    this.#traffic.clear();
  }

  #tell(event: EventBody): void {
    if (this.#emit === null) this.#waiting = [event];
    else this.#emit(event);
  }

  #make(
    spec: RemoteSpec,
    variables: readonly string[],
    secretNames: readonly string[],
    usual: string,
    more: Pick<RemoteOptions, 'mostWaitMs' | 'limitWait'>,
  ): Remote {
    const { env, secrets } = this.#options;
    const found = variables.map(env).find((value) => value !== undefined && value.trim() !== '');
    let token: string | null | undefined;
    const readToken = (): string | null => {
      if (spec.token !== null) return secrets.expand(spec.token);
      const name = secretNames.find((secret) => secrets.locate(secret) !== null);
      return name === undefined ? null : secrets.resolve(name);
    };
    return new Remote({
      spec,
      baseUrl: withScheme(spec.base_url ?? found ?? usual),
      token: () => {
        token ??= readToken();
        return token;
      },
      clock: this.#clock,
      ...more,
    });
  }
}

/** HF_ENDPOINT is sometimes given as a host alone. */
function withScheme(url: string): string {
  return /^https?:\/\//i.test(url) ? url : `https://${url}`;
}
