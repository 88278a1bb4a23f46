/** Puts one pair to some judges in every order, and waits for all of them: what was paid is then in the journal. */

import { Failure } from '#contract/failure.ts';
import type { Context, Provisional } from '#contract/kind.ts';
import type { ResolvedModel } from '#contract/services.ts';
import { type Order, toVerdict } from '#domain/duel/dimensions.ts';
import { type JudgeRequest, makeJudgeRequest } from '#domain/duel/judge-request.ts';
import { neutralise } from '#domain/duel/neutralise.ts';
import { parseJudgement } from '#domain/duel/parse-judgement.ts';
import type { JudgeEntry } from '#domain/duel/score.ts';
import { type JudgeConfig, rulesOf } from './config.ts';

export interface Pair {
  readonly candidate: string;
  readonly against: string;
}

/** What came of it; judges that did not answer have entries too. */
export interface Asked {
  /** Sorted by alias, so that the order of the panel changes no row. */
  readonly entries: readonly JudgeEntry[];
  readonly failures: readonly { readonly judge: string; readonly failure: Failure }[];
}

export function ordersOf(config: JudgeConfig): readonly Order[] {
  return rulesOf(config).orders === 'both' ? ['candidate-first', 'against-first'] : ['against-first'];
}

/** @throws what says nothing about a judge: a spent budget, a stopped run, a prompt that cannot be rendered */
export async function askJudges(
  judges: readonly ResolvedModel[],
  orders: readonly Order[],
  pair: Pair,
  history: string,
  ctx: Context<JudgeConfig>,
): Promise<Asked> {
  const requests = orders.map((order) => makeRequest(order, pair, history, ctx.config));
  const asks = [...judges]
    .sort((a, b) => (a.alias < b.alias ? -1 : 1))
    .flatMap((judge) => requests.map((request) => ({ judge, request })));
  const settled = await Promise.allSettled(asks.map(({ judge, request }) => askJudge(judge, request, ctx)));
  const failures: Asked['failures'][number][] = [];
  const entries = asks.map(({ judge, request }, at): JudgeEntry => {
    const outcome = settled[at];
    if (outcome?.status === 'fulfilled') return outcome.value;
    const failure: unknown = outcome?.reason;
    if (!(failure instanceof Failure) || !isOfJudge(failure)) throw failure;
    failures.push({ judge: judge.alias, failure });
    const base = { judge: judge.alias, order: request.order };
    return { ...base, status: 'failed', code: failure.code, choices: {}, quotes: {}, reason: '' };
  });
  return { entries, failures };
}

/** Whether a failure tells of the judge or its endpoint, not of the run. */
function isOfJudge({ code, scope }: Failure): boolean {
  return code.startsWith('llm-') && scope !== 'stopped' && scope !== 'budget';
}

/** A row that went on without a judge's answer; undefined where nothing is missing. */
export function toProvisional(failures: Asked['failures']): Provisional | undefined {
  const [first] = failures;
  if (first === undefined) return undefined;
  return { code: first.failure.code, reason: `the judge \`${first.judge}\` did not answer` };
}

interface OrderedRequest extends JudgeRequest {
  readonly order: Order;
}

function makeRequest(order: Order, pair: Pair, history: string, config: JudgeConfig): OrderedRequest {
  const candidate = neutralise(pair.candidate).text;
  const against = neutralise(pair.against).text;
  const request = makeJudgeRequest({
    history,
    first: order === 'candidate-first' ? candidate : against,
    second: order === 'candidate-first' ? against : candidate,
    seed: config.seed,
    dimensions: config.dimensions,
    prompt: config.prompt ?? null,
  });
  return { order, ...request };
}

async function askJudge(
  judge: ResolvedModel,
  { order, messages, schema, shown }: OrderedRequest,
  { config, llm }: Context<JudgeConfig>,
): Promise<JudgeEntry> {
  const { dimensions } = config;
  const answer = await llm.complete({ model: judge, messages, ...(config.structured ? { schema } : {}) });
  const { quotes } = rulesOf(config);
  const parsed = parseJudgement(answer.text, { dimensions, shown, quotes, finishReason: answer.finishReason });
  const base = {
    judge: judge.alias,
    order,
    ...(answer.standIn === undefined ? {} : { stand_in: answer.standIn }),
  };
  if (parsed.status === 'unparsed')
    return { ...base, status: 'unparsed', code: parsed.code, choices: {}, quotes: {}, reason: '' };
  const { judgement } = parsed;
  const choices = Object.fromEntries(
    Object.entries(judgement.choices).map(([name, choice]) => [
      name,
      choice === 'void' ? choice : toVerdict(choice, order),
    ]),
  );
  return { ...base, status: 'parsed', code: null, choices, quotes: judgement.quotes, reason: judgement.reason };
}
