/** judge: a panel compares two answers of every row, pairwise, in both orders, on five dimensions. */

import { defineRow, type Facts, type Finding } from '#contract/kind.ts';
import { Type } from '#contract/schema.ts';
import { JUDGE_VARIABLES } from '#domain/duel/judge-request.ts';
import { describePower } from '#domain/duel/power-notes.ts';
import { PROBES } from '#domain/duel/probes.ts';
import { textPath } from '#domain/duel/text-path.ts';
import { estimateTokens, HISTORY_TOKENS, TURN_TOKENS } from '#domain/estimate-tokens.ts';
import { familiesByField, familiesOf } from '#domain/families.ts';
import { checkPrompt, parsePrompt } from '#domain/prompt.ts';
import { JudgeEntriesSchema, MessagesSchema, OptionalNumber, OptionalText } from '#domain/row-schemas.ts';
import { type JudgeConfig, type JudgeFields, judgeConfig, rulesOf } from './config.ts';
import { runJudge } from './run.ts';

/** Tokens of the built-in instruction with five questions. */
const INSTRUCTION_TOKENS = 700;
/** Five quotes, reasons and choices. */
const JUDGEMENT_TOKENS = 500;

export const judgeKind = defineRow<JudgeFields>()({
  name: 'judge',
  version: 3,
  summary: 'a panel of models compares two answers of every row, in both orders',
  example: `duel:
  kind: judge
  from: challenger
  against: king
  panel: [deepseek, qwen]`,
  config: judgeConfig,
  inputs: { from: { summary: 'rows with a history and two answers' } },
  outputs: (config) => ({
    out: {
      summary: 'every row that could be shown, with a score of 0 to 100 for the candidate, or null',
      carries: 'carry',
      adds: {
        score: OptionalNumber,
        parsed: Type.Boolean(),
        metrics: Type.Record(Type.String(), OptionalNumber),
        judges: JudgeEntriesSchema,
        flips: Type.Integer(),
        decided: OptionalText,
        ...(config.cascade === undefined ? {} : { doubts: Type.Array(Type.String()) }),
      },
    },
    probes: {
      summary: 'pairs with a known right answer and what each judge said to them; empty without `probes`',
      carries: 'own',
      adds: {
        probe: Type.Enum([...PROBES]),
        score: OptionalNumber,
        parsed: Type.Boolean(),
        right: Type.Record(Type.String(), Type.Union([Type.Boolean(), Type.Null()])),
        judges: JudgeEntriesSchema,
        changed: Type.String(),
        original: Type.String(),
      },
    },
  }),
  needs: ['llm'],
  reads: ({ candidate, against, probes }) => ({
    // Only a panel with probes looks at where a row comes from: it draws by it.
    ...(probes === undefined ? {} : { $key: { schema: Type.String() } }),
    messages: { schema: MessagesSchema },
    [textPath(candidate)]: { schema: OptionalText },
    [textPath(against)]: { schema: OptionalText },
  }),
  check: (config, inputs) => [
    ...checkPrompt(config.prompt, ['prompt']),
    ...checkVariables(config),
    ...checkPanel(config),
    ...checkCascade(config),
    ...checkSelfJudging(config, inputs),
  ],
  facts: (_, inputs) => inputs['from'] ?? {},
  estimate: (config, rows) => {
    const orders = rulesOf(config).orders === 'both' ? 2 : 1;
    const prompt = config.prompt === undefined ? INSTRUCTION_TOKENS : estimateTokens(config.prompt.text);
    const probed = probeCallsOf(config, rows, orders);
    return {
      calls: config.panel.map((model) => {
        const calls = rows * orders + probed;
        return {
          model,
          calls,
          inputTokens: calls * (HISTORY_TOKENS + 2 * TURN_TOKENS + prompt),
          outputTokens: calls * Math.min(model.sampling.max_tokens ?? JUDGEMENT_TOKENS, JUDGEMENT_TOKENS),
        };
      }),
      notes: [
        ...describePower(rows),
        ...(config.cascade === undefined
          ? []
          : ['cascade: the calls of later stages are the most there can be; what they save shows in the run']),
      ],
    };
  },
  run: runJudge,
});

