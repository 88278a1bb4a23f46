/** Lays an experiment out, runs it as often as asked, and writes down what it proves. */

import { Failure } from '#contract/failure.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import type { Context, RowOutcome, RowSession, SourceItem } from '#contract/kind.ts';
import type { ProgramResult } from '#contract/sandbox.ts';
import { valueAtPath } from '#domain/at-path.ts';
import type { Experiment } from '#domain/experiment/experiment-row.ts';
import { identicalConditions, type JudgedRun, judgeRun, type RunRules } from '#domain/experiment/judge-run.ts';
import { toSandboxOptions } from '#domain/sandbox-options.ts';
import { isObject } from '#util/json-object.ts';
import { sha256 } from '#util/sha256.ts';
import { type ExperimentConfig, innerRootOf, mainOf } from './config.ts';
import { matcherOf } from './match-path.ts';

type Files = { [path: string]: string };

const STOP_FILE = 'STOP';
/** Characters of output that a row keeps; standard output is read whole. */
const TAIL = 4_000;
const SECOND = 1_000;

export async function openExperiments(ctx: Context<ExperimentConfig>): Promise<RowSession> {
  await requireModules(ctx);
  return {
    async run({ row: { fields } }): Promise<RowOutcome> {
      const laid = filesOf(fields, ctx.config);
      if ('type' in laid) return laid as RowOutcome;
      return { type: 'emit', emissions: [{ set: { [ctx.config.as]: await runExperiment(laid as Files, ctx) } }] };
    },
    close: async () => {},
  };
}

export async function* runOnce(ctx: Context<ExperimentConfig>): AsyncGenerator<SourceItem> {
  await requireModules(ctx);
  const laid = filesOf({}, ctx.config);
  if ('type' in laid) throw new Failure('code-missing', 'an experiment without rows needs `program`');
  const experiment = await runExperiment(laid as Files, ctx);
  yield { type: 'row', key: sha256(JSON.stringify(laid)).slice(0, 16), fields: { [ctx.config.as]: experiment } };
}

/** Missing modules are told before anything runs: an experiment that finds one missing tends to do without. */
async function requireModules({ config, sandbox }: Context<ExperimentConfig>): Promise<void> {
  if (config.requirements.length === 0) return;
  const script = `import importlib.util as u\nprint([m for m in ${JSON.stringify(config.requirements)} if u.find_spec(m) is None])\n`;
  const { stdout, stderr, code } = await sandbox.runProgram({
    argv: ['python3', 'requirements_check.py'],
    files: { 'requirements_check.py': script },
    deadlineMs: 60 * SECOND,
    sandbox: toSandboxOptions(config.sandbox),
  });
  if (code === 0 && stdout.trim() === '[]') return;
  const missing = code === 0 ? stdout.trim() : stderr.trim().split('\n').at(-1);
  throw new Failure('requirements-missing', `the interpreter of this node lacks ${missing}`, {
    scope: 'infrastructure',
    hint: 'install them for it, or name another interpreter under `sandbox.python`',
  });
}

function filesOf(fields: JsonObject, config: ExperimentConfig): Files | RowOutcome {
  const { program, code: path, files = {}, files_field, params_field } = config;
  const own = program?.text ?? valueAtPath(fields, path);
  if (typeof own !== 'string' || own.trim() === '') return reject('code-missing', `no code in \`${path}\``);
  const laid: Files = {};
  for (const [name, { text }] of Object.entries(files)) laid[name] = text;
  const more = files_field === undefined ? undefined : valueAtPath(fields, files_field);
  if (more !== undefined && more !== null) {
    if (!isObject(more)) return reject('files-invalid', `\`${files_field}\` holds no files by path`);
    for (const [name, text] of Object.entries(more)) {
      if (typeof text !== 'string') return reject('files-invalid', `file ${JSON.stringify(name)} is no text`);
      laid[name] = text;
    }
  }
  if (params_field !== undefined) laid['params.json'] = JSON.stringify(valueAtPath(fields, params_field) ?? null);
  const outside = Object.keys(laid).find((name) => name.startsWith('/') || name.split(/[\\/]/).includes('..'));
  if (outside !== undefined)
    return reject('files-invalid', `${JSON.stringify(outside)} would lie outside the run folder`);
  laid[mainOf(config)] = own;
  return laid;
}

