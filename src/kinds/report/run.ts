/** Reads what is wired, in the order in which one part needs another, and writes both forms of the report. */

import type { ClosedInput, WholeContext, WholeItem } from '#contract/kind.ts';
import type { ReportConfig } from './config.ts';
import { tallyDuels } from './duel-tally.ts';
import type { BucketFacts, DuelFacts, ReportFacts, RowsFacts } from './facts.ts';
import { stagesFromLosses, stagesFromTallies, tallyLosses } from './losses.ts';
import { toMarkdown } from './markdown.ts';
import { tallyRows } from './rows-tally.ts';
import { toPage } from './to-page.ts';
import { readMeasured, withWorth } from './verdict-facts.ts';

export async function* runReport(ctx: WholeContext<ReportConfig>): AsyncGenerator<WholeItem> {
  const { inputs, config } = ctx;
  const { max_rows: maxRows = 20_000, max_bytes: maxBytes = 16_000_000, examples = 3 } = config;
  const measured = await readMeasured([inputs['verdict'], inputs['evidence']]);
  const { buckets, byKey } = await readBuckets(inputs['buckets'], maxRows);
  const losses = await tallyLosses(inputs['lost'], examples);
  const from = inputs['from'];
  const duelInput = inputs['duels'] ?? (from !== undefined && (await holdsDuels(from)) ? from : undefined);
  let duels: DuelFacts | null = null;
  let rows: RowsFacts | null = null;
  if (duelInput !== undefined) duels = await tallyDuels(duelInput, { maxRows, maxBytes, buckets: byKey });
  if (from !== undefined && from !== duelInput) rows = await tallyRows(from, maxRows, maxBytes);
  const stages =
    inputs['tallies'] === undefined
      ? stagesFromLosses(losses, duels?.count ?? rows?.count ?? 0)
      : await stagesFromTallies(inputs['tallies']);
  const facts: ReportFacts = {
    title: config.title ?? (duels === null ? 'Rows' : 'Duels'),
    partial: ctx.partial,
    ...measured,
    stages,
    losses,
    buckets,
    duels: duels === null ? null : { ...duels, judges: withWorth(duels.judges, measured.evidence) },
    // One table a page: with duels, other rows are counted in the stages only.
    rows: duels === null ? rows : null,
  };
  yield { type: 'file', path: 'report.md', content: toMarkdown(facts) };
  yield { type: 'file', path: 'report.html', content: await toPage(facts) };
}

/** Buckets in the order of their ports, and the bucket of each row that the table can hold. */
async function readBuckets(
  input: ClosedInput | undefined,
  limit: number,
): Promise<{ buckets: BucketFacts[]; byKey: Map<string, string> }> {
  const counts = new Map<string, number>();
  const byKey = new Map<string, string>();
  for (const port of input?.ports ?? []) {
    if (port.port !== 'out') counts.set(port.port, counts.get(port.port) ?? 0);
    for await (const { key, fields } of port.rows()) {
      const name = typeof fields['bucket'] === 'string' ? fields['bucket'] : port.port;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (byKey.size < limit) byKey.set(key, name);
    }
  }
  return { buckets: [...counts].map(([name, count]) => ({ name, count })), byKey };
}

async function holdsDuels(input: ClosedInput): Promise<boolean> {
  for await (const { fields } of input.rows()) return 'score' in fields && Array.isArray(fields['judges']);
  return false;
}
