/** panel: what the judges of a duel are worth, measured on what they said, and which of them to leave out. */

import { defineWhole } from '#contract/kind.ts';
import { Type } from '#contract/schema.ts';
import { PROBES } from '#domain/duel/probes.ts';
import { textPath } from '#domain/duel/text-path.ts';
import { IntervalSchema, JudgeEntriesSchema, OptionalNumber, OptionalText } from '#domain/row-schemas.ts';
import { panelConfig } from './config.ts';
import { runPanel } from './run.ts';

const Share = Type.Union([
  Type.Object({ value: Type.Number(), n: Type.Integer(), interval: IntervalSchema }),
  Type.Null(),
]);
const Margin = Type.Union([
  Type.Object({ mean: Type.Number(), n: Type.Integer(), interval: IntervalSchema }),
  Type.Null(),
]);

export const panelKind = defineWhole({
  name: 'panel',
  version: 4,
  summary: 'measures the judges of a duel, names what is wrong with each and which to leave out',
  example: `panel:
  kind: panel
  from: { from: duel, probes: duel.probes }`,
  config: panelConfig,
  inputs: {
    from: { summary: 'judged duels' },
    probes: { summary: 'probes of the same judge nodes: pairs with a known right answer', optional: true },
  },
  outputs: () => ({
    out: {
      summary: 'one row a judge',
      carries: 'own',
      adds: {
        judge: Type.String(),
        status: Type.Enum(['kept', 'excluded']),
        reason: Type.String(),
        findings: Type.Array(Type.String()),
        rows: Type.Integer(),
        answers: Type.Integer(),
        stand_ins: Type.Optional(Type.Record(Type.String(), Share)),
        score: OptionalNumber,
        failed: Share,
        unparsed: Share,
        unquoted: Share,
        position_consistency: Share,
        flips: Share,
        first: Share,
        longer: Share,
        sensitivity: Share,
        specificity: Share,
        probes: Type.Record(Type.String(), Share),
        without: Margin,
      },
    },
  }),
  evidence: [
    'judges',
    'judges_kept',
    'drop',
    'effective_votes',
    'mean_correlation',
    'position_consistency',
    'margin_all',
    'margin_kept',
  ],
  reads: ({ candidate, against, cluster }) => ({
    from: {
      judges: { schema: JudgeEntriesSchema },
      score: { schema: OptionalNumber },
      [textPath(candidate)]: { schema: OptionalText },
      [textPath(against)]: { schema: OptionalText },
      [cluster]: { schema: Type.Union([Type.String(), Type.Integer()]), optional: true },
    },
    probes: { probe: { schema: Type.Enum([...PROBES]) }, judges: { schema: JudgeEntriesSchema } },
  }),
  run: runPanel,
});
