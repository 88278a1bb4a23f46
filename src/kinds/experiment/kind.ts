/** experiment: runs real training code and believes only what it proves. */

import { defineRow, defineSource, type Finding, type Kind, type Reads } from '#contract/kind.ts';
import { Type } from '#contract/schema.ts';
import { ExperimentSchema } from '#domain/experiment/experiment-row.ts';
import { backendFindings } from '#domain/sandbox-options.ts';
import { type ExperimentConfig, experimentConfig } from './config.ts';

const shared = {
  name: 'experiment',
  version: 2,
  summary:
    'Runs ML experiment code without network and reads its metrics; made-up data, stale results and lies are refused.',
  example: `results:
  kind: experiment
  program: train.py
  datasets: { digits: data/digits }
  expect: { conditions: [plain, augmented], seeds: [0, 1], metrics: [accuracy] }
  time_budget_s: 120`,
  config: experimentConfig,
  needs: ['sandbox'] as const,
};

const out = (config: ExperimentConfig, carries: 'carry' | 'own') => ({
  out: {
    summary: 'What every experiment came to: completed, partial or failed.',
    carries,
    adds: { [config.as]: ExperimentSchema },
  },
});

const rows = defineRow()({
  ...shared,
  inputs: { from: { summary: 'Experiments, each with its code or its parameters.' } },
  outputs: (config) => out(config, 'carry'),
  reads: readsOf,
  check: checkConfig,
  open: async (ctx) => (await import('./run.ts')).openExperiments(ctx),
  run: () => {
    throw new Error('an experiment runs through its session');
  },
});

const source = defineSource({
  ...shared,
  inputs: {},
  outputs: (config) => out(config, 'own'),
  check: checkConfig,
  run: async function* (ctx) {
    yield* (await import('./run.ts')).runOnce(ctx);
  },
});

/** With `from` an experiment a row, without it one. */
export const experimentKind: Kind = { ...rows, variant: (_config, wired) => (wired.from ? rows : source) };

function readsOf({ program, code, files_field, params_field }: ExperimentConfig): Reads {
  return {
    ...(program === undefined ? { [code]: { schema: Type.Union([Type.String(), Type.Null()]) } } : {}),
    ...(files_field === undefined ? {} : { [files_field]: { schema: Type.Unknown(), optional: true } }),
    ...(params_field === undefined ? {} : { [params_field]: { schema: Type.Unknown() } }),
  };
}

function checkConfig({ datasets, evidence, program, files_field, params_field, sandbox }: ExperimentConfig): Finding[] {
  const mounts = Object.keys(datasets).length > 0;
  const findings = backendFindings(sandbox, 'program', { mounts, evidence: mounts && evidence === 'required' });
  if (
    !mounts &&
    evidence === 'required' &&
    program !== undefined &&
    files_field === undefined &&
    params_field === undefined
  )
    findings.push({
      severity: 'warning',
      code: 'no-datasets',
      message: 'no datasets are declared, so nothing can show that real data was used',
      path: ['datasets'],
      hint: 'name them under `datasets`, or say `evidence: off`',
    });
  return findings;
}