async function runExperiment(files: Files, ctx: Context<ExperimentConfig>): Promise<Experiment> {
  const { config } = ctx;
  const root = innerRootOf(config);
  const rules: RunRules = {
    isResults: matcherOf(config.results),
    given: new Set(Object.keys(files)),
    datasets: new Map(Object.keys(config.datasets).map((name) => [name, `${root}/${name}`])),
    evidence: config.evidence,
    expected: config.expect ?? {},
  };
  const runs: { readonly judged: JudgedRun; readonly result: ProgramResult }[] = [];
  for (let seed = 0; seed < config.repeats; seed += 1) {
    const result = await runProgram(files, seed, ctx);
    runs.push({ judged: judgeRun(result, rules), result });
  }
  return toExperiment(runs);
}

function runProgram(
  files: Files,
  hashSeed: number,
  { config, sandbox }: Context<ExperimentConfig>,
): Promise<ProgramResult> {
  const root = innerRootOf(config);
  const deadlineMs = Math.round(config.time_budget_s * SECOND);
  return sandbox.runProgram({
    argv: config.argv ?? ['python3', mainOf(config)],
    files,
    mounts: Object.entries(config.datasets).map(([name, { source }]) => ({ source, target: `${root}/${name}` })),
    env: {
      ...config.env,
      DATASET_CACHE_ROOT: root,
      TIME_BUDGET_S: String(config.time_budget_s),
      STOP_FILE,
    },
    deadlineMs,
    stopHint: { afterMs: Math.round(deadlineMs * config.stop_hint), file: STOP_FILE },
    hashSeed,
    sandbox: toSandboxOptions(config.sandbox),
  });
}

function toExperiment(runs: readonly { readonly judged: JudgedRun; readonly result: ProgramResult }[]): Experiment {
  const [first] = runs;
  if (first === undefined) throw new Error('an experiment is run at least once');
  // The worst of the repeats stands for all: a result that comes only sometimes is not one.
  const worst =
    runs.find(({ judged }) => judged.status === 'failed') ??
    runs.find(({ judged }) => judged.status === 'partial') ??
    first;
  const { judged, result } = worst;
  const warnings = identicalConditions(judged.metrics).map((names) => ({
    code: 'conditions-identical',
    reason: `${names.join(' and ')} gave the same numbers throughout`,
  }));
  const reproducible =
    runs.length === 1 ? null : new Set(runs.map((run) => JSON.stringify(metricsOf(run.judged)))).size === 1;
  if (reproducible === false)
    warnings.push({ code: 'repeats-differ', reason: `${runs.length} runs of the same code gave different metrics` });
  return {
    status: judged.status,
    metrics: metricsOf(judged),
    sources: Object.fromEntries(judged.metrics.map(({ key, from }) => [key, from])),
    troubles: [...judged.troubles],
    warnings,
    dataset: judged.dataset,
    opened: [...judged.opened],
    results_file: judged.resultsFile,
    ended: result.ended,
    code: result.code,
    repeats: runs.length,
    reproducible,
    stdout_tail: result.stdout.slice(-TAIL),
    stderr_tail: result.stderr.slice(-TAIL),
    backend: result.served.backend,
    strength: result.served.strength,
    interpreter: result.served.interpreter,
    policy: { version: result.policy.version, digest: result.policy.digest },
  } satisfies { [name: string]: Json };
}

const metricsOf = ({ metrics }: JudgedRun): { [key: string]: number } =>
  Object.fromEntries(metrics.map(({ key, value }) => [key, value]));

const reject = (code: string, reason: string): RowOutcome => ({ type: 'reject', code, reason });
