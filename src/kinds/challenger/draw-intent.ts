/** Stage A: asks who has seen the pull request for an action and quotes, until one answer holds nothing else. */

import type { JsonObject } from '#contract/json.ts';
import type { Context, RowOutcome } from '#contract/kind.ts';
import type { Row } from '#contract/row.ts';
import { toChatMessages } from '#domain/answer/chat-messages.ts';
import { actionList, intentInstruction } from '#domain/answer/instructions.ts';
import { INTENT_SCHEMA, type Intent, readIntent } from '#domain/answer/intent.ts';
import { renderOrReject } from '#domain/answer/render-or-reject.ts';
import type { ChallengerConfig, ChallengerFields } from './config.ts';

export interface DrawnIntent {
  readonly intent: Intent;
  /** Earlier draws by code. Their text is kept by the call only: it may say anything. */
  readonly refused: readonly JsonObject[];
}

/** @throws Failure of the llm service */
export async function drawIntent(
  row: Row<ChallengerFields>,
  pr: JsonObject,
  { llm, config }: Context<ChallengerConfig>,
): Promise<DrawnIntent | RowOutcome> {
  const fields = { ...row.fields, pr, actions: actionList() };
  const rendered = renderOrReject(config.intent_prompt, fields, () => intentInstruction(pr));
  if (typeof rendered !== 'string') return rendered;
  const history = row.fields.messages;
  const messages = toChatMessages(history, rendered, config.prompt_as);
  const model = config.intent_model ?? config.model;
  const refused: JsonObject[] = [];
  for (let draw = 0; ; draw++) {
    const answer = await llm.complete({ model, messages, draw, schema: INTENT_SCHEMA });
    const read = readIntent(answer.text.toWellFormed(), history);
    if ('intent' in read) return { intent: read.intent, refused };
    const { code, reason } = read;
    refused.push({ draw, code, reason });
    if (draw + 1 >= config.attempts) return { type: 'reject', code, reason, evidence: { attempts: refused } };
  }
}