function checkPanel({ panel, min_judges, compat, orders }: JudgeConfig): Finding[] {
  const findings: Finding[] = [];
  for (const [at, { alias }] of panel.entries()) {
    if (panel.findIndex((other) => other.alias === alias) === at) continue;
    const message = `\`${alias}\` sits on the panel twice`;
    const hint = 'give the second one an alias of its own under `models`';
    findings.push({ severity: 'error', code: 'judge-twice', message, path: ['panel', at], hint });
  }
  for (const [at, { alias, fallback = [] }] of panel.entries()) {
    const other = fallback.find((standIn) => panel.some((judge) => judge.alias === standIn.alias));
    if (other === undefined) continue;
    const message = `\`${other.alias}\` sits on the panel and stands in for \`${alias}\`: its opinion would count twice`;
    const hint = 'give one of them another fallback';
    findings.push({ severity: 'error', code: 'judge-twice', message, path: ['panel', at], hint });
  }
  if (min_judges !== undefined && min_judges > panel.length) {
    const message = `\`min_judges: ${min_judges}\` is more than the ${panel.length} on the panel`;
    findings.push({ severity: 'error', code: 'min-judges-above-panel', message, path: ['min_judges'] });
  }
  if (compat === undefined && orders === 'single') {
    const message =
      'one fixed order lets a preference for a position decide: it accepted 87 to 93 % of null duels in simulation';
    findings.push({ severity: 'warning', code: 'single-order', message, path: ['orders'], hint: 'use `orders: both`' });
  }
  return findings;
}

/** Calls of one judge. */
function probeCallsOf({ probes }: JudgeConfig, rows: number, orders: number): number {
  if (probes === undefined) return 0;
  const asked = probes.sorts.reduce((sum, sort) => sum + (sort === 'identical' ? 1 : orders), 0);
  return Math.ceil(rows * probes.share * asked);
}

function checkCascade({ cascade, panel, compat }: JudgeConfig): Finding[] {
  if (cascade === undefined) return [];
  const findings: Finding[] = [];
  const report = (code: string, message: string, path: Finding['path'], hint: string) =>
    findings.push({ severity: 'error', code, message, path: ['cascade', ...path], hint });
  const aliases = panel.map(({ alias }) => alias);
  const seen = new Set<string>();
  for (const [stage, members] of cascade.stages.entries())
    for (const [at, alias] of members.entries()) {
      const path = ['stages', stage, at];
      if (!aliases.includes(alias))
        report('cascade-unknown-judge', `\`${alias}\` is not on the panel`, path, `the panel is ${aliases.join(', ')}`);
      else if (seen.has(alias))
        report('cascade-judge-twice', `\`${alias}\` stands in the cascade twice`, path, 'ask each judge once');
      seen.add(alias);
    }
  const left = aliases.filter((alias) => !seen.has(alias));
  if (left.length > 0)
    report(
      'cascade-judge-missing',
      `no stage asks \`${left.join('`, `')}\``,
      ['stages'],
      'add a stage, or take it off the panel',
    );
  if (compat !== undefined)
    report(
      'cascade-with-compat',
      'the earlier pipeline asks every judge of every row',
      [],
      'take `cascade` or `compat` out',
    );
  return findings;
}

function checkVariables({ prompt }: JudgeConfig): Finding[] {
  if (prompt === undefined || checkPrompt(prompt, []).length > 0) return [];
  return parsePrompt(prompt)
    .variables.filter(({ root }) => !JUDGE_VARIABLES.includes(root))
    .map(({ path, file, line, column }) => ({
      severity: 'error',
      code: 'prompt-unknown-field',
      message: `${file}:${line}:${column}: \`${path}\` is not offered to a judge's prompt`,
      path: ['prompt'],
      hint: `it offers ${JUDGE_VARIABLES.join(', ')}`,
    }));
}

function checkSelfJudging(config: JudgeConfig, inputs: { readonly [input: string]: Facts }): Finding[] {
  if (config.allow_self_judging) return [];
  const families = familiesByField(inputs['from'] ?? {});
  return [config.candidate, config.against].flatMap((path) => {
    const field = path.split('.')[0] ?? '';
    return config.panel.flatMap((model, at): Finding[] => {
      const family = familiesOf(model).find((name) => (families[field] ?? []).includes(name));
      if (family === undefined) return [];
      return [
        {
          severity: 'error',
          code: 'self-judging',
          message: `the judge \`${model.alias}\` ${family === familiesOf(model)[0] ? 'is' : 'has a fallback'} of the family \`${family}\`, which wrote \`${field}\``,
          path: ['panel', at],
          hint: 'take a judge of another family, or say `allow_self_judging: true`',
        },
      ];
    });
  });
}
