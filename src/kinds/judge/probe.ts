/** The probes of a row: which it is drawn for, what every judge of the panel says to them, and their rows. */

import type { Context, Emission } from '#contract/kind.ts';
import { isDrawn, isProbeRight, makeProbeText } from '#domain/duel/probes.ts';
import { scoreByJudge, scoreTurn } from '#domain/duel/score.ts';
import { type Asked, askJudges, ordersOf } from './ask.ts';
import { type JudgeConfig, rulesOf } from './config.ts';

export interface AskedProbes {
  readonly emissions: readonly Emission[];
  readonly failures: Asked['failures'];
}

/**
 * All judges are asked, whatever the cascade. The same text twice is asked in one order: the other order is the very same request.
 * @param text the turn that the probes are made of
 */
export async function askProbes(
  text: string,
  history: string,
  key: string,
  ctx: Context<JudgeConfig>,
): Promise<AskedProbes> {
  const { probes, seed, panel, dimensions } = ctx.config;
  if (probes === undefined) return { emissions: [], failures: [] };
  const drawn = probes.sorts.filter((probe) => isDrawn(probe, key, { share: probes.share, seed })).sort();
  const settled = await Promise.allSettled(
    drawn.map((probe) => {
      const orders = probe === 'identical' ? (['candidate-first'] as const) : ordersOf(ctx.config);
      return askJudges(panel, orders, { candidate: makeProbeText(probe, text), against: text }, history, ctx);
    }),
  );
  const emissions: Emission[] = [];
  const failures: Asked['failures'][number][] = [];
  for (const [at, outcome] of settled.entries()) {
    const probe = drawn[at];
    if (outcome.status === 'rejected') throw outcome.reason;
    if (probe === undefined) continue;
    const { entries } = outcome.value;
    failures.push(...outcome.value.failures);
    const judges = [...scoreByJudge(entries).keys()];
    const right = judges.map((judge) => {
      const own = entries.filter((entry) => entry.judge === judge);
      return [judge, isProbeRight(probe, own)] as const;
    });
    const { score, parsed } = scoreTurn(entries, dimensions, rulesOf(ctx.config).minJudges(judges.length));
    const set = {
      probe,
      score,
      parsed,
      right: Object.fromEntries(right),
      judges: entries.map((entry) => ({ ...entry })),
      changed: makeProbeText(probe, text),
      original: text,
    };
    emissions.push({ port: 'probes', suffix: `probe/${probe}`, set });
  }
  return { emissions, failures };
}
