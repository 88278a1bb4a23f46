/** What the reference says about a set of tests: whether they can be split, and how long a solution takes. Asked once each. */

import type { SandboxLimits, TestRun } from '#contract/sandbox.ts';
import { hashTexts } from '#util/sha256.ts';
import type { Backend, Turn, Verdict } from './backend.ts';
import { cpuLimit, wallLimit } from './policy.ts';
import { twice } from './twice.ts';

export interface Fit {
  readonly mode: 'split' | 'script';
  readonly forgeableBecause: string | null;
  /** Processor time of the reference, or null where there is none. */
  readonly referenceMs: number | null;
  /** Why no candidate can be judged by these tests. */
  readonly invalid: string | null;
}

const KEPT = 20_000;

export class References {
  readonly #known = new Map<string, Promise<Fit>>();

  async fit(run: TestRun, backend: Backend, limits: SandboxLimits, turn: Turn): Promise<Fit> {
    const { language, tests, reference = null, mode = null, files = {}, hashSeeds = [0] } = run;
    const laid = Object.entries(files).map(([path, content]) => `${path}:${Buffer.from(content).toString('base64')}`);
    const told = [language, JSON.stringify(tests), String(mode), JSON.stringify(limits), backend.served.backend];
    const key = hashTexts(...told, backend.served.interpreter, String(reference), String(hashSeeds[0]), ...laid);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const fit = findFit(run, backend, limits, turn);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= KEPT && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(key, fit);
    // A failure says nothing about the reference.
    fit.catch(() => this.#known.delete(key));
    return fit;
  }
}

async function findFit(run: TestRun, backend: Backend, limits: SandboxLimits, turn: Turn): Promise<Fit> {
  const { reference, tests, mode } = run;
  if (reference === undefined) return { ...modeWithout(run), referenceMs: null, invalid: null };
  const first = mode ?? modeWithout(run).mode;
  const verdict = await runReference(run, reference, first, backend, limits, turn);
  if (verdict.status === 'pass') return fitOf(run, first, verdict);
  if (first === 'script' || mode !== undefined || tests.type !== 'script') return invalid(first, verdict);
  // The tests ask for more than calls of the entry (they compare objects in place, define classes for it, pass functions).
  const beside = await runReference(run, reference, 'script', backend, limits, turn);
  if (beside.status === 'pass') return fitOf(run, 'script', beside);
  return invalid('script', beside);
}

/** Without a reference the tests alone decide. */
function modeWithout({ language, tests, mode }: TestRun): Pick<Fit, 'mode' | 'forgeableBecause'> {
  const natural =
    tests.type === 'command' || (tests.type === 'script' && tests.entry === undefined) ? 'script' : 'split';
  const chosen = natural === 'script' ? 'script' : (mode ?? 'split');
  return { mode: chosen, forgeableBecause: chosen === 'script' ? BESIDE : evaluated(language, tests) };
}

const BESIDE = 'the tests run in the process of the candidate';

function fitOf({ language, tests }: TestRun, mode: Fit['mode'], { taken, cpuMs }: Verdict): Fit {
  const forgeableBecause =
    mode === 'script' || tests.type === 'command'
      ? BESIDE
      : taken.length > 0
        ? takes(taken)
        : evaluated(language, tests);
  return { mode, forgeableBecause, referenceMs: cpuMs, invalid: null };
}

const EVALUATING: { readonly [language in TestRun['language']]: RegExp } = {
  python: /\b(?:eval|exec|pickle|marshal|shelve|builtins|importlib|__import__|__builtins__|subprocess|runpy|timeit)\b/,
  javascript: /\b(?:eval|Function|constructor)\b/,
};

/** What the tests run as code may be what the candidate has returned. By words alone: rather once too often. */
function evaluated(language: TestRun['language'], tests: TestRun['tests']): string | null {
  const found = tests.type === 'script' ? EVALUATING[language].exec(`${tests.script}\n${tests.setup ?? ''}`) : null;
  return found === null ? null : `the tests evaluate values (\`${found[0]}\`), which may be the candidate's`;
}

export function takes(names: readonly string[]): string {
  return `the tests take ${names.join(', ')} from the candidate; give them as \`setup\``;
}

function invalid(mode: Fit['mode'], { status, detail }: Verdict): Fit {
  const why = `the reference does not pass: ${status}${detail === '' ? '' : ` (${detail})`}`;
  return { mode, forgeableBecause: mode === 'script' ? BESIDE : null, referenceMs: null, invalid: why };
}

function runReference(
  { language, tests, files = {}, hashSeeds = [0] }: TestRun,
  source: string,
  mode: Fit['mode'],
  backend: Backend,
  limits: SandboxLimits,
  turn: Turn,
): Promise<Verdict> {
  const cpuMs = cpuLimit(limits, null);
  const job = {
    language,
    source,
    tests,
    mode,
    files,
    hashSeed: hashSeeds[0] ?? 0,
    limits: { ...limits, cpuMs, wallMs: wallLimit(limits, cpuMs) },
  };
  return twice(() => backend.test(job, turn));
}
