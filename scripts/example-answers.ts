/** Answers of the example's models as a function of the request: finds the turn that is asked about and says what its script says. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { DIMENSIONS, type Dimension } from '#domain/duel/dimensions.ts';
import { neutralise } from '#domain/duel/neutralise.ts';
import { parseTurn } from '#domain/turn-format/parse-turn.ts';
import type { Answerer, ServedAnswer, ServedRequest } from '#rig/llm-server.ts';

const SCRIPTS = fileURLToPath(new URL('./example-answers/', import.meta.url));

/** See scripts/example-answers/README.md. */
interface Answer {
  readonly thought?: string;
  readonly run?: string;
  readonly times?: number;
  readonly repeat?: 'previous';
  readonly text?: string;
  readonly finish?: string;
}

/** Five letters, or an answer that cannot be read. */
type Judgement = string | { readonly prose?: string; readonly cut?: boolean };

interface Turn {
  readonly king: Answer;
  readonly challenger: Answer;
  readonly judges?: { readonly [judge: string]: Judgement };
  readonly why?: { readonly c?: string; readonly k?: string };
  readonly mode1?: string;
  /** The challenger knows what no blind writer would come to; all others come to it now and then. */
  readonly leaks?: boolean;
}

interface Task {
  /** The message that opens the session; no two are alike. */
  readonly opening: string;
  readonly references: readonly string[];
  readonly turns: readonly Turn[];
}

const LEVEL = 'ddddd';

export function makeExampleAnswers(example: string): Answerer {
  const tasks = loadTasks(example);
  return (request) => {
    const text = request.body.messages.map(({ content }) => content).join('\n');
    const task = tasks.find(({ opening }) => text.includes(opening));
    if (task === undefined) throw new Error('a request about no known session');
    if (/kimi/i.test(request.body.model)) return write(task, request, text.includes('<private>'));
    return judge(task, request, text);
  };
}

function loadTasks(example: string): Task[] {
  const lines = readFileSync(join(example, 'data/trajectories.jsonl'), 'utf8').split('\n').filter(Boolean);
  return lines.flatMap((line) => {
    const { instance_id, messages } = JSON.parse(line);
    const script = readScript(instance_id);
    if (script === null) return [];
    const references = messages
      .filter(({ role }: { role: string }) => role === 'assistant')
      .map(({ content }: { content: string }) => content);
    if (references.length !== script.turns.length)
      throw new Error(`${instance_id} has ${references.length} turns, its script ${script.turns.length}`);
    return [{ opening: messages[1].content, references, turns: script.turns }];
  });
}

