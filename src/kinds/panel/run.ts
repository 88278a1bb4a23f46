/** Reads duels and probes, weighs the panel, and writes a row a judge and the evidence. */

import type { Json, JsonObject } from '#contract/json.ts';
import type { WholeContext, WholeItem } from '#contract/kind.ts';
import { valueAtPath } from '#domain/at-path.ts';
import type { JudgeMeasures, SeenDuel, SeenProbe } from '#domain/duel/judge-measures.ts';
import { MARK, neutralise } from '#domain/duel/neutralise.ts';
import { type PanelWorth, weighPanel } from '#domain/duel/panel.ts';
import { PROBES } from '#domain/duel/probes.ts';
import { type JudgeEntry, scoreByJudge, toPoints } from '#domain/duel/score.ts';
import { textPath } from '#domain/duel/text-path.ts';
import type { PanelConfig } from './config.ts';
import { reasonOf, toEvidence } from './evidence.ts';

export async function* runPanel(ctx: WholeContext<PanelConfig>): AsyncIterable<WholeItem> {
  const { config, inputs } = ctx;
  const duels: SeenDuel[] = [];
  for await (const { fields } of inputs['from']?.rows() ?? []) duels.push(toDuel(fields, duels.length, config));
  const probes: SeenProbe[] = [];
  for await (const { fields } of inputs['probes']?.rows() ?? []) {
    const probe = PROBES.find((name) => name === fields['probe']);
    if (probe !== undefined) probes.push({ probe, entries: entriesOf(fields) });
  }
  const { exclude, min_rows: minRows, resamples, seed, confidence } = config;
  const worth = weighPanel(duels, probes, { exclude, minRows, resamples, seed, confidence });
  for (const row of toRows(worth)) yield { type: 'row', key: String(row['judge']), fields: row };
  for (const evidence of toEvidence(worth, config)) {
    const key = evidence.slice === undefined ? evidence.name : `${evidence.name}/${evidence.slice}`;
    yield { type: 'row', port: 'evidence', key, fields: evidence as unknown as JsonObject };
  }
}

function entriesOf(fields: JsonObject): readonly JudgeEntry[] {
  return (fields['judges'] ?? []) as unknown as readonly JudgeEntry[];
}

function toDuel(fields: JsonObject, place: number, config: PanelConfig): SeenDuel {
  const entries = entriesOf(fields);
  const candidate = textOf(valueAtPath(fields, textPath(config.candidate)));
  const against = textOf(valueAtPath(fields, textPath(config.against)));
  const cluster = valueAtPath(fields, config.cluster);
  const score = fields['score'];
  return {
    entries,
    scores: scoreByJudge(entries),
    score: typeof score === 'number' ? score : null,
    cluster: typeof cluster === 'string' || typeof cluster === 'number' ? String(cluster) : `row ${place}`,
    longer: candidate === null || against === null ? null : signOf(candidate.length - against.length),
    marked: entries.length === 0 ? 0 : signOf(speaksToJudge(candidate) - speaksToJudge(against)),
  };
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function signOf(difference: number): -1 | 0 | 1 {
  return difference > 0 ? 1 : difference < 0 ? -1 : 0;
}

function speaksToJudge(text: string | null): 0 | 1 {
  return text !== null && neutralise(text).text.includes(MARK) ? 1 : 0;
}

function toRows({ judges }: PanelWorth): JsonObject[] {
  return judges.map(({ measures, findings, status, without }) => {
    const { consistency, probes, sensitivity, specificity, failed, unparsed, unquoted, flips, first, longer } =
      measures;
    const shares = {
      failed,
      unparsed,
      unquoted,
      position_consistency: consistency,
      flips,
      first,
      longer,
      sensitivity,
      specificity,
    };
    return {
      judge: measures.judge,
      status,
      reason: reasonOf(findings),
      findings: findings.map(({ name }) => name),
      rows: measures.rows,
      answers: measures.answers,
      ...standInsOf(measures),
      score: measures.mean === null ? null : toPoints(measures.mean),
      ...Object.fromEntries(Object.entries(shares).map(([name, share]) => [name, toJson(share)])),
      probes: Object.fromEntries(Object.entries(probes).map(([name, share]) => [name, toJson(share)])),
      without: without === null ? null : { ...without },
    };
  });
}

/** Only where there are any: rows of a panel that answered itself stay what they are. */
function standInsOf({ stoodIn }: JudgeMeasures): JsonObject {
  const shares = Object.entries(stoodIn).map(([alias, share]) => [alias, toJson(share)]);
  return shares.length === 0 ? {} : { stand_ins: Object.fromEntries(shares) };
}

function toJson(share: SeenShare | null): JsonObject | null {
  return share === null ? null : { value: share.value, n: share.n, interval: share.interval };
}

interface SeenShare {
  readonly value: number;
  readonly n: number;
  readonly interval: readonly [number, number];
}
