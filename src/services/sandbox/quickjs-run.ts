/** One run in JavaScript: candidate and tests in interpreters of their own, with nothing but texts between them. */

import { createHash } from 'node:crypto';
import type { QuickJSHandle } from 'quickjs-emscripten-core';
import type { TestStatus } from '#contract/sandbox.ts';
import type { Job, Verdict } from './backend.ts';
import { candidateCode, testerCode } from './quickjs-code.ts';
import { Broken, Side } from './quickjs-side.ts';

const TESTER_MEMORY = 2 ** 30;
const LARGEST_REPLY = 16 * 2 ** 20;

type Outcome = { readonly status: TestStatus | 'unsplittable' | 'invalid'; readonly detail: string };

/** The candidate cannot answer any more, for this reason. */
class Gone extends Error {
  readonly outcome: Outcome;
  constructor(status: TestStatus, detail: string) {
    super(detail);
    this.outcome = { status, detail };
  }
}

export async function runQuickjs(job: Job): Promise<Verdict | { readonly invalid: string }> {
  const started = performance.now();
  const first = await runOnce(job, false);
  const verdict =
    first.status === 'pass' && first.mutated && job.tests.type === 'script'
      ? await runOnce(job, true).then((second) => (second.status === 'pass' ? first : second))
      : first;
  if (verdict.status === 'invalid') return { invalid: verdict.detail };
  const { status, detail, passed, total, behaviour, taken, cpuMs } = verdict;
  const peakBytes = process.memoryUsage.rss();
  return { status, detail, passed, total, behaviour, taken, cpuMs, wallMs: performance.now() - started, peakBytes };
}

type Once = Outcome &
  Pick<Verdict, 'passed' | 'total' | 'behaviour' | 'taken' | 'cpuMs'> & { readonly mutated: boolean };

async function runOnce(job: Job, applies: boolean): Promise<Once> {
  const { tests } = job;
  if (tests.type === 'stdio') return runStdio(job, tests);
  if (tests.type === 'command') throw new Error('commands are programs');
  const candidate = await Candidate.make(job, '');
  const counted = { passed: 0, total: 0, taken: [] as string[], mutated: false };
  let outcome: Outcome;
  try {
    candidate.load(job.source);
    outcome =
      tests.type === 'script' && job.mode === 'script'
        ? candidate.beside(`${tests.setup ?? ''}\n${tests.script}`)
        : await runTester(job, candidate, applies, counted);
  } catch (error) {
    if (error instanceof Broken)
      outcome = { status: 'invalid', detail: `the tests broke the interpreter: ${error.message}` };
    else if (error instanceof Gone) outcome = error.outcome;
    else throw error;
  }
  return {
    ...outcome,
    ...(candidate.trouble ?? {}),
    ...counted,
    behaviour: candidate.behaviour.digest('hex'),
    cpuMs: candidate.cpuMs,
  };
}

async function runStdio(job: Job, tests: Extract<Job['tests'], { type: 'stdio' }>): Promise<Once> {
  const behaviour = createHash('sha256');
  let passed = 0;
  let cpuMs = 0;
  let first: Outcome | null = null;
  for (const [nth, { stdin, stdout }] of tests.cases.entries()) {
    const candidate = await Candidate.make(job, stdin);
    let outcome: Outcome = { status: 'pass', detail: '' };
    try {
      candidate.load(job.source);
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
      outcome = error.outcome;
    }
    outcome = { ...outcome, ...(candidate.trouble ?? {}) };
    behaviour.update(`${outcome.status}\0${candidate.output}\0`);
    cpuMs = Math.max(cpuMs, candidate.cpuMs);
    const isEqual = tests.compare === 'exact' ? candidate.output === stdout : trim(candidate.output) === trim(stdout);
    if (outcome.status === 'pass' && !isEqual)
      outcome = { status: 'fail_assert', detail: 'another output than expected' };
    if (outcome.status === 'pass') passed += 1;
    else first ??= { status: outcome.status, detail: `case ${nth + 1}: ${outcome.detail}` };
  }
  const { status, detail } = first ?? { status: 'pass' as const, detail: '' };
  return {
    status,
    detail,
    passed,
    total: tests.cases.length,
    taken: [],
    mutated: false,
    behaviour: behaviour.digest('hex'),
    cpuMs,
  };
}

