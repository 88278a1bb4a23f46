/** The built-in prompts of king and challenger, used where the manifest names no file. */

import { INTENT_ACTIONS, type Intent, MOST_POINTERS } from './intent.ts';

const FORM = `Write the agent's next turn for this session, and nothing else: your reasoning about the current state first, then exactly one command in one \`\`\`bash block. If the session demands a particular form, keep to it. Do not repeat the previous command. Do not invent output.`;

export const KING_INSTRUCTION = FORM;

/** Laid out by code rather than by a template, so that a missing part is left out with its heading. */
function shownParts(pr: { readonly [part: string]: unknown }): string {
  const parts = [
    ['Problem statement', 'problem_statement'],
    ['Description', 'description'],
    ['Hints', 'hints_text'],
    ['Patch', 'patch'],
    ['Test patch', 'test_patch'],
  ] as const;
  const shown = parts.flatMap(([heading, field]) => {
    const text = pr[field];
    return typeof text === 'string' && text.trim() !== '' ? [`## ${heading}\n${text.trim()}`] : [];
  });
  return shown.join('\n\n');
}

export function challengerInstruction(pr: { readonly [part: string]: unknown }): string {
  return `You are told privately what the session's agent cannot know: the pull request that resolved this task.

<private>
${shownParts(pr)}
</private>

${FORM}

Use the pull request only to choose well between steps that an honest agent could take now. Your turn must be one that this agent could have written from the session alone: name no file, symbol, line or value that the session has not shown, look before you edit, and never mention the pull request, a solution, or that you know anything.`;
}

/** Stage A of two: sees the pull request, and may answer with an action and quotes only. */
export function intentInstruction(pr: { readonly [part: string]: unknown }): string {
  return `You are told privately what the session's agent cannot know: the pull request that resolved this task.

<private>
${shownParts(pr)}
</private>

Say what this agent's next turn should do: the step, among those open to somebody who knows only the session, that leads on best. Another writer, who has not seen the pull request, will write the turn from your choice.

Answer with one JSON object and nothing else: {"action": one of the words below, "quotes": up to ${MOST_POINTERS} pieces copied exactly from the session, which the turn should be about}.

${actionList()}

Quotes must stand in the session word for word. Anything else is refused.`;
}

/** Stage B: knows the session and the choice. */
export function turnInstruction({ action, pointers }: Intent): string {
  const about = pointers.map(({ message, text }) => `- in message ${message + 1}: ${JSON.stringify(text)}`);
  const pointed = about.length === 0 ? '' : ` It should be about what the session shows here:\n${about.join('\n')}\n`;
  return `${FORM}\n\nThe turn should ${INTENT_ACTIONS[action]}.${pointed}`;
}

export const actionList = () =>
  Object.entries(INTENT_ACTIONS)
    .map(([action, meaning]) => `- ${action}: ${meaning}`)
    .join('\n');
