/** Mistakes in a challenger's config that its schema cannot see. */

import type { Finding } from '#contract/kind.ts';
import type { FileContent } from '#contract/schema.ts';
import { checkPrompt, parsePrompt } from '#domain/prompt.ts';
import type { ChallengerConfig } from './config.ts';

/** @param offered what the lookup `pr` may hold */
export function checkChallenger(config: ChallengerConfig, offered: readonly string[]): Finding[] {
  const prompts = [
    { file: config.prompt, path: ['prompt'] },
    { file: config.intent_prompt, path: ['intent_prompt'] },
    { file: config.control?.prompt, path: ['control', 'prompt'] },
  ];
  const mistakes = prompts.flatMap(({ file, path }) => checkPrompt(file, path));
  if (mistakes.length > 0) return mistakes;
  return [
    ...prompts.flatMap(({ file, path }) => unknownParts(file, path, offered)),
    ...blindness(config),
    ...idle(config),
  ];
}

function unknownParts(file: FileContent | undefined, path: readonly string[], offered: readonly string[]): Finding[] {
  if (file === undefined) return [];
  return parsePrompt(file)
    .variables.filter(({ root }) => root === 'pr')
    .filter(({ path: variable }) => !offered.includes(variable.split('.')[1] ?? ''))
    .map(({ path: variable, file: name, line, column }) => ({
      severity: 'error',
      code: 'prompt-unknown-field',
      message: `${name}:${line}:${column}: \`${variable}\` is not offered by the lookup pr`,
      path,
      hint: `it offers ${offered.join(', ')}`,
    }));
}

/** Prompts of writers that must not see the pull request. */
function blindness({ mode, prompt, control }: ChallengerConfig): Finding[] {
  const blind = [
    { file: mode === 'two-stage' ? prompt : undefined, path: ['prompt'] },
    { file: control?.prompt, path: ['control', 'prompt'] },
  ];
  return blind.flatMap(({ file, path }): Finding[] => {
    const shown = file === undefined ? undefined : parsePrompt(file).variables.find(({ root }) => root === 'pr');
    if (shown === undefined) return [];
    const message = `${shown.file}:${shown.line}:${shown.column}: the writer of this prompt must not see the pull request`;
    const hint = 'take `pr` out of it; with `mode: two-stage` it belongs into `intent_prompt`';
    return [{ severity: 'error', code: 'prompt-shows-pull-request', message, path, hint }];
  });
}

function idle(config: ChallengerConfig): Finding[] {
  const findings: Finding[] = [];
  const without = (name: string, needs: string) =>
    findings.push({
      severity: 'warning',
      code: 'config-without-effect',
      message: `\`${name}\` does nothing without \`${needs}\``,
      path: [name],
    });
  if (config.mode !== 'two-stage') {
    if (config.intent_prompt !== undefined) without('intent_prompt', 'mode: two-stage');
    if (config.intent_model !== undefined) without('intent_model', 'mode: two-stage');
  }
  if (config.leak_audit === 'off') {
    if (config.control !== undefined) without('control', 'leak_audit');
    if (config.canaries !== undefined) without('canaries', 'leak_audit');
  }
  return findings;
}
