/** verdict: decides over all duels whether the challenger is accepted, and shows every number that the decision rests on. */

import { defineWhole, type Finding, type Reads } from '#contract/kind.ts';
import { Type } from '#contract/schema.ts';
import { JudgeEntriesSchema, OptionalNumber } from '#domain/row-schemas.ts';
import { clusterPath, type VerdictConfig, verdictConfig } from './config.ts';
import { runVerdict } from './run.ts';
import { VERDICT_EVIDENCE } from './to-evidence.ts';
import { VERDICT_FIELDS } from './to-fields.ts';

export const verdictKind = defineWhole({
  name: 'verdict',
  version: 4,
  summary: 'accepts or refuses a challenger over all its duels, with interval, power and what was lost',
  example: `verdict:
  kind: verdict
  from:
    from: duel
    panel: panel.evidence
    lost: [king.rejected, challenger.rejected, duel.rejected]
    tallies: [king.tally, challenger.tally, duel.tally]
  win_margin: 2
  min_parsed: 0.5`,
  config: verdictConfig,
  inputs: {
    from: { summary: 'duels with a score, or rows with two scores' },
    lost: { summary: 'rejected rows of king, challenger and judge: what never became a duel', optional: true },
    panel: { summary: 'evidence of a panel: judges that it excludes are left out', optional: true },
    tallies: { summary: 'tallies of the nodes that call models, for what deciding would cost', optional: true },
  },
  outputs: () => ({
    out: {
      summary: 'one row with the whole verdict',
      carries: 'own',
      adds: VERDICT_FIELDS,
    },
  }),
  evidence: VERDICT_EVIDENCE,
  reads: (config) => ({
    from: readsOfDuels(config),
    lost: { 'rejection.code': { schema: Type.String() } },
    panel: optional('name', 'slice', 'value', 'source'),
    tallies: optional('disposition', 'code', 'count', 'input', 'output'),
  }),
  check: checkConfig,
  run: runVerdict,
});

function optional(...names: readonly string[]): Reads {
  return Object.fromEntries(names.map((name) => [name, { schema: Type.Unknown(), optional: true }]));
}

function readsOfDuels(config: VerdictConfig): Reads {
  const cluster = clusterPath(config);
  const scores: Reads =
    config.king === undefined || config.challenger === undefined
      ? {
          score: { schema: OptionalNumber },
          parsed: { schema: Type.Boolean(), optional: true },
          judges: { schema: JudgeEntriesSchema, optional: true },
        }
      : { [config.king]: { schema: OptionalNumber }, [config.challenger]: { schema: OptionalNumber } };
  const named = cluster === null ? {} : { [cluster]: { schema: Type.Union([Type.String(), Type.Integer()]) } };
  return { ...scores, ...named };
}

function checkConfig({ king, challenger, range, unit, cluster }: VerdictConfig): Finding[] {
  const findings: Finding[] = [];
  if (cluster !== undefined && (unit === 'turn' || unit === 'vote')) {
    const message = `\`unit: ${unit}\` has no clusters, so \`cluster: ${cluster}\` cannot be kept to`;
    const hint = 'leave one of them out';
    findings.push({ severity: 'error', code: 'unit-without-clusters', message, path: ['cluster'], hint });
  }
  if (unit === 'vote' && king !== undefined) {
    const message = '`unit: vote` needs the choices of judges, not two numbers a row';
    findings.push({ severity: 'error', code: 'unit-without-votes', message, path: ['unit'], hint: 'use `unit: turn`' });
  }
  if ((king === undefined) !== (challenger === undefined)) {
    const [given, other] = king === undefined ? ['challenger', 'king'] : ['king', 'challenger'];
    const message = `\`${given}\` names a score, \`${other}\` does not`;
    const hint = 'name both fields, or none to read the `score` of a duel';
    findings.push({ severity: 'error', code: 'one-score', message, path: [given], hint });
  }
  if (range[0] >= range[1]) {
    const message = `\`range: [${range.join(', ')}]\` is empty`;
    findings.push({ severity: 'error', code: 'empty-range', message, path: ['range'] });
  }
  return findings;
}
