/** The pull request is in the prompt of one writer and nowhere else; what comes back is audited before it goes on. */

import { Failure } from '#contract/failure.ts';
import type { JsonObject } from '#contract/json.ts';
import type { Context, RowInput, RowOutcome } from '#contract/kind.ts';
import type { Row } from '#contract/row.ts';
import { toChatMessages } from '#domain/answer/chat-messages.ts';
import { drawTurn } from '#domain/answer/draw-turn.ts';
import { challengerInstruction, turnInstruction } from '#domain/answer/instructions.ts';
import { INTENT_ACTIONS } from '#domain/answer/intent.ts';
import { renderOrReject } from '#domain/answer/render-or-reject.ts';
import { auditAnswer } from '#domain/leak/audit-answer.ts';
import { isCanary, plantDecoys } from '#domain/leak/canaries.ts';
import { decideLeak } from '#domain/leak/decide-leak.ts';
import type { HiddenTexts } from '#domain/leak/hidden.ts';
import { Visible } from '#domain/leak/visible.ts';
import type { ChallengerConfig, ChallengerFields } from './config.ts';
import { drawIntent } from './draw-intent.ts';

type Ctx = Context<ChallengerConfig>;

/** The pull request as it is, and as this writer is shown it. */
interface Shown {
  readonly key: string;
  readonly real: HiddenTexts;
  readonly pr: JsonObject;
  readonly decoys: readonly string[];
}

export async function runChallenger({ row, lookups }: RowInput<ChallengerFields>, ctx: Ctx): Promise<RowOutcome> {
  const { config } = ctx;
  const found = lookups['pr'];
  if (Array.isArray(found))
    throw new Failure('lookup-list', 'the challenger takes one pull request a row, not a list', {
      hint: 'drop `many: list` from `with.pr`',
    });
  // An answer written without the pull request would be a second king under another name.
  if (found === undefined || found === null || !('fields' in found))
    return { type: 'reject', code: 'pr-missing', reason: 'there is no pull request for this turn' };
  const shown = showPullRequest(row, found, config);
  const outcome = await (config.mode === 'two-stage' ? writeBlind(row, shown, ctx) : writeDirect(row, shown, ctx));
  const written = outcome.type === 'emit' ? outcome.emissions[0]?.set?.['challenger'] : undefined;
  if (config.leak_audit === 'off' || written === undefined) return outcome;
  return audit(row, shown, written as JsonObject & { readonly text: string }, ctx);
}

function showPullRequest(row: Row<ChallengerFields>, found: Row, { canaries, leak_audit }: ChallengerConfig): Shown {
  const real = found.fields as HiddenTexts;
  const isChosen = leak_audit !== 'off' && canaries !== undefined && isCanary(canaries.seed, row.key, canaries.share);
  const decoyed = isChosen ? plantDecoys(real, new Visible(row.fields.messages), canaries.seed) : null;
  const pr = decoyed === null ? found.fields : { ...found.fields, patch: decoyed.patch };
  return { key: found.key, real, pr, decoys: decoyed?.decoys ?? [] };
}

function writeDirect(
  row: Row<ChallengerFields>,
  { pr }: Shown,
  { llm, config }: Ctx,
): Promise<RowOutcome> | RowOutcome {
  const rendered = renderOrReject(config.prompt, { ...row.fields, pr }, () => challengerInstruction(pr));
  if (typeof rendered !== 'string') return rendered;
  const history = row.fields.messages;
  const messages = toChatMessages(history, rendered, config.prompt_as);
  return drawTurn(llm, { model: config.model, messages, history, gate: config, field: 'challenger' });
}

/** Two writers: what passes between them is the checked intent alone. */
async function writeBlind(row: Row<ChallengerFields>, { pr }: Shown, ctx: Ctx): Promise<RowOutcome> {
  const { llm, config } = ctx;
  const drawn = await drawIntent(row, pr, ctx);
  if ('type' in drawn) return drawn;
  const { intent, refused } = drawn;
  const told = { ...intent, meaning: INTENT_ACTIONS[intent.action] };
  const rendered = renderOrReject(config.prompt, { ...row.fields, intent: told }, () => turnInstruction(intent));
  if (typeof rendered !== 'string') return rendered;
  const history = row.fields.messages;
  const messages = toChatMessages(history, rendered, config.prompt_as);
  const outcome = await drawTurn(llm, { model: config.model, messages, history, gate: config, field: 'challenger' });
  const pointers = intent.pointers.map(({ message, start, end }) => ({ message, start, end }));
  const chosen = { action: intent.action, pointers, ...(refused.length === 0 ? {} : { refused }) };
  return withIntent(outcome, chosen);
}

function withIntent(outcome: RowOutcome, intent: JsonObject): RowOutcome {
  const lay = (set: JsonObject | undefined) => ({
    ...set,
    challenger: { ...(set?.['challenger'] as JsonObject), intent },
  });
  if (outcome.type === 'reject') return { ...outcome, set: lay(outcome.set) };
  return { ...outcome, emissions: outcome.emissions.map((emission) => ({ ...emission, set: lay(emission.set) })) };
}

async function audit(
  row: Row<ChallengerFields>,
  { key, real, decoys }: Shown,
  written: JsonObject & { readonly text: string },
  { llm, config }: Ctx,
): Promise<RowOutcome> {
  const audited = await auditAnswer(llm, {
    answer: written.text,
    history: row.fields.messages,
    hidden: real,
    decoys,
    control: config.control,
    fields: row.fields,
  });
  if ('type' in audited) return audited;
  const challenger = { ...written, leak: audited.leak, hidden: { pr_key: key, decoys } };
  return decideLeak(audited.verdict, config.leak_audit, { challenger });
}
