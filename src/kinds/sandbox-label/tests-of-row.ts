/** The tests of a row, held against the form that they must have: datasets of strangers hold anything. */

import type { Json, JsonObject } from '#contract/json.ts';
import type { CandidateTests, FunctionCase } from '#contract/sandbox.ts';
import { valueAtPath } from '#domain/at-path.ts';
import { isObject } from '#util/json-object.ts';
import type { TestsConfig } from './config.ts';

/** @throws BadTests */
export function testsOfRow(fields: JsonObject, tests: TestsConfig): CandidateTests {
  switch (tests.type) {
    case 'cases':
      return { type: 'cases', entry: nameAt(fields, tests.entry), cases: listAt(fields, tests.field).map(toCase) };
    case 'script': {
      const setup = tests.setup === null ? null : valueAtPath(fields, tests.setup);
      return {
        type: 'script',
        script: textAt(fields, tests.field),
        ...(tests.entry === null ? {} : { entry: nameAt(fields, tests.entry) }),
        ...(typeof setup === 'string' ? { setup } : {}),
      };
    }
    case 'stdio': {
      const cases = listAt(fields, tests.field).map(toExchange);
      return { type: 'stdio', cases, compare: tests.compare };
    }
    case 'command':
      return { type: 'command', argv: tests.argv, path: tests.path };
  }
}

/** Becomes a rejection of the row. */
export class BadTests extends Error {}

function textAt(fields: JsonObject, path: string): string {
  const value = valueAtPath(fields, path);
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new BadTests(`no text in \`${path}\``);
}

function nameAt(fields: JsonObject, path: string): string {
  const name = textAt(fields, path);
  if (/^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name)) return name;
  throw new BadTests(`\`${path}\` names no function`);
}

function listAt(fields: JsonObject, path: string): readonly Json[] {
  const value = valueAtPath(fields, path);
  if (!Array.isArray(value) || value.length === 0) throw new BadTests(`no list of cases in \`${path}\``);
  return value as readonly Json[];
}

const CASE_MEMBERS = ['args', 'kwargs', 'expected', 'throws', 'tolerance'];

function toCase(value: Json, at: number): FunctionCase {
  if (!isObject(value)) throw new BadTests(`case ${at} is no object`);
  const unknown = Object.keys(value).find((name) => !CASE_MEMBERS.includes(name));
  if (unknown !== undefined) throw new BadTests(`case ${at} has \`${unknown}\`, which means nothing`);
  const { args, kwargs, expected, throws, tolerance } = value;
  if (!Array.isArray(args)) throw new BadTests(`case ${at} has no list of arguments in \`args\``);
  if (kwargs !== undefined && !isObject(kwargs)) throw new BadTests(`\`kwargs\` of case ${at} is no object`);
  if ((expected === undefined) === (throws === undefined))
    throw new BadTests(`case ${at} needs \`expected\` or \`throws\`, one of them`);
  if (throws !== undefined && typeof throws !== 'string') throw new BadTests(`\`throws\` of case ${at} is no name`);
  if (tolerance !== undefined && (typeof tolerance !== 'number' || tolerance < 0))
    throw new BadTests(`\`tolerance\` of case ${at} is no number from 0`);
  return {
    args: args as readonly Json[],
    ...(kwargs === undefined ? {} : { kwargs }),
    ...(expected === undefined ? {} : { expected }),
    ...(throws === undefined ? {} : { throws }),
    ...(tolerance === undefined ? {} : { tolerance }),
  };
}

function toExchange(value: Json, at: number) {
  if (!isObject(value)) throw new BadTests(`case ${at} is no object`);
  const { stdin = '', stdout, args } = value;
  if (typeof stdin !== 'string' || typeof stdout !== 'string')
    throw new BadTests(`case ${at} needs texts in \`stdin\` and \`stdout\``);
  if (args === undefined) return { stdin, stdout };
  if (Array.isArray(args) && args.every((one) => typeof one === 'string'))
    return { stdin, stdout, args: args as readonly string[] };
  throw new BadTests(`\`args\` of case ${at} is no list of texts`);
}
