/**
 * The leak audit on real turns: how fast, how often it accuses the honest, and how much of what is planted it finds, by detector and by
 * sort. Thresholds were chosen on one half of the instances (`tuned`); the other half (`held out`) was only looked at for the report.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { auditLeak } from '#domain/leak/audit-leak.ts';
import { LEAK_DETECTORS } from '#domain/leak/evidence.ts';
import type { HiddenTexts } from '#domain/leak/hidden.ts';
import { isLexical, PLANT_SORTS, plantLeak } from '#domain/leak/plant-leak.ts';
import { sha256 } from '#util/sha256.ts';
import type { Bench, Figure } from './figure.ts';

const DATA = fileURLToPath(new URL('../../shared/data', import.meta.url));
/** Of each trajectory and sort. */
const TURNS_PLANTED = 10;
/** Prints every false alarm: for looking at them, not for the table. */
const LIST = process.env['SLUICE_BENCH_LIST'] ?? '';

type Half = 'tuned' | 'held out';
const HALVES: readonly Half[] = ['tuned', 'held out'];
const halfOf = (instance: string): Half =>
  Number.parseInt(sha256(instance).slice(0, 2), 16) % 2 === 0 ? 'tuned' : 'held out';

export const bench: Bench = async (report) => {
  if (!existsSync(join(DATA, 'trajectories'))) {
    process.stderr.write('leak: there is no ../shared/data, nothing is measured\n');
    return;
  }
  const { turns, prs } = loadTurns();
  measureHonest(turns, prs, report);
  for (const sort of PLANT_SORTS) measureSort(sort, turns, prs, report);
};

interface RealTurn {
  readonly instance: string;
  /** Place of the message in its trajectory. */
  readonly at: number;
  readonly history: readonly { readonly role: string; readonly content: string }[];
  readonly text: string;
}

type PullRequest = HiddenTexts & { readonly instance_id: string };

interface Loaded {
  readonly turns: readonly RealTurn[];
  readonly prs: ReadonlyMap<string, PullRequest>;
}

function loadTurns(): Loaded {
  const read = (path: string) =>
    readFileSync(join(DATA, path), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  const prs = new Map<string, PullRequest>(
    read('instances/swebench_verified.jsonl').map((pr: PullRequest) => [pr.instance_id, pr]),
  );
  const turns = read('trajectories/gemini3_mini_v1.jsonl').flatMap(
    ({ instance_id: instance, messages }: { instance_id: string; messages: RealTurn['history'] }) =>
      messages.flatMap(({ role, content }, at) =>
        role === 'assistant' ? [{ instance, at, history: messages.slice(0, at), text: content }] : [],
      ),
  );
  return { turns, prs };
}

function prOf(prs: Loaded['prs'], turn: RealTurn): PullRequest {
  const pr = prs.get(turn.instance);
  if (pr === undefined) throw new Error(`no record of ${turn.instance}`);
  return pr;
}

function measureHonest(turns: Loaded['turns'], prs: Loaded['prs'], report: (figure: Figure) => void): void {
  const alarms: { [half in Half]: number } = { tuned: 0, 'held out': 0 };
  const counts: { [half in Half]: number } = { tuned: 0, 'held out': 0 };
  const byDetector = new Map<string, number>();
  let proven = 0;
  const began = process.cpuUsage();
  for (const turn of turns) {
    const { outcome, evidence } = auditLeak({ answer: turn.text, history: turn.history, hidden: prOf(prs, turn) });
    const half = halfOf(turn.instance);
    counts[half]++;
    if (outcome === 'pass') continue;
    alarms[half]++;
    if (outcome === 'reject') proven++;
    const counting = evidence.filter(({ strength }) => strength !== 'weak');
    for (const detector of new Set((counting.length > 0 ? counting : evidence).map((each) => each.detector)))
      byDetector.set(detector, (byDetector.get(detector) ?? 0) + 1);
    if (LIST === half)
      for (const each of evidence)
        process.stderr.write(
          `${turn.instance}#${turn.at} ${each.strength} ${each.detector} ${JSON.stringify(each.text.slice(0, 150))}\n`,
        );
  }
  const { user, system } = process.cpuUsage(began);
  const minutes = (user + system) / 6e7;
  report({
    metric: 'audits of real turns, one core',
    value: turns.length / minutes,
    unit: 'a minute',
    target: '>= 10,000',
  });
  const all = alarms.tuned + alarms['held out'];
  report({
    metric: `false alarms, ${turns.length} honest turns`,
    value: (100 * all) / turns.length,
    unit: '%',
    target: '< 2 %',
  });
  for (const half of HALVES)
    report({
      metric: `false alarms, ${half} (${counts[half]})`,
      value: (100 * alarms[half]) / counts[half],
      unit: '%',
      target: '< 2 %',
    });
  report({ metric: 'honest turns that were rejected outright', value: (100 * proven) / turns.length, unit: '%' });
  for (const detector of LEAK_DETECTORS)
    report({
      metric: `false alarms by ${detector}`,
      value: (100 * (byDetector.get(detector) ?? 0)) / turns.length,
      unit: '%',
    });
}

function measureSort(sort: string, turns: Loaded['turns'], prs: Loaded['prs'], report: (figure: Figure) => void): void {
  const planted: { [half in Half]: number } = { tuned: 0, 'held out': 0 };
  const caught: { [half in Half]: number } = { tuned: 0, 'held out': 0 };
  const byDetector = new Map<string, number>();
  const taken = new Map<string, number>();
  // In an order of its own for each sort, so that early and late turns are planted alike.
  const order = turns
    .map((turn) => ({ turn, rank: sha256(`${sort}/${turn.instance}/${turn.at}`) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));
  for (const { turn } of order) {
    if ((taken.get(turn.instance) ?? 0) >= TURNS_PLANTED) continue;
    const pr = prOf(prs, turn);
    const leak = plantLeak(sort, turn, pr, `${turn.instance}/${turn.at}`);
    if (leak === null) continue;
    taken.set(turn.instance, (taken.get(turn.instance) ?? 0) + 1);
    const half = halfOf(turn.instance);
    planted[half]++;
    const { outcome, evidence } = auditLeak({ answer: leak.text, history: turn.history, hidden: pr });
    // What the turn itself had is no merit of the audit.
    const own = evidence.filter(
      ({ start, end, strength }) => end > leak.start && start < leak.end && strength !== 'weak',
    );
    if (outcome === 'pass' || own.length === 0) {
      if (LIST === sort)
        process.stderr.write(
          `${turn.instance}#${turn.at} missed: ${JSON.stringify(leak.text.slice(leak.start, leak.end).slice(0, 200))}\n`,
        );
      continue;
    }
    caught[half]++;
    for (const detector of new Set(own.map((each) => each.detector)))
      byDetector.set(detector, (byDetector.get(detector) ?? 0) + 1);
  }
  const n = planted.tuned + planted['held out'];
  const target = isLexical(sort) ? { target: '> 95 %' } : {};
  const share = (part: number, of: number) => (of === 0 ? 0 : (100 * part) / of);
  report({
    metric: `recall, ${sort} (${n})`,
    value: share(caught.tuned + caught['held out'], n),
    unit: '%',
    ...target,
  });
  for (const half of HALVES)
    report({
      metric: `recall, ${sort}, ${half} (${planted[half]})`,
      value: share(caught[half], planted[half]),
      unit: '%',
      ...target,
    });
  for (const [detector, count] of [...byDetector].sort((a, b) => b[1] - a[1]))
    report({ metric: `recall, ${sort}, by ${detector}`, value: share(count, n), unit: '%' });
}
