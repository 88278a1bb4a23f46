/** bucket: one port a range of scores or a condition, with what has no score and what leaked set apart. */

import type { JsonObject } from '#contract/json.ts';
import { defineRow, type Finding, type Reads } from '#contract/kind.ts';
import { Condition, FieldPath, type Static, Type } from '#contract/schema.ts';
import { valueAtPath } from '#domain/at-path.ts';
import { readsOfCondition } from '#domain/reads-of-condition.ts';
import { OptionalNumber } from '#domain/row-schemas.ts';

/** Ports that every bucket node has, or that every node has. */
const UNJUDGED = 'unjudged';
const LEAKED = 'leaked';
const TAKEN = [UNJUDGED, LEAKED, 'out', 'rejected', 'tally', 'evidence'];

const Name = Type.String({ pattern: '^[a-z][a-z0-9_-]{0,63}$' });
const DEFAULT_AT = { final: 80, refined: 66, defeat: 0 };

const config = Type.Object(
  {
    by: FieldPath({ default: 'score', description: 'The number that decides.' }),
    at: Type.Record(Name, Type.Number(), {
      default: DEFAULT_AT,
      minProperties: 1,
      description: 'Buckets by name, each with the least value that enters it.',
    }),
    where: Type.Optional(
      Type.Record(Name, Condition(), {
        minProperties: 1,
        description: 'Buckets by condition (CEL) in place of `by` and `at`; exactly one must hold.',
      }),
    ),
    leak: Type.String({
      default: 'challenger.leak',
      description: "Where a leak audit's result lies; its outcomes `quarantine` and `reject` go to `leaked`.",
    }),
  },
  { additionalProperties: false },
);

type BucketConfig = Static<typeof config>;

export const bucketKind = defineRow<JsonObject>()({
  name: 'bucket',
  version: 1,
  summary: 'sorts rows into ports by thresholds on a number, or by conditions',
  example: `buckets:
  kind: bucket
  from: duel
  by: score
  at: { final: 80, refined: 66, defeat: 0 }`,
  config,
  inputs: { from: { summary: 'rows with the number' } },
  outputs: ({ at, where }) => {
    const leaked = 'rows whose answer gave hidden knowledge away';
    if (where !== undefined) {
      const adds = { bucket: Type.Enum([...Object.keys(where), LEAKED]) };
      const port = (summary: string) => ({ summary, carries: 'carry' as const, adds });
      const ports = Object.entries(where).map(([name, condition]) => [name, port(`rows for which ${condition}`)]);
      return { ...Object.fromEntries(ports), [LEAKED]: port(leaked) };
    }
    const names = byThreshold(at).map(([name]) => name);
    const adds = { bucket: Type.Enum([...names, UNJUDGED, LEAKED]) };
    const port = (summary: string) => ({ summary, carries: 'carry' as const, adds });
    return {
      ...Object.fromEntries(byThreshold(at).map(([name, least]) => [name, port(`rows of at least ${least}`)])),
      [UNJUDGED]: port('rows without the number'),
      [LEAKED]: port(leaked),
    };
  },
  reads: readsOf,
  reuse: 'node',
  check: checkConfig,
  run: ({ row }, ctx) => {
    const { by, at, where, leak } = ctx.config;
    const outcome = valueAtPath(row.fields, `${leak}.outcome`);
    if (outcome === 'quarantine' || outcome === 'reject') return toPort(LEAKED);
    // The condition language takes 20 ms to load, which thresholds should not pay.
    if (where !== undefined) return import('./run.ts').then(({ byCondition }) => byCondition(where, row.fields));
    const value = valueAtPath(row.fields, by);
    if (typeof value !== 'number') return toPort(UNJUDGED);
    const found = byThreshold(at).find(([, least]) => value >= least);
    if (found !== undefined) return toPort(found[0]);
    const reason = `${by} is ${value}, below every bucket`;
    return { type: 'reject', code: 'below-every-bucket', reason, evidence: { value } };
  },
});

const toPort = (port: string) => ({ type: 'emit' as const, emissions: [{ port, set: { bucket: port } }] });

function readsOf({ by, where, leak }: BucketConfig): Reads {
  const leaks = { [`${leak}.outcome`]: { schema: Type.String(), optional: true } };
  if (where === undefined) return { [by]: { schema: OptionalNumber }, ...leaks };
  let all: Reads = leaks;
  for (const condition of Object.values(where)) {
    const reads = readsOfCondition(condition);
    if (reads === '*') return '*';
    all = { ...all, ...reads };
  }
  return all;
}

/** Highest first. */
function byThreshold(at: BucketConfig['at']): [string, number][] {
  return Object.entries(at).sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1));
}

function checkConfig({ at, where }: BucketConfig): Finding[] {
  const findings: Finding[] = [];
  if (where !== undefined) {
    for (const name of Object.keys(where)) {
      if (!TAKEN.includes(name)) continue;
      const message = `\`${name}\` is a port of its own and cannot be a bucket`;
      findings.push({ severity: 'error', code: 'bucket-name-taken', message, path: ['where', name] });
    }
    if (
      Object.keys({ ...at, ...DEFAULT_AT }).some((name) => at[name] !== DEFAULT_AT[name as keyof typeof DEFAULT_AT])
    ) {
      const message = 'buckets go by thresholds or by conditions, not by both';
      findings.push({
        severity: 'error',
        code: 'bucket-two-ways',
        message,
        path: ['at'],
        hint: 'leave `at` or `where` out',
      });
    }
    return findings;
  }
  for (const [name, least] of Object.entries(at)) {
    if (TAKEN.includes(name)) {
      const message = `\`${name}\` is a port of its own and cannot be a bucket`;
      findings.push({ severity: 'error', code: 'bucket-name-taken', message, path: ['at', name] });
    }
    const twin = Object.keys(at).find((other) => other < name && at[other] === least);
    if (twin !== undefined) {
      const message = `\`${twin}\` and \`${name}\` both begin at ${least}, so one of them stays empty`;
      findings.push({ severity: 'error', code: 'bucket-same-threshold', message, path: ['at', name] });
    }
  }
  return findings;
}
