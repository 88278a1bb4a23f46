/** Which backend serves: probed by doing, strongest first, and refused by name where it is weaker than asked for. */

import { Failure } from '#contract/failure.ts';
import type { BackendName, SandboxLanguage, SandboxOptions } from '#contract/sandbox.ts';
import type { Backend } from './backend.ts';
import { findPython, type Interpreter } from './find-python.ts';
import type { UnitPool } from './unit-pool.ts';
import { ZygoteBackend } from './zygote-backend.ts';

export type Use = SandboxLanguage | 'program';

/** What a probe found: a backend, or why there is none. */
export type Probed = { readonly backend: Backend } | { readonly missing: string; readonly hint: string };

/** In order of preference. */
const SERVING: { readonly [use in Use]: readonly BackendName[] } = {
  python: ['zygote', 'bwrap', 'container', 'process'],
  javascript: ['quickjs'],
  program: ['zygote', 'bwrap', 'container', 'process'],
};
const SEEDS = [0, 1];

type Env = { readonly [name: string]: string | undefined };

export class Backends {
  readonly #pool: UnitPool;
  readonly #env: Env;
  readonly #pythons = new Map<string, Promise<Interpreter | null>>();
  readonly #probed = new Map<string, Promise<Probed>>();

  constructor(pool: UnitPool, env: Env) {
    this.#pool = pool;
    this.#env = env;
  }

  /** @throws Failure `sandbox-unavailable`, `sandbox-weak` */
  async choose(use: Use, options: SandboxOptions): Promise<Backend> {
    const reasons: string[] = [];
    const names = options.backend === undefined ? SERVING[use] : [options.backend];
    for (const name of names) {
      if (!SERVING[use].includes(name)) {
        throw new Failure(
          'sandbox-unavailable',
          `the backend ${name} does not run ${use}; ${SERVING[use].join(', ')} do`,
          {
            scope: 'infrastructure',
            hint: 'leave `sandbox.backend` out, and the strongest that works is taken',
          },
        );
      }
      const probed = await this.probe(name, options);
      if ('missing' in probed) reasons.push(`${name}: ${probed.missing}`);
      else if (options.strict === true && probed.backend.served.strength === 'weak') throw weak(name, reasons);
      else return probed.backend;
    }
    throw new Failure('sandbox-unavailable', `nothing here can run ${use}: ${reasons.join('; ')}`, {
      scope: 'infrastructure',
      hint: '`sluice doctor` says how to get a backend',
    });
  }

  /** Tries it out, once. */
  probe(name: BackendName, options: SandboxOptions): Promise<Probed> {
    const python = options.python ?? 'python3';
    const key = `${name}\0${python}`;
    const known = this.#probed.get(key);
    if (known !== undefined) return known;
    const probed = this.#probe(name, python);
    this.#probed.set(key, probed);
    return probed;
  }

  python(wanted = 'python3'): Promise<Interpreter | null> {
    const known = this.#pythons.get(wanted);
    if (known !== undefined) return known;
    const found = findPython(wanted, this.#env);
    this.#pythons.set(wanted, found);
    return found;
  }

  async warm(options: SandboxOptions): Promise<void> {
    const python = await this.python(options.python);
    if (python !== null) for (const seed of SEEDS) this.#pool.warm(python, seed);
  }

  async close(): Promise<void> {
    this.#probed.clear();
  }

  async #probe(name: BackendName, wanted: string): Promise<Probed> {
    if (name === 'zygote') {
      if (process.platform !== 'linux')
        return { missing: 'needs Linux', hint: 'use `container`: install docker or podman' };
      const python = await this.python(wanted);
      if (python === null) return { missing: `there is no ${wanted} of at least 3.8`, hint: 'install python3' };
      const trouble = await this.#pool.trial(python);
      if (trouble !== null)
        return {
          missing: trouble,
          hint: 'allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces), or run as root',
        };
      return { backend: new ZygoteBackend(python, this.#pool) };
    }
    return { missing: 'not built in', hint: '' };
  }
}

function weak(name: BackendName, reasons: readonly string[]): Failure {
  return new Failure(
    'sandbox-weak',
    `only the weak backend ${name} works here, and \`strict\` refuses it (${reasons.join('; ')})`,
    {
      scope: 'infrastructure',
      hint: '`sluice doctor` says how to get a strong one',
    },
  );
}
