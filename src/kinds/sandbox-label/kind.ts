/** sandbox-label: finds out whether a candidate passes its tests, by running it where it can neither escape nor lie. */

import { defineRow, type Finding, type Reads } from '#contract/kind.ts';
import type { SandboxUse } from '#contract/sandbox.ts';
import { Type } from '#contract/schema.ts';
import { LabelSchema } from '#domain/labels/label.ts';
import { backendFindings } from '#domain/sandbox-options.ts';
import { type LabelConfig, labelConfig, MEMBERS_OF, toTestsConfig } from './config.ts';

const Text = Type.Union([Type.String(), Type.Null()]);

export const sandboxLabelKind = defineRow()({
  name: 'sandbox-label',
  version: 1,
  summary: 'Runs each candidate against its tests in a sandbox and labels it pass, fail or unknown.',
  example: `labels:
  kind: sandbox-label
  from: candidates
  reference: reference
  tests: { type: script, field: test, entry: entry_point }`,
  config: labelConfig,
  inputs: { from: { summary: 'Candidates with their tests.' } },
  outputs: ({ as }) => ({
    out: {
      summary: 'Every candidate that could be run, labelled or `unknown`.',
      carries: 'carry',
      adds: { [as]: LabelSchema },
    },
  }),
  needs: ['sandbox'],
  reads: readsOf,
  check: checkConfig,
  run: async (input, ctx) => (await import('./run.ts')).runLabel(input, ctx),
});

function readsOf(config: LabelConfig): Reads {
  const { text, reference, language, language_field, files } = config;
  const tests = toTestsConfig(config);
  const texts = [text, language === undefined ? language_field : null];
  const optional = [reference ?? null];
  if (tests.type === 'cases' || tests.type === 'script') texts.push(tests.entry);
  if (tests.type === 'script') {
    texts.push(tests.field);
    optional.push(tests.setup);
  }
  const lists = tests.type === 'cases' || tests.type === 'stdio' ? [tests.field] : [];
  const given = (paths: readonly (string | null)[]) => paths.flatMap((path) => (path === null ? [] : [path]));
  return {
    ...Object.fromEntries(given(texts).map((path) => [path, { schema: Text }])),
    ...Object.fromEntries(given(optional).map((path) => [path, { schema: Text, optional: true }])),
    ...Object.fromEntries(lists.map((path) => [path, { schema: Type.Unknown() }])),
    ...(files === undefined ? {} : { [files]: { schema: Type.Unknown(), optional: true } }),
  };
}

function checkConfig({ tests, mode, hash_seeds, language, sandbox }: LabelConfig): Finding[] {
  const use: SandboxUse | undefined = tests.type === 'command' ? 'program' : language;
  // Where each row says its language, the row is told.
  const findings = use === undefined ? [] : backendFindings(sandbox, use);
  const error = (code: string, path: (string | number)[], message: string, hint: string): void => {
    findings.push({ severity: 'error', code, message, path, hint });
  };
  const members: readonly string[] = MEMBERS_OF[tests.type];
  for (const name of Object.keys(tests)) {
    if (name === 'type' || members.includes(name)) continue;
    error(
      'tests-member',
      ['tests', name],
      `\`${name}\` means nothing for tests of type ${tests.type}`,
      `they take ${members.join(', ')}`,
    );
  }
  if (tests.type === 'command' && (tests.argv === undefined || tests.path === undefined))
    error(
      'tests-member',
      ['tests'],
      'tests of type command need `argv` and `path`',
      'e.g. `argv: [python3, -m, unittest], path: solution.py`',
    );
  if (mode === 'split' && (tests.type === 'command' || (tests.type === 'script' && tests.entry === undefined))) {
    const message = 'these tests cannot be split from the candidate: they name no function to call';
    error(
      'tests-not-split',
      ['mode'],
      message,
      'name the field of the function under `tests.entry`, or leave `mode` out',
    );
  }
  if (hash_seeds.length === 1) {
    const message = 'one run cannot show that a candidate behaves differently each time';
    findings.push({ severity: 'warning', code: 'one-run', message, path: ['hash_seeds'] });
  }
  return findings;
}