/** Null for sessions that have no usable pull request and are therefore never asked about. */
function readScript(instance: string): { readonly turns: readonly Turn[] } | null {
  try {
    return parse(readFileSync(join(SCRIPTS, `${instance}.yaml`), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

// ---- king and challenger ----------------------------------------------------------------------------------------

/** The first answer to the king's request is the king's; the later ones are the blind control of the leak audit. */
function write(task: Task, { body, repeat }: ServedRequest, isChallenger: boolean): ServedAnswer {
  const at = body.messages.filter(({ role }) => role === 'assistant').length;
  const turn = turnAt(task, at);
  const answer = isChallenger || (repeat > 0 && turn.leaks !== true) ? turn.challenger : turn.king;
  return { text: textOf(answer, task, at), finishReason: answer.finish ?? 'stop' };
}

function turnAt(task: Task, at: number): Turn {
  const turn = task.turns[at];
  if (turn === undefined) throw new Error(`no script for turn ${at} of ${task.opening.slice(0, 60)}`);
  return turn;
}

function textOf({ thought = '', run = '', text, times = 1, repeat }: Answer, task: Task, at: number): string {
  if (text !== undefined) return text.trimEnd();
  const command = repeat === undefined ? run.trimEnd() : parseTurn(task.references[at - 1] ?? '').command;
  const lines = Array.from({ length: times }, () => command).join('\n');
  return `THOUGHT: ${thought.trim()}\n\n\`\`\`bash\n${lines}\n\`\`\``;
}

// ---- judges -----------------------------------------------------------------------------------------------------

function judge(task: Task, { body }: ServedRequest, text: string): ServedAnswer {
  const shown = [blockOf(text, 'ANSWER 1'), blockOf(text, 'ANSWER 2')] as const;
  const at = [...blockOf(text, 'SESSION').matchAll(/^\[message \d+, assistant\]$/gm)].length;
  const turn = turnAt(task, at);
  const calm = (answer: string) => neutralise(answer).text;
  const challenger = calm(textOf(turn.challenger, task, at));
  if (!shown.includes(challenger)) throw new Error('neither answer is the challenger');
  const seat = shown[0] === challenger ? 0 : 1;
  const isKing = shown[1 - seat] === calm(textOf(turn.king, task, at));
  const name = /deepseek/i.test(body.model) ? 'deepseek' : /qwen/i.test(body.model) ? 'qwen' : 'glm';
  // Unscripted are duels in which one answer fails the gate of the example, but not the one of its profile compat.
  const judgement = (isKing ? turn.judges?.[name] : turn.mode1) ?? LEVEL;
  if (typeof judgement === 'string') return { text: verdict(judgement, seat, shown, body, isKing ? turn.why : {}) };
  if (judgement.cut !== true) return { text: (judgement.prose ?? '').trimEnd() };
  const whole = verdict(LEVEL, seat, shown, body, {});
  return { text: whole.slice(0, whole.length / 2), finishReason: 'length' };
}

function blockOf(text: string, name: string): string {
  const match = new RegExp(`=== ${name} (\\w+) BEGIN ===\\n([\\s\\S]*?)\\n=== ${name} \\1 END ===`).exec(text);
  if (match?.[2] === undefined) throw new Error(`the request holds no ${name}`);
  return match[2];
}

/** @param seat where the challenger stands: 0 first, 1 second */
function verdict(
  letters: string,
  seat: 0 | 1,
  shown: readonly [string, string],
  body: ServedRequest['body'],
  why: Turn['why'] = {},
): string {
  const entries = orderOf(body).map((name) => {
    const letter = letters[DIMENSIONS.indexOf(name)] ?? 'd';
    if (letter === 'd') return [name, { quote: '', reason: LEVEL_REASONS[name], choice: 'draw' }];
    const chosen = letter === '1' ? 0 : letter === '2' ? 1 : letter === 'k' ? 1 - seat : seat;
    const own = name === 'correctness' ? (chosen === seat ? why.c : why.k) : undefined;
    const quote = letter === 'x' ? 'I would ask the maintainers first.' : quoteFor(name, shown[chosen] ?? '');
    const reason = `Answer ${chosen + 1} ${own ?? REASONS[name]}.`;
    return [name, { quote, reason, choice: chosen === 0 ? 'first' : 'second' }];
  });
  return JSON.stringify(Object.fromEntries(entries), null, 1);
}

/** The order of asking, as the schema of the request gives it. */
function orderOf(body: ServedRequest['body']): readonly Dimension[] {
  const format = body['response_format'] as { json_schema?: { schema?: { properties?: object } } } | undefined;
  const names = Object.keys(format?.json_schema?.schema?.properties ?? {}) as Dimension[];
  return names.length === DIMENSIONS.length ? names : DIMENSIONS;
}

/** A line of the thought for what rests on words, else the first line of the command. */
function quoteFor(dimension: Dimension, answer: string): string {
  const { command } = parseTurn(answer);
  const first = (text: string) => text.split('\n').find((line) => line.trim() !== '') ?? '';
  if (dimension === 'grounding' || command === null) return first(answer).slice(0, 120).trim();
  return first(command).slice(0, 120).trim();
}

const REASONS: { readonly [dimension in Dimension]: string } = {
  correctness: 'is the right step in this state',
  grounding: 'says nothing that the output does not show',
  progress: 'leaves the session with more than it had',
  protocol: 'keeps to the demanded form more closely',
  efficiency: 'needs less to get as far',
};

const LEVEL_REASONS: { readonly [dimension in Dimension]: string } = {
  correctness: 'Both would work here.',
  grounding: 'Both rest on what was shown.',
  progress: 'Both take the task equally far.',
  protocol: 'Both are one command in the demanded form.',
  efficiency: 'Both cost about the same.',
};
