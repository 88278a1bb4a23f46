/** challenger: the side of a duel that has seen the hidden pull request and must act as if it had not. */

import { defineRow, type Estimate, type Reads } from '#contract/kind.ts';
import { Type } from '#contract/schema.ts';
import { estimateTokens, HISTORY_TOKENS, PULL_REQUEST_TOKENS, TURN_TOKENS } from '#domain/estimate-tokens.ts';
import { withFamilies } from '#domain/families.ts';
import { quarantinePort } from '#domain/leak/decide-leak.ts';
import { PULL_REQUEST, PULL_REQUEST_LOOKUP } from '#domain/leak/pull-request-reads.ts';
import { readsOfPrompts } from '#domain/prompt.ts';
import { MessagesSchema } from '#domain/row-schemas.ts';
import { ChallengerText } from '#domain/rows.ts';
import { checkChallenger } from './check-challenger.ts';
import { type ChallengerConfig, type ChallengerFields, challengerConfig } from './config.ts';
import { runChallenger } from './run.ts';

const ADDS = { challenger: ChallengerText };

export const challengerKind = defineRow<ChallengerFields>()({
  name: 'challenger',
  version: 2,
  summary: 'writes the next turn knowing the hidden pull request, told to act as an honest agent would',
  example: `challenger:
  kind: challenger
  from: king
  with:
    pr: { from: prs, match: instance_id }
  model: kimi
  prompt: prompts/challenger.md
  leak_audit: quarantine`,
  config: challengerConfig,
  inputs: { from: { summary: 'turns with a history, usually already with a king' } },
  outputs: ({ leak_audit }) => ({
    out: { summary: 'turns with an answer that passed the format gate and the audit', carries: 'carry', adds: ADDS },
    ...quarantinePort(leak_audit, ADDS),
  }),
  lookups: {
    pr: {
      summary: 'the pull request that resolved the task',
      reads: PULL_REQUEST_LOOKUP,
    },
  },
  needs: ['llm'],
  reads: readsOf,
  check: (config) => checkChallenger(config, Object.keys(PULL_REQUEST)),
  facts: ({ model }, inputs) => withFamilies(inputs, 'challenger', [model]),
  estimate,
  run: runChallenger,
});

function readsOf({ prompt, intent_prompt, control, canaries }: ChallengerConfig): Reads {
  return {
    ...readsOfPrompts([prompt, intent_prompt, control?.prompt], ['pr', 'intent', 'actions']),
    messages: { schema: MessagesSchema },
    ...(canaries === undefined ? {} : { $key: { schema: Type.String() } }),
  };
}

/** Share of rows with a hit, for which control samples are drawn: what honest turns give, and as much again. */
const CONTROL_SHARE = 0.05;
/** An action and three quotes. */
const INTENT_TOKENS = 100;

function estimate(config: ChallengerConfig, rows: number): Estimate {
  const { model, prompt, attempts, mode, intent_prompt, intent_model, control, leak_audit } = config;
  const isTwoStage = mode === 'two-stage';
  const turn = HISTORY_TOKENS + (isTwoStage ? 0 : PULL_REQUEST_TOKENS) + estimateTokens(prompt?.text ?? '');
  const calls = [{ model, calls: rows, inputTokens: rows * turn, outputTokens: rows * TURN_TOKENS }];
  if (isTwoStage) {
    const shown = HISTORY_TOKENS + PULL_REQUEST_TOKENS + estimateTokens(intent_prompt?.text ?? '');
    const chooser = intent_model ?? model;
    calls.unshift({ model: chooser, calls: rows, inputTokens: rows * shown, outputTokens: rows * INTENT_TOKENS });
  }
  if (control !== undefined && leak_audit !== 'off') {
    const drawn = Math.ceil(rows * CONTROL_SHARE) * control.samples;
    calls.push({
      model: control.model,
      calls: drawn,
      inputTokens: drawn * HISTORY_TOKENS,
      outputTokens: drawn * TURN_TOKENS,
    });
  }
  const notes = attempts > 1 ? [`up to ${attempts} calls a row where answers fail the format gate`] : [];
  return { calls, notes };
}
