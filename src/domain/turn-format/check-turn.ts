/** The format gate: everything a turn must be before anybody judges what it says, each rule with its own code and place. */

import { findControlToken } from './control-tokens.ts';
import { type Fence, findFences } from './fences.ts';
import { DEFAULT_FENCE, parseTurn, type Turn } from './parse-turn.ts';

/** In the order in which they are tried; the first that fails is the reason. */
export const TURN_CHECKS = [
  'not-empty',
  'not-truncated',
  'size',
  'control-tokens',
  'fence',
  'thought',
  'thought-word',
  'command',
  'not-repeated',
  'shell',
] as const;

export type TurnCheck = (typeof TURN_CHECKS)[number];

export const TURN_PRESETS = {
  /** The earlier pipeline's single test: some closed command block is there. */
  legacy: ['any-fence'],
  /** What the real harness accepts: exactly one closed command block. Agreed on 20,163 of 20,163 real turns. */
  harness: ['fence'],
  /** The harness rule and every sign of a broken generation, but no rule of style. */
  strict: ['not-empty', 'not-truncated', 'size', 'control-tokens', 'fence', 'thought', 'command', 'not-repeated'],
} as const satisfies { readonly [name: string]: readonly (TurnCheck | 'any-fence')[] };

export type TurnRejectCode =
  | 'turn-empty'
  | 'turn-truncated'
  | 'turn-too-long'
  | 'control-token'
  | 'fence-missing'
  | 'fence-unclosed'
  | 'fence-many'
  | 'thought-missing'
  | 'thought-word-missing'
  | 'command-empty'
  | 'command-repeated'
  | 'shell-syntax';

export interface TurnCheckOptions {
  /** Names of checks; default the preset `harness`. `shell` is only tried by `checkTurnAndShell`. */
  readonly checks?: readonly (TurnCheck | 'any-fence')[];
  /** As the endpoint reported it; only `stop`, `tool_calls` and null count as a whole answer. */
  readonly finishReason?: string | null;
  /** The command of the assistant turn before this one. */
  readonly previousCommand?: string | null;
  /** In characters (UTF-16 units); default 20,000. */
  readonly maxChars?: number;
  /** Label of the command fence; default `bash`. */
  readonly fence?: string;
}

export type TurnVerdict =
  | { readonly ok: true; readonly turn: Turn }
  | {
      readonly ok: false;
      readonly code: TurnRejectCode;
      readonly reason: string;
      /** Bytes (UTF-8) from the start of the text to the place of the trouble. */
      readonly offset: number;
      readonly turn: Turn;
    };

export const DEFAULT_MAX_CHARS = 20_000;

interface Trouble {
  readonly code: TurnRejectCode;
  readonly reason: string;
  /** UTF-16 offset. */
  readonly at: number;
}

/** Linear in the length of the text, whatever it holds. */
export function checkTurn(text: string, options: TurnCheckOptions = {}): TurnVerdict {
  const label = options.fence ?? DEFAULT_FENCE;
  const checks = new Set(options.checks ?? TURN_PRESETS.harness);
  const fences = findFences(text, label);
  const turn = parseTurn(text, label);
  const trouble =
    (checks.has('not-empty') && checkEmpty(text)) ||
    (checks.has('not-truncated') && checkFinish(text, options.finishReason ?? null)) ||
    (checks.has('size') && checkSize(text, options.maxChars ?? DEFAULT_MAX_CHARS)) ||
    (checks.has('control-tokens') && checkControlTokens(text)) ||
    (checks.has('fence') && checkFence(text, fences, label, 1)) ||
    (checks.has('any-fence') && checkFence(text, fences, label, Number.POSITIVE_INFINITY)) ||
    (checks.has('thought') && checkThought(turn)) ||
    (checks.has('thought-word') && checkThoughtWord(text, fences)) ||
    (checks.has('command') && checkCommand(fences)) ||
    (checks.has('not-repeated') && checkRepeat(fences, options.previousCommand ?? null)) ||
    null;
  if (trouble === null) return { ok: true, turn };
  const offset = Buffer.byteLength(text.slice(0, trouble.at));
  return { ok: false, code: trouble.code, reason: trouble.reason, offset, turn };
}

function checkEmpty(text: string): Trouble | null {
  return text.trim() === '' ? { code: 'turn-empty', reason: 'the turn holds no text', at: 0 } : null;
}

function checkFinish(text: string, finishReason: string | null): Trouble | null {
  if (finishReason === null || finishReason === 'stop' || finishReason === 'tool_calls') return null;
  return { code: 'turn-truncated', reason: `the answer ended by \`${finishReason}\``, at: text.length };
}

function checkSize(text: string, maxChars: number): Trouble | null {
  if (text.length <= maxChars) return null;
  return { code: 'turn-too-long', reason: `${text.length} characters, ${maxChars} allowed`, at: maxChars };
}

function checkControlTokens(text: string): Trouble | null {
  const found = findControlToken(text);
  return found && { code: 'control-token', reason: `holds the control token \`${found.token}\``, at: found.start };
}

function checkFence(text: string, fences: readonly Fence[], label: string, most: number): Trouble | null {
  const shown = `\`\`\`${label}`;
  if (fences.length === 0) {
    const open = text.indexOf(shown);
    if (open === -1) return { code: 'fence-missing', reason: `no ${shown} block`, at: text.length };
    return { code: 'fence-unclosed', reason: `the ${shown} block never closes`, at: open };
  }
  if (fences.length <= most) return null;
  const at = fences[most]?.start ?? text.length;
  return { code: 'fence-many', reason: `${fences.length} ${shown} blocks, exactly one is allowed`, at };
}

function checkThought(turn: Turn): Trouble | null {
  return turn.thought === '' ? { code: 'thought-missing', reason: 'nothing stands before the command', at: 0 } : null;
}

function checkThoughtWord(text: string, fences: readonly Fence[]): Trouble | null {
  if (text.slice(0, fences[0]?.start ?? text.length).includes('THOUGHT')) return null;
  return { code: 'thought-word-missing', reason: 'the word THOUGHT does not stand before the command', at: 0 };
}

function checkCommand(fences: readonly Fence[]): Trouble | null {
  const empty = fences.find(({ body }) => body.trim() === '');
  return empty === undefined ? null : { code: 'command-empty', reason: 'the command block is empty', at: empty.start };
}

function checkRepeat(fences: readonly Fence[], previousCommand: string | null): Trouble | null {
  const [only, second] = fences;
  if (only === undefined || second !== undefined || previousCommand === null) return null;
  if (only.body.trim() !== previousCommand.trim()) return null;
  return { code: 'command-repeated', reason: 'the command of the previous turn again', at: only.start };
}
