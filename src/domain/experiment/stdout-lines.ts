/** Metrics from what an experiment printed. Every sort of line is read wherever it stands: one plain line switches nothing off. */

import { MetricSet, type Metrics } from './metrics.ts';

const NUMBER = '[-+]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][-+]?\\d+)?|[-+]?(?:nan|NaN|inf|Inf|infinity|Infinity)';
/** Of one line: nobody prints a metric on a longer one. */
const MAX_LINE = 4_000;
const PAIR = new RegExp(`([A-Za-z_][\\w./%@-]*)\\s*[:=]\\s*(${NUMBER})(?=[\\s,;]|$)`, 'g');
const PLAIN = new RegExp(`^([A-Za-z_][\\w./%@-]*(?: [\\w./%@-]+){0,5})\\s*:\\s*(${NUMBER})$`);
const TAGGED = /^(PER_SEED|CONDITION_SUMMARY|GAP_TO_BN|SUMMARY|PAIRED):?\s+(.*)$/;

export interface ReadStdout extends Metrics {
  /** Every name after `DATASET_USED:`, in order. */
  readonly datasets: readonly string[];
}

export function readStdout(text: string): ReadStdout {
  const set = new MetricSet();
  const datasets: string[] = [];
  let number = 0;
  for (const raw of text.split('\n')) {
    number += 1;
    const line = raw.slice(0, MAX_LINE).trim();
    const from = `stdout:${number}`;
    const dataset = /^DATASET_USED\s*:\s*(\S.*)$/.exec(line)?.[1];
    if (dataset !== undefined) {
      datasets.push(dataset.trim());
      continue;
    }
    const [, tag, rest] = TAGGED.exec(line) ?? [];
    if (tag !== undefined && rest !== undefined) readTagged(tag, rest, from, set);
    else {
      const [, name, value] = PLAIN.exec(line) ?? [];
      // A log repeats its lines: the last one counts.
      if (name !== undefined && value !== undefined) set.add(name, toNumber(value), from, true);
    }
  }
  return { ...set.result(), datasets };
}

function readTagged(tag: string, rest: string, from: string, set: MetricSet): void {
  if (tag === 'PAIRED') {
    readPaired(rest, from, set);
    return;
  }
  const condition = word(rest, tag === 'SUMMARY' ? 'condition' : 'cond');
  if (condition === null) {
    set.trouble('condition-nameless', `a ${tag} line names no condition (${from})`);
    return;
  }
  if (tag === 'SUMMARY') {
    const metric = word(rest, 'metric');
    if (metric === null) {
      set.trouble('results-shape', `a SUMMARY line names no metric (${from})`);
      return;
    }
    for (const [name, value] of pairs(rest))
      if (name === 'mean') set.add(`${condition}/${metric}`, value, from);
      else if (name === 'std') set.add(`${condition}/${metric}_std`, value, from);
    return;
  }
  const seed = word(rest, 'seed');
  if (tag === 'PER_SEED' && seed === null) {
    set.trouble('results-shape', `a PER_SEED line names no seed (${from})`);
    return;
  }
  const place = tag === 'PER_SEED' ? `${condition}/${seed}` : condition;
  for (const [name, value] of pairs(rest))
    if (name !== 'cond' && name !== 'seed') set.add(`${place}/${name}`, value, from);
}

/** `a vs b mean_diff=… std_diff=… t_stat=… p_value=… ci95=(lo,hi)` -> `paired/a vs b/mean_diff` and so on. */
function readPaired(rest: string, from: string, set: MetricSet): void {
  const [, a, b, numbers = ''] = /^(\S+) vs\.? (\S+)\s+(.*)$/.exec(rest) ?? [];
  if (a === undefined || b === undefined) {
    set.trouble('condition-nameless', `a PAIRED line does not say \`a vs b\` (${from})`);
    return;
  }
  const place = `paired/${a} vs ${b}`;
  for (const [name, value] of pairs(numbers)) set.add(`${place}/${name}`, value, from);
  const [, low, high] =
    new RegExp(`\\bci95\\s*=\\s*[([]\\s*(${NUMBER})\\s*,\\s*(${NUMBER})\\s*[)\\]]`).exec(numbers) ?? [];
  if (low === undefined || high === undefined) return;
  set.add(`${place}/ci95_low`, toNumber(low), from);
  set.add(`${place}/ci95_high`, toNumber(high), from);
}

function word(rest: string, name: string): string | null {
  return new RegExp(`(?:^|\\s)${name}=(\\S+)`).exec(rest)?.[1]?.replace(/[,;]$/, '') ?? null;
}

function* pairs(rest: string): Iterable<readonly [name: string, value: number]> {
  for (const [, name = '', value = ''] of rest.matchAll(PAIR)) yield [name, toNumber(value)];
}

function toNumber(text: string): number {
  if (/nan/i.test(text)) return Number.NaN;
  if (/inf/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}