function trim(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

class Candidate {
  readonly #side: Side;
  readonly #serve: QuickJSHandle;
  readonly behaviour = createHash('sha256');
  /** What ends every run in one way, whatever the tests make of it. */
  trouble: Outcome | null = null;
  output = '';
  calls = 0;

  static async make({ limits, hashSeed }: Job, stdin: string): Promise<Candidate> {
    return new Candidate(await Side.make(limits.memoryBytes, limits.cpuMs), limits.outputBytes, hashSeed, stdin);
  }

  private constructor(side: Side, outputBytes: number, seed: number, stdin: string) {
    const { context } = side;
    this.#side = side;
    const output = context.newFunction('output', (text) => {
      this.output += context.getString(text);
      if (this.output.length > outputBytes) {
        this.trouble ??= { status: 'output_limit', detail: 'more output than the limit' };
        side.stopped = 'cpu';
      }
    });
    const make = context.unwrapResult(context.evalCode(`(${candidateCode(seed)})`, 'sandbox'));
    this.#serve = context.unwrapResult(context.callFunction(make, context.undefined, output, context.newString(stdin)));
  }

  get cpuMs(): number {
    return this.#side.cpuMs;
  }

  /** @throws Gone */
  load(source: string): void {
    this.#unbroken(() => this.#load(source));
  }

  /** @throws Gone */
  ask(order: string): string {
    return this.#unbroken(() => this.#answer(order));
  }

  /** Script mode: whatever stops here stops the tests too. */
  beside(script: string): Outcome {
    return this.#unbroken(() => this.#beside(script));
  }

  /** What breaks its own interpreter is as dead as a process that crashed. */
  #unbroken<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof Broken) throw this.#gone('crash_signal', `it broke its interpreter: ${error.message}`);
      throw error;
    }
  }

  #load(source: string): void {
    const { context } = this.#side;
    const isModule = /^\s*(import|export)\b/m.test(source);
    const text = isModule ? source.replace(/^(\s*)export\s+(default\s+)?/gm, '$1') : source;
    // Parsed apart first: a syntax error is one only before anything has run.
    const parsed = this.#side.timed(() => context.evalCode(`(() => { ${text}\n})`, 'candidate.js'));
    if (parsed.error !== undefined) {
      const said = this.#say(parsed.error);
      throw this.#gone(/^SyntaxError/.test(said) ? 'syntax_error' : 'fail_exception', said);
    }
    const result = this.#side.timed(() => context.evalCode(text, 'candidate.js'));
    if (result.error !== undefined) throw this.#gone('fail_exception', this.#say(result.error));
    this.#side.settle();
    if (this.#side.stopped !== null) throw this.#gone('fail_exception', '');
  }

  #answer(order: string): string {
    let reply = this.#ask(order);
    if (reply.startsWith('["p",')) {
      this.#side.settle();
      reply = this.#ask(JSON.stringify(['settled', Number(reply.slice(5, -1))]));
    }
    this.behaviour.update(`${reply.length}:${reply}`);
    return reply;
  }

  #ask(order: string): string {
    if (this.trouble !== null) throw new Gone('fail_exception', 'it is gone');
    const result = this.#side.call(this.#serve, order);
    if ('thrown' in result) throw this.#gone('fail_exception', this.#say(result.thrown));
    if (this.#side.stopped !== null) throw this.#gone('fail_exception', '');
    if (result.text.length > LARGEST_REPLY) throw this.#gone('output_limit', 'an answer of more than 16 MB');
    if (/^\["x","InternalError","out of memory"/.test(result.text))
      this.trouble = { status: 'memory', detail: 'out of memory' };
    return result.text;
  }

  #beside(script: string): Outcome {
    const { context } = this.#side;
    const result = this.#side.timed(() => context.evalCode(`${BESIDE}\n${script}`, 'tests.js'));
    this.#side.settle();
    this.behaviour.update(this.output);
    if (this.#side.stopped !== null) return this.#gone('fail_exception', '').outcome;
    if (result.error === undefined) return { status: 'pass', detail: '' };
    const said = this.#say(result.error);
    return { status: /^AssertionError/.test(said) ? 'fail_assert' : 'fail_exception', detail: said };
  }

  #say(thrown: QuickJSHandle): string {
    try {
      const { name, message } = (this.#side.context.dump(thrown) ?? {}) as { name?: unknown; message?: unknown };
      return `${String(name ?? 'Error')}: ${String(message ?? '')}`.slice(0, 300);
    } catch {
      return 'an error that cannot be shown';
    }
  }

  #gone(status: TestStatus, detail: string): Gone {
    if (this.trouble === null) {
      if (this.#side.stopped === 'cpu')
        this.trouble = { status: 'timeout_cpu', detail: 'more processor time than the limit' };
      else if (/out of memory/.test(detail)) this.trouble = { status: 'memory', detail };
      else this.trouble = { status, detail };
    }
    return new Gone(this.trouble.status as TestStatus, this.trouble.detail);
  }
}

