/** leak-audit: looks for what a text can only have from the hidden pull request, and says so beside the text. */

import type { JsonObject } from '#contract/json.ts';
import { defineRow, type Finding, type OutputSpec } from '#contract/kind.ts';
import { Type } from '#contract/schema.ts';
import { HISTORY_TOKENS, TURN_TOKENS } from '#domain/estimate-tokens.ts';
import { LeakSchema } from '#domain/leak/audit-fields.ts';
import { quarantinePort } from '#domain/leak/decide-leak.ts';
import { PULL_REQUEST_LOOKUP } from '#domain/leak/pull-request-reads.ts';
import { checkPrompt, parsePrompt, readsOfPrompts } from '#domain/prompt.ts';
import { MessagesSchema } from '#domain/row-schemas.ts';
import { annotationOf, type LeakAuditConfig, leakAuditConfig } from './config.ts';
import { runLeakAudit } from './run.ts';

/** Share of rows with a hit, for which control samples are drawn. */
const CONTROL_SHARE = 0.05;

export const leakAuditKind = defineRow<JsonObject>()({
  name: 'leak-audit',
  version: 1,
  summary: 'says what a text holds that only the hidden pull request can have given it',
  example: `audited:
  kind: leak-audit
  from: answers
  with:
    pr: { from: prs, match: instance_id }
  field: king.text`,
  config: leakAuditConfig,
  inputs: { from: { summary: 'rows with a text and the history before it' } },
  outputs: (config) => ({
    out: { summary: 'the rows with what was found', carries: 'carry', adds: addsOf(config) },
    ...quarantinePort(config.leak_audit, addsOf(config)),
  }),
  lookups: { pr: { summary: 'the pull request that is hidden from the text', reads: PULL_REQUEST_LOOKUP } },
  needs: ['llm'],
  reads: (config) => ({
    ...readsOfPrompts([config.control?.prompt], ['pr']),
    [config.history]: { schema: MessagesSchema },
    [config.field]: { schema: Type.String() },
    // The whole object is written back with the annotation in it.
    ...(annotationOf(config).inside ? { [annotationOf(config).field]: { schema: Type.Object({}) } } : {}),
    ...(config.plant === undefined ? {} : { $key: { schema: Type.String() } }),
  }),
  check: checkConfig,
  estimate: ({ control }, rows) => {
    if (control === undefined) return { calls: [], notes: [] };
    const calls = Math.ceil(rows * CONTROL_SHARE) * control.samples;
    const tokens = { inputTokens: calls * HISTORY_TOKENS, outputTokens: calls * TURN_TOKENS };
    return { calls: [{ model: control.model, calls, ...tokens }], notes: ['control samples only for rows with a hit'] };
  },
  run: runLeakAudit,
});

function addsOf(config: LeakAuditConfig): OutputSpec['adds'] {
  const { field, inside } = annotationOf(config);
  const leaf = config.field.split('.')[1] ?? '';
  return { [field]: inside ? Type.Object({ [leaf]: Type.String(), leak: LeakSchema }) : LeakSchema };
}

function checkConfig(config: LeakAuditConfig): Finding[] {
  const { field, as, plant, leak_audit, control } = config;
  const findings = checkPrompt(control?.prompt, ['control', 'prompt']);
  const error = (code: string, message: string, path: readonly string[], hint?: string) =>
    findings.push({ severity: 'error', code, message, path, ...(hint === undefined ? {} : { hint }) });
  if (field.split('.').length > 2 && as === undefined)
    error(
      'annotation-too-deep',
      `there is no place for a \`leak\` beside \`${field}\``,
      ['field'],
      'name a field with `as`',
    );
  if (as !== undefined && [field, config.history].some((path) => path.split('.')[0] === as))
    error('field-overwrites-input', `\`as: ${as}\` would overwrite what is audited`, ['as']);
  if (plant !== undefined && leak_audit !== 'flag')
    error(
      'plant-decides',
      '`plant` measures the audit, so no row may be lost over it',
      ['leak_audit'],
      'use `leak_audit: flag`',
    );
  const prompt = control?.prompt;
  if (findings.length === 0 && prompt !== undefined && parsePrompt(prompt).variables.some(({ root }) => root === 'pr'))
    error(
      'prompt-shows-pull-request',
      'the control must not see the pull request',
      ['control', 'prompt'],
      'take `pr` out of it',
    );
  return findings;
}
