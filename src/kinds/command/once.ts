/** Mode `once`: a program run one time, over all rows or none; what it prints becomes rows, what it leaves becomes files. */

import { Failure } from '#contract/failure.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import type { ClosedInput, WholeContext, WholeItem } from '#contract/kind.ts';
import { isObject, stableJson } from '#util/json-object.ts';
import { sha256 } from '#util/sha256.ts';
import { type CommandConfig, requestOf } from './config.ts';
import { badOutput, errorText } from './read-answer.ts';

export async function* runOnce(ctx: WholeContext<CommandConfig>): AsyncGenerator<WholeItem> {
  const { config, process: programs, signal } = ctx;
  const from = ctx.inputs['from'];
  const result = await programs.run(
    {
      ...requestOf(config),
      keeps: { stdout: config.stdout !== 'ignore', outputs: config.outputs !== undefined },
      ...(from === undefined ? {} : { stdin: toLines(from) }),
    },
    signal,
  );
  if (config.stdout === 'text') yield { type: 'row', key: 'stdout', fields: { text: result.stdout } };
  else if (config.stdout !== 'ignore') yield* toRows(result.stdout);
  for (const { path, bytes } of result.outputs)
    if (isWanted(path, config.outputs ?? [])) yield { type: 'file', path, content: bytes };
}

async function* toLines(input: ClosedInput): AsyncGenerator<string> {
  for await (const { key, fields } of input.rows())
    yield `${stableJson(key === '' ? { value: fields } : { key, value: fields })}\n`;
}

function* toRows(stdout: string): Generator<WholeItem> {
  let number = 0;
  for (const line of stdout.split('\n')) {
    number++;
    if (line.trim() === '') continue;
    const value = parse(line, number);
    if (!isProtocol(value)) {
      yield { type: 'row', key: keyOf(value), fields: value };
      continue;
    }
    if ('error' in value) throw new Failure('command-row-error', errorText(value['error'] ?? null));
    const { key, set, reject } = value;
    if (reject !== undefined) {
      const code = isObject(reject) ? reject['code'] : reject;
      if (typeof code !== 'string')
        throw badOutput(`line ${number} rejects without a code`, 'write {"reject": {"code": "…"}}');
      yield { type: 'drop', code, ...(typeof key === 'string' ? { example: key } : {}) };
    } else if (isObject(set)) {
      yield { type: 'row', key: typeof key === 'string' && key !== '' ? key : keyOf(set), fields: set };
    } else if (set !== undefined) {
      throw badOutput(`\`set\` in line ${number} is not an object`, 'it holds the fields of the row');
    }
  }
}

const WORDS = ['set', 'reject', 'error', 'done'];

/** A line of nothing but the protocol's words; any other object is a row of its own. */
function isProtocol(value: JsonObject): boolean {
  const names = Object.keys(value);
  return names.some((name) => WORDS.includes(name)) && names.every((name) => name === 'key' || WORDS.includes(name));
}

function parse(line: string, number: number): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(line) as Json;
  } catch {
    throw badOutput(
      `line ${number} is no JSON`,
      'print one object a line; say `stdout: text` or `stdout: ignore` for anything else',
    );
  }
  if (!isObject(value)) throw badOutput(`line ${number} is no object`, 'print one object a line');
  return value;
}

function keyOf(fields: JsonObject): string {
  return sha256(stableJson(fields)).slice(0, 24);
}

function isWanted(path: string, outputs: readonly string[]): boolean {
  return outputs.some((wanted) => {
    const name = wanted.replace(/^\.\//, '').replace(/\/+$/, '');
    return name === '.' || name === '' || path === name || path.startsWith(`${name}/`);
  });
}
