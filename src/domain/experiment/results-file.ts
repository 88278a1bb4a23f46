/** Metrics from a results file: `metrics`, and conditions as an object or a list, flattened to `condition/seed/metric`. */

import type { Json, JsonObject } from '#contract/json.ts';
import { isObject } from '#util/json-object.ts';
import { MetricSet, type Metrics } from './metrics.ts';
import { repeatedMember } from './repeated-member.ts';

const CONDITION_MEMBERS = ['conditions', 'per_condition', 'condition_summaries'] as const;
const NAMES = ['name', 'condition', 'cond', 'id'] as const;
/** Deeper nesting is no result of an experiment. */
const MAX_DEPTH = 6;

/** Python's json writes NaN and Infinity, which JSON has not: they are told as what they are, not as bad syntax. */
export function readResultsFile(text: string, file: string): Metrics {
  const set = new MetricSet();
  let value: Json;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, '')) as Json;
  } catch (error) {
    const notFinite = /[:[,]\s*(-?(?:NaN|Infinity))\s*[,}\]]/.exec(text)?.[1];
    if (notFinite !== undefined) set.trouble('metric-not-finite', `${file} holds ${notFinite}`);
    else set.trouble('results-shape', `${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
    return set.result();
  }
  if (!isObject(value)) {
    set.trouble('results-shape', `${file} holds no object`);
    return set.result();
  }
  const repeated = repeatedMember(text);
  if (repeated !== null) set.trouble('results-shape', `${file} gives \`${repeated}\` twice in one object`);
  if (isObject(value['metrics'] ?? {})) flatten(value['metrics'] ?? {}, [], file, set);
  else set.trouble('results-shape', `${file}#metrics is no object`);
  let found = value['metrics'] !== undefined;
  for (const member of CONDITION_MEMBERS) {
    const conditions = value[member];
    if (conditions === undefined) continue;
    found = true;
    readConditions(conditions, `${file}#${member}`, set);
  }
  if (!found) set.trouble('results-shape', `${file} has neither \`metrics\` nor \`conditions\``);
  const result = set.result();
  if (result.metrics.length > 0 || result.troubles.length > 0) return result;
  set.trouble('results-shape', `${file} holds no number that is a metric`);
  return set.result();
}

function readConditions(conditions: Json, from: string, set: MetricSet): void {
  if (Array.isArray(conditions)) {
    const seen = new Set<string>();
    for (const [at, entry] of (conditions as readonly Json[]).entries()) {
      const name = isObject(entry) ? nameOf(entry) : null;
      if (!isObject(entry) || name === null) {
        set.trouble('condition-nameless', `entry ${at} of ${from} names no condition`);
        continue;
      }
      const seed = seedOf(entry);
      const place = seed === null ? name : `${name}/${seed}`;
      if (seen.has(place)) set.trouble('condition-duplicate', `${place} stands in ${from} twice`);
      seen.add(place);
      const { metrics, seeds, per_seed, ...own } = entry;
      for (const member of [...NAMES, 'seed']) delete (own as { [name: string]: Json })[member];
      if (metrics !== undefined) flatten(metrics, [place], from, set);
      for (const inner of [seeds, per_seed]) if (inner !== undefined) readSeeds(inner, name, from, set);
      flatten(own, [place], from, set);
    }
    return;
  }
  if (!isObject(conditions)) {
    set.trouble('results-shape', `${from} is neither an object nor a list`);
    return;
  }
  for (const [name, entry] of Object.entries(conditions)) {
    if (name.trim() === '') set.trouble('condition-nameless', `a condition of ${from} has no name`);
    else if (isObject(entry)) {
      const { metrics, seeds, per_seed, ...own } = entry;
      if (metrics !== undefined) flatten(metrics, [name], from, set);
      for (const inner of [seeds, per_seed]) if (inner !== undefined) readSeeds(inner, name, from, set);
      flatten(own, [name], from, set);
    } else flatten(entry, [name], from, set);
  }
}

/** `{"0": {acc: 1}}`, or `[{seed: 0, acc: 1}]`; a plain list of seeds is no metric. */
function readSeeds(seeds: Json, condition: string, from: string, set: MetricSet): void {
  if (isObject(seeds)) {
    for (const [seed, entry] of Object.entries(seeds)) flatten(entry, [condition, seed], from, set);
    return;
  }
  if (!Array.isArray(seeds)) return;
  for (const entry of seeds as readonly Json[]) {
    if (!isObject(entry)) continue;
    const seed = seedOf(entry);
    if (seed === null) set.trouble('results-shape', `a seed of ${condition} in ${from} has no \`seed\``);
    else {
      const { seed: _, metrics, ...own } = entry;
      if (metrics !== undefined) flatten(metrics, [condition, seed], from, set);
      flatten(own, [condition, seed], from, set);
    }
  }
}

function flatten(value: Json, path: readonly string[], from: string, set: MetricSet): void {
  if (typeof value === 'number') set.add(path.join('/'), value, from);
  else if (isObject(value) && path.length < MAX_DEPTH)
    for (const [name, inner] of Object.entries(value)) flatten(inner, [...path, name], from, set);
  // Texts, lists and booleans are notes of the experiment, not metrics.
}

function nameOf(entry: JsonObject): string | null {
  for (const member of NAMES) {
    const name = entry[member];
    if (typeof name === 'string' && name.trim() !== '') return name.trim();
  }
  return null;
}

function seedOf(entry: JsonObject): string | null {
  const { seed } = entry;
  return typeof seed === 'number' || (typeof seed === 'string' && seed !== '') ? String(seed) : null;
}
