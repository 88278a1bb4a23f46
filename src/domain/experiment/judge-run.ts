/** What one run of an experiment proves: metrics, and everything that speaks against believing them. */

import type { ProgramResult } from '#contract/sandbox.ts';
import { type Metric, type Metrics, type MetricTrouble, mergeMetrics } from './metrics.ts';
import { readResultsFile } from './results-file.ts';
import { type ReadStdout, readStdout } from './stdout-lines.ts';

export interface Expected {
  readonly conditions?: readonly string[];
  readonly seeds?: readonly (string | number)[];
  readonly metrics?: readonly string[];
}

export interface RunRules {
  /** Paths of results files that the run may have written, already matched; relative to its folder. */
  readonly isResults: (path: string) => boolean;
  /** Files that lay in the folder before the run. */
  readonly given: ReadonlySet<string>;
  /** Inner path of each declared dataset. */
  readonly datasets: ReadonlyMap<string, string>;
  readonly evidence: 'required' | 'off';
  readonly expected: Expected;
}

export interface JudgedRun {
  readonly status: 'completed' | 'partial' | 'failed';
  readonly metrics: readonly Metric[];
  readonly troubles: readonly { readonly code: string; readonly reason: string }[];
  readonly dataset: string | null;
  readonly opened: readonly string[];
  readonly resultsFile: string | null;
}

interface Trouble {
  readonly code: string;
  readonly reason: string;
}

export function judgeRun(result: ProgramResult, rules: RunRules): JudgedRun {
  const stdout = readStdout(result.stdout);
  const file = findResults(result, rules);
  const read = file.path === null ? null : readResults(result, file.path);
  const merged = mergeMetrics(read, stdout);
  const dataset = checkDataset(stdout, result, rules);
  const troubles: Trouble[] = [
    ...endOf(result, rules),
    ...file.troubles,
    ...merged.troubles,
    ...dataset.troubles,
    ...missing(merged, rules.expected),
  ];
  if (merged.metrics.length === 0)
    troubles.push({ code: 'no-metrics', reason: 'it measured nothing that could be read' });
  // Cut short by the clock is the one trouble that leaves what was measured believable.
  const inTime = troubles.filter(({ code }) => code !== 'time-budget-spent' && code !== 'expected-missing');
  const isCut = troubles.some(({ code }) => code === 'time-budget-spent');
  const status = troubles.length === 0 ? 'completed' : isCut && inTime.length === 0 ? 'partial' : 'failed';
  return {
    status,
    metrics: merged.metrics,
    troubles,
    dataset: dataset.name,
    opened: dataset.opened,
    resultsFile: file.path,
  };
}

function endOf({ ended, code, signal, left }: ProgramResult, { isResults }: RunRules): Trouble[] {
  const troubles: Trouble[] = [];
  if (ended === 'deadline')
    troubles.push({ code: 'time-budget-spent', reason: 'it was stopped at the end of its time budget' });
  else if (ended !== 'exit')
    troubles.push({ code: ended.replaceAll('_', '-'), reason: `it was ended: ${ended.replaceAll('_', ' ')}` });
  else if (signal !== null) troubles.push({ code: 'ended-by-signal', reason: `it ended by ${signal}` });
  else if (code !== 0) troubles.push({ code: 'exit-code', reason: `it ended with exit code ${code}` });
  for (const { path, reason } of left)
    if (isResults(path)) troubles.push({ code: 'results-unusable', reason: `${path}: ${reason}` });
  return troubles;
}

function findResults(
  { files }: ProgramResult,
  { isResults, given }: RunRules,
): { path: string | null; troubles: Trouble[] } {
  const found = files.filter(({ path }) => isResults(path));
  const stale = found.filter(({ path, change }) => change !== 'new' || given.has(path));
  const fresh = found.filter((one) => !stale.includes(one)).map(({ path }) => path);
  const troubles = stale.map(({ path }) => ({ code: 'results-stale', reason: `${path} lay there before the run` }));
  const [only, ...more] = fresh;
  if (more.length === 0) return { path: only ?? null, troubles };
  const reason = `results are in ${fresh.join(' and in ')}: which of them count is not guessed`;
  return { path: null, troubles: [...troubles, { code: 'results-doubled', reason }] };
}

