/** The audit of one written answer: detectors first, and blind samples only where they found something that a sample could clear. */

import type { JsonObject } from '#contract/json.ts';
import type { RowOutcome } from '#contract/kind.ts';
import type { LlmService } from '#contract/services.ts';
import { type HistoryMessage, toChatMessages } from '../answer/chat-messages.ts';
import { KING_INSTRUCTION } from '../answer/instructions.ts';
import { renderOrReject } from '../answer/render-or-reject.ts';
import type { ControlSettings } from './audit-fields.ts';
import { auditLeak, type LeakQuestion, type LeakVerdict } from './audit-leak.ts';
import { clearByControl } from './control.ts';

export interface AnswerAudit extends LeakQuestion {
  readonly history: readonly HistoryMessage[];
  readonly control: ControlSettings | undefined;
  /** The row's fields, for the control's prompt. */
  readonly fields: { readonly [field: string]: unknown };
}

export interface AuditedAnswer {
  readonly verdict: LeakVerdict;
  /** The annotation as a row carries it. */
  readonly leak: JsonObject;
}

/** @returns a rejection where the control's prompt cannot be rendered for the row @throws Failure of the llm service */
export async function auditAnswer(llm: LlmService, audit: AnswerAudit): Promise<AuditedAnswer | RowOutcome> {
  const verdict = auditLeak(audit);
  const { control } = audit;
  const isClearable = verdict.outcome !== 'pass' && !verdict.evidence.some(({ detector }) => detector === 'canary');
  if (control === undefined || !isClearable) return { verdict, leak: toLeak(verdict) };
  const samples = await drawControl(llm, audit, control);
  if (!Array.isArray(samples)) return samples as RowOutcome;
  const cleared = clearByControl(verdict, samples, audit);
  return { verdict: cleared, leak: { ...toLeak(cleared), control: samples.length } };
}

/** The king's own request at draws 0, 1, …: what it has answered already is not asked again. */
async function drawControl(
  llm: LlmService,
  audit: AnswerAudit,
  control: ControlSettings,
): Promise<string[] | RowOutcome> {
  const rendered = renderOrReject(control.prompt, audit.fields, () => KING_INSTRUCTION);
  if (typeof rendered !== 'string') return rendered;
  const messages = toChatMessages(audit.history, rendered, control.prompt_as);
  const draws = Array.from({ length: control.samples }, (_, draw) =>
    llm.complete({ model: control.model, messages, draw }),
  );
  const settled = await Promise.allSettled(draws);
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value.text.toWellFormed()] : []));
}

function toLeak({ outcome, evidence }: LeakVerdict): JsonObject {
  return { outcome, evidence: evidence.map((each) => ({ ...each })) as unknown as JsonObject[] };
}
