/** A record of a dataset, or the value of a trajectory file, becomes a trajectory in one form for all dialects. */

import type { Json, JsonObject } from '#contract/json.ts';
import { isObject } from '#util/json-object.ts';
import type { Message } from '../rows.ts';
import { detectDialect } from './detect-dialect.ts';
import { type RawMessage, toMessage } from './messages.ts';
import { type NotATrajectory, notATrajectory, type Trajectory } from './trajectory.ts';

/** Fields that hold the messages, in the order in which they are looked for. */
export const HOLDERS = ['messages', 'history', 'conversations', 'trajectory'] as const;

/** The columns of a record that are read here: everything else need not be loaded. */
export const TRAJECTORY_COLUMNS = [
  ...HOLDERS,
  'instance_id',
  'repo',
  'base_commit',
  'exit_status',
  'license',
  'info',
  'trajectory_format',
] as const;

/** @param fileName names the instance where the record does not, as SWE-agent's files do */
export function toTrajectory(record: JsonObject, fileName: string): Trajectory | NotATrajectory {
  const found = findMessages(record);
  if (typeof found === 'string') return notATrajectory(found);
  const { holder, list } = found;
  const entries: RawMessage[] = [];
  for (const [at, raw] of list.entries()) {
    const message = toMessage(raw);
    if (typeof message === 'string') return notATrajectory(`${holder}[${at}]: ${message}`);
    if (message !== null) entries.push(message);
  }
  if (!entries.some(({ message }) => message.role === 'assistant')) {
    return notATrajectory(`\`${holder}\` holds no assistant message`);
  }
  const messages: Message[] = entries.map(({ message }) => message);
  const turns = entries.flatMap(({ message, isDemonstration }, at) =>
    message.role === 'assistant' && !isDemonstration && message.content.trim() !== '' ? [at] : [],
  );
  const instance_id = textOf(record, 'instance_id') ?? instanceOf(fileName);
  return {
    instance_id,
    repo: textOf(record, 'repo') ?? repoOf(instance_id),
    base_commit: textOf(record, 'base_commit'),
    exit_status: textOf(record, 'exit_status'),
    license: textOf(record, 'license'),
    dialect: detectDialect(record, entries, holder === 'history'),
    messages,
    turns,
  };
}

function findMessages(record: JsonObject): { readonly holder: string; readonly list: readonly Json[] } | string {
  for (const holder of HOLDERS) {
    const value = Object.hasOwn(record, holder) ? fromText(record[holder]) : undefined;
    // SWE-agent's `trajectory` holds steps, not messages; its messages are under `history`.
    if (Array.isArray(value) && (holder !== 'trajectory' || value.every(isMessage))) {
      if (value.length === 0) return `\`${holder}\` is empty`;
      return { holder, list: value as readonly Json[] };
    }
  }
  return `none of ${HOLDERS.map((name) => `\`${name}\``).join(', ')} is a list of messages`;
}

const isMessage = (value: Json) => isObject(value) && (Object.hasOwn(value, 'role') || Object.hasOwn(value, 'from'));

/** Some Parquet sets keep the list as JSON text. */
function fromText(value: Json | undefined): Json | undefined {
  if (typeof value !== 'string' || !value.startsWith('[')) return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return undefined;
  }
}

/** On the record itself, else under `info`. */
function textOf(record: JsonObject, name: string): string | null {
  const { info } = record as { readonly info?: Json };
  for (const holder of [record, isObject(info) ? info : {}]) {
    const value = Object.hasOwn(holder, name) ? holder[name] : undefined;
    if (typeof value === 'string' && value !== '') return value;
  }
  return null;
}

function instanceOf(fileName: string): string {
  const base = fileName.slice(fileName.lastIndexOf('/') + 1);
  return base.replace(/(?:\.traj)?(?:\.jsonl?|\.traj|\.ndjson)?(?:\.gz|\.zstd?)?$/, '');
}

/** SWE-bench's own form: `astropy__astropy-7336` is astropy/astropy. */
function repoOf(instance: string): string | null {
  const match = /^([A-Za-z0-9-]+)__([A-Za-z0-9._-]+)-\d+$/.exec(instance);
  return match === null || match[2]?.includes('__') ? null : `${match[1]}/${match[2]}`;
}
