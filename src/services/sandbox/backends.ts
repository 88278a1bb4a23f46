/** Which backend serves: probed by doing, strongest first, and refused by name where it is weaker than asked for. */

import { Failure } from '#contract/failure.ts';
import { BACKENDS_OF, type BackendName, type SandboxOptions, type SandboxUse } from '#contract/sandbox.ts';
import type { Backend } from './backend.ts';
import { findPython, type Interpreter, type User } from './find-python.ts';
import { answers, type Probed, probeContainer, tryOut } from './probe.ts';
import { probeQuickjs } from './quickjs-backend.ts';
import type { UnitPool } from './unit-pool.ts';
import { WalledBackend } from './walled-backend.ts';
import { bubblewrap, nothingAround } from './walls.ts';
import { ZygoteBackend } from './zygote-backend.ts';

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
  async choose(use: SandboxUse, options: SandboxOptions): Promise<Backend> {
    const reasons: string[] = [];
    const names = options.backend === undefined ? BACKENDS_OF[use] : [options.backend];
    for (const name of names) {
      if (!BACKENDS_OF[use].includes(name)) {
        throw new Failure(
          'sandbox-unavailable',
          `the backend ${name} does not run ${use}; ${BACKENDS_OF[use].join(', ')} do`,
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
    switch (name) {
      case 'zygote':
        return this.#probeZygote(wanted);
      case 'bwrap':
        return this.#probeBubblewrap(wanted);
      case 'container':
        return probeContainer(this.#env, this.#pool);
      case 'process':
        return this.#probeProcess(wanted);
      case 'quickjs':
        return probeQuickjs(this.#pool);
    }
  }

  async #probeZygote(wanted: string): Promise<Probed> {
    if (process.platform !== 'linux') return { missing: 'needs Linux', hint: 'install docker or podman' };
    const python = await this.python(wanted);
    if (python === null) return noPython(wanted);
    const trouble = await this.#pool.trial(python);
    if (trouble === null) return { backend: new ZygoteBackend(python, this.#pool) };
    return {
      missing: trouble,
      hint: 'allow user namespaces (sysctl user.max_user_namespaces=10000, kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0; in a container: its seccomp profile)',
    };
  }

  async #probeBubblewrap(wanted: string): Promise<Probed> {
    const hint = 'install bubblewrap (apt install bubblewrap, dnf install bubblewrap)';
    if (!(await answers('bwrap', ['--version'], this.#env))) return { missing: 'there is no bwrap', hint };
    const user = ordinaryUser();
    const python = await findPython(wanted, this.#env, user);
    if (python === null) return noPython(wanted);
    return tryOut(new WalledBackend(bubblewrap(python, user), this.#pool), hint);
  }

  async #probeProcess(wanted: string): Promise<Probed> {
    const user = ordinaryUser();
    const python = await findPython(wanted, this.#env, user);
    if (python === null) return noPython(wanted);
    return tryOut(new WalledBackend(nothingAround(python, user), this.#pool), 'needs Linux');
  }
}

/** Limits on processes do not hold for root: what is started for it belongs to nobody. */
function ordinaryUser(): User | null {
  return process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : null;
}

function noPython(wanted: string): Probed {
  return { missing: `there is no ${wanted} of at least 3.8 that it could start`, hint: 'install python3' };
}

function weak(name: BackendName, reasons: readonly string[]): Failure {
  const why = reasons.length === 0 ? `the backend ${name} is weak` : `only the weak backend ${name} works here`;
  return new Failure(
    'sandbox-weak',
    `${why}, and \`strict\` refuses it${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`,
    {
      scope: 'infrastructure',
      hint: '`sluice doctor` says how to get a strong one; without `strict` the labels say that they are weak',
    },
  );
}