const BESIDE = `globalThis.assert = Object.assign((v, m) => { if (!v) { const e = new Error(m ?? 'assertion failed'); e.name = 'AssertionError'; throw e; } }, {
  ok: (v, m) => assert(v, m), equal: (a, b, m) => assert(a == b, m), strictEqual: (a, b, m) => assert(Object.is(a, b), m),
  deepEqual: (a, b, m) => assert(JSON.stringify(a) === JSON.stringify(b), m), deepStrictEqual: (a, b, m) => assert(JSON.stringify(a) === JSON.stringify(b), m),
  throws: (f, w, m) => { try { f(); } catch { return; } assert(false, m); },
});`;

async function runTester(
  { tests, limits, hashSeed }: Job,
  candidate: Candidate,
  applies: boolean,
  counted: { passed: number; total: number; taken: string[]; mutated: boolean },
): Promise<Outcome> {
  if (tests.type !== 'cases' && tests.type !== 'script') throw new Error(tests.type);
  const side = await Side.make(TESTER_MEMORY, limits.wallMs);
  const { context } = side;
  let gone: Gone | null = null;
  const ask = context.newFunction('ask', (order) => {
    try {
      return context.newString(candidate.ask(context.getString(order)));
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
      gone = error;
      // No test goes on after that, whatever it catches.
      side.stopped = 'cpu';
      throw error;
    }
  });
  const make = context.unwrapResult(context.evalCode(`(${testerCode(hashSeed)})`, 'sandbox'));
  const tester = context.unwrapResult(
    context.callFunction(make, context.undefined, ask, applies ? context.true : context.false),
  );
  const drive = (name: string, ...args: readonly string[]): string => {
    const result = side.call(context.getProp(tester, name), ...args);
    if (gone !== null) throw gone;
    if ('thrown' in result) throw new Gone('fail_exception', 'the tests were stopped');
    return result.text;
  };
  const entry = tests.entry ?? '';
  drive('enter', entry);
  try {
    if (tests.type === 'cases') {
      let first: Outcome | null = null;
      counted.total = tests.cases.length;
      for (const [nth, each] of tests.cases.entries()) {
        const outcome = JSON.parse(drive('run', JSON.stringify(each))) as Outcome;
        if (outcome.status === 'pass') counted.passed += 1;
        else first ??= { status: outcome.status, detail: `case ${nth + 1}: ${outcome.detail}` };
      }
      return first ?? { status: 'pass', detail: '' };
    }
    const script = `(async () => {\n${tests.setup ?? ''}\n${tests.script}\nif (typeof check === 'function' && !/\\bcheck\\s*\\(\\s*${entry.replaceAll('.', '\\.')}/.test(${JSON.stringify(tests.script)})) check(${entry});\n})()`;
    const result = side.timed(() => context.evalCode(script, 'tests.js'));
    if (gone !== null) throw gone;
    if (result.error !== undefined) {
      const said = context.dump(result.error) as { name?: string; message?: string } | null;
      return { status: 'invalid', detail: `${said?.name}: ${said?.message}` };
    }
    side.timed(() => context.callFunction(context.getProp(tester, 'begin'), context.undefined, result.value));
    drive('settle');
    side.settle();
    if (gone !== null) throw gone;
    const outcome = JSON.parse(drive('ended')) as Outcome;
    const { calls } = JSON.parse(drive('state')) as { calls: number };
    counted.total = Math.max(1, calls);
    counted.passed = Math.max(0, outcome.status === 'pass' ? calls : calls - 1);
    return calls === 0 && outcome.status === 'pass'
      ? { status: 'invalid', detail: 'the tests never call the candidate' }
      : outcome;
  } finally {
    if (gone === null) {
      const { taken, mutated } = JSON.parse(drive('state')) as { taken: string[]; mutated: boolean };
      counted.taken = taken;
      counted.mutated = mutated;
    }
  }
}