function readResults({ files }: ProgramResult, path: string): Metrics {
  const bytes = files.find((file) => file.path === path)?.bytes ?? new Uint8Array();
  try {
    return readResultsFile(new TextDecoder('utf-8', { fatal: true }).decode(bytes), path);
  } catch {
    const trouble: MetricTrouble = { code: 'results-shape', reason: `${path} is no UTF-8` };
    return { metrics: [], troubles: [trouble] };
  }
}

/** The stamp alone proves nothing: a program that fell back on made-up data prints it too. */
function checkDataset(stdout: ReadStdout, { opened }: ProgramResult, { datasets, evidence }: RunRules) {
  const below = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
  const own = [...new Set(opened ?? [])]
    .filter((path) => [...datasets.values()].some((folder) => below(path, folder)))
    .sort();
  const troubles: Trouble[] = [];
  const trouble = (code: string, reason: string): void => void troubles.push({ code, reason });
  if (evidence === 'off' || datasets.size === 0) return { name: stdout.datasets[0] ?? null, opened: own, troubles };
  const [name, ...more] = stdout.datasets;
  if (name === undefined) trouble('dataset-not-named', 'it printed no `DATASET_USED: <name>`');
  else if (more.length > 0) trouble('dataset-named-twice', `it printed DATASET_USED ${more.length + 1} times`);
  else if (!datasets.has(name))
    trouble('dataset-unknown', `it says that it used ${name}; declared are ${[...datasets.keys()].join(', ')}`);
  else if (opened === null) trouble('dataset-evidence-unseen', 'this backend cannot see which files were opened');
  else if (!own.some((path) => below(path, datasets.get(name) ?? '')))
    trouble('no-dataset-evidence', `it says that it used ${name}, and opened no file of it`);
  return { name: troubles.length === 0 ? (name ?? null) : null, opened: own, troubles };
}

function missing({ metrics }: Metrics, { conditions = [], seeds = [], metrics: names = [] }: Expected): Trouble[] {
  const keys = metrics.map(({ key }) => key.split('/'));
  const lacking: string[] = [];
  for (const condition of conditions) {
    const of = keys.filter(([first]) => first === condition);
    if (of.length === 0) lacking.push(`condition ${condition}`);
    for (const seed of seeds)
      if (of.length > 0 && !of.some((key) => key.length > 2 && key[1] === String(seed)))
        lacking.push(`seed ${seed} of ${condition}`);
  }
  if (conditions.length === 0)
    for (const seed of seeds)
      if (!keys.some((key) => key.length > 2 && key[1] === String(seed))) lacking.push(`seed ${seed}`);
  for (const name of names) if (!keys.some((key) => key.at(-1) === name)) lacking.push(`metric ${name}`);
  return lacking.length === 0 ? [] : [{ code: 'expected-missing', reason: `it measured no ${lacking.join(', no ')}` }];
}

/** Conditions whose every number is the same: one program run twice under two names, more often than not. */
export function identicalConditions(metrics: readonly Metric[]): readonly (readonly string[])[] {
  const vectors = new Map<string, [string, number][]>();
  for (const { key, value } of metrics) {
    const at = key.indexOf('/');
    if (at <= 0 || key.startsWith('paired/')) continue;
    const condition = key.slice(0, at);
    vectors.set(condition, [...(vectors.get(condition) ?? []), [key.slice(at + 1), value]]);
  }
  const byVector = new Map<string, string[]>();
  for (const [condition, vector] of vectors) {
    const text = JSON.stringify(vector);
    byVector.set(text, [...(byVector.get(text) ?? []), condition]);
  }
  return [...byVector.values()].filter((conditions) => conditions.length > 1);
}
