/** The lock: what a complete run produced, node by node, as text that diffs well. One section a profile. */

import { parseDocument, stringify } from 'yaml';
import type { Diagnostic } from '#contract/diagnostic.ts';
import type { Digest, Json, JsonObject } from '#contract/json.ts';
import { isObject, setMember } from '#util/json-object.ts';

export interface LockedNode {
  readonly key: Digest;
  readonly ports: { readonly [port: string]: { readonly rows: number; readonly digest: Digest } };
}

export interface LockSection {
  readonly resolved: JsonObject;
  readonly nodes: { readonly [node: string]: LockedNode };
}

export interface Lock {
  readonly profiles: { readonly [profile: string]: LockSection };
}

export const LOCK_VERSION = 1;

const HEADER = '# Written by `sluice run`. Commit it: its diff is the diff of the data.\n';

/** Written by hand where it is plain, because that is the most of it: the general writer takes 60 ms for 1,000 nodes. */
export function formatLock(lock: Lock): string {
  const sections = sortedEntries(lock.profiles).map(
    ([profile, section]) => `  ${scalar(profile)}:\n${formatSection(section)}`,
  );
  return `${HEADER}lock: ${LOCK_VERSION}\nprofiles:${sections.length === 0 ? ' {}' : ''}\n${sections.join('')}`;
}

function formatSection({ resolved, nodes }: LockSection): string {
  const names = sortedEntries(nodes);
  let text = '';
  if (Object.keys(resolved).length > 0) text += indented(stringify({ resolved: sortedDeep(resolved) }, STYLE), '    ');
  if (names.length === 0) return `${text}    nodes: {}\n`;
  text += '    nodes:\n';
  for (const [id, { key, ports }] of names) {
    text += `      ${scalar(id)}:\n        key: ${scalar(key)}\n`;
    const filled = sortedEntries(ports);
    text += `        ports:${filled.length === 0 ? ' {}' : ''}\n`;
    for (const [port, { rows, digest }] of filled)
      text += `          ${scalar(port)}:\n            rows: ${rows}\n            digest: ${scalar(digest)}\n`;
  }
  return text;
}

const STYLE = { lineWidth: 0, aliasDuplicateObjects: false } as const;

/** Keys and digests. Plain where no reader could take it for anything but text: a word that YAML knows, or a number, needs quotes. */
function scalar(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text) && /[a-df]/.test(text)) return text;
  if (/^[a-z][a-z0-9_-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/.test(text)) return text;
  return stringify({ [text]: 0 }, STYLE).replace(/: 0\n$/, '');
}

function indented(text: string, by: string): string {
  return text.replace(/^(?=.)/gm, by);
}

function sortedEntries<T>(object: { readonly [name: string]: T }): [string, T][] {
  return Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));
}

function sortedDeep(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => sortedDeep(item as Json));
  if (!isObject(value)) return value;
  const sorted: { [name: string]: Json } = {};
  for (const [name, member] of sortedEntries(value)) setMember(sorted, name, sortedDeep(member));
  return sorted;
}

/** @returns the lock, or what is wrong with its text */
export function parseLock(file: string, text: string): { readonly lock: Lock } | { readonly diagnostic: Diagnostic } {
  const conflict = /^(<{7}|={7}|>{7})/m.exec(text);
  if (conflict !== null) {
    return trouble(file, 'lock-conflict', 'the lock holds merge conflict markers', conflict.index, conflict.index + 7);
  }
  const value = readYaml(file, text);
  if ('diagnostic' in value) return value;
  if (!isObject(value.json) || value.json['lock'] !== LOCK_VERSION)
    return trouble(file, 'lock-version', `the lock is not of version ${LOCK_VERSION}`, 0, 0);
  const written = value.json['profiles'] ?? {};
  const profiles: { [profile: string]: LockSection } = {};
  if (!isObject(written)) return trouble(file, 'lock-invalid', '`profiles` of the lock is not a map', 0, 0);
  for (const [profile, section] of Object.entries(written)) {
    const { resolved = {}, nodes = {} } = isObject(section) ? section : { nodes: null };
    if (!isObject(resolved) || !isObject(nodes) || !Object.values(nodes).every(isLockedNode))
      return trouble(file, 'lock-invalid', `the section of profile '${profile}' is not as it was written`, 0, 0);
    profiles[profile] = { resolved, nodes: nodes as unknown as LockSection['nodes'] };
  }
  return { lock: { profiles } };
}

function readYaml(file: string, text: string): { readonly json: Json } | { readonly diagnostic: Diagnostic } {
  try {
    const document = parseDocument(text, { version: '1.2' });
    const [error] = document.errors;
    if (error === undefined) return { json: document.toJS({ maxAliasCount: 0 }) as Json };
    return trouble(file, 'lock-invalid', error.message.split('\n')[0] ?? '', error.pos[0], error.pos[1]);
  } catch (error) {
    // Aliases, which no lock has, and nesting that overflows the parser.
    const reason = error instanceof Error ? error.message : String(error);
    return trouble(file, 'lock-invalid', `the lock cannot be read: ${reason}`, 0, 0);
  }
}

function isLockedNode(node: Json): boolean {
  if (!isObject(node) || typeof node['key'] !== 'string' || !isObject(node['ports'])) return false;
  const ports = Object.values(node['ports']);
  return ports.every(
    (port) => isObject(port) && typeof port['digest'] === 'string' && typeof port['rows'] === 'number',
  );
}

function trouble(
  file: string,
  code: string,
  message: string,
  start: number,
  end: number,
): { readonly diagnostic: Diagnostic } {
  const hint = 'delete the lock and run again to write it anew';
  return { diagnostic: { severity: 'error', code, message, at: { file, start, end: Math.max(end, start + 1) }, hint } };
}

export interface LockDifference {
  readonly node: string;
  readonly change: 'added' | 'removed' | 'key' | 'rows';
  readonly port?: string;
  readonly before?: string;
  readonly after?: string;
}

/** What the second section has otherwise than the first; key changes that left every port equal are told as such. */
export function compareSections(before: LockSection, after: LockSection): LockDifference[] {
  const differences: LockDifference[] = [];
  const ids = [...new Set([...Object.keys(before.nodes), ...Object.keys(after.nodes)])].sort();
  for (const node of ids) {
    const [old, now] = [before.nodes[node], after.nodes[node]];
    if (old === undefined) differences.push({ node, change: 'added' });
    else if (now === undefined) differences.push({ node, change: 'removed' });
    else differences.push(...compareNodes(node, old, now));
  }
  return differences;
}

function compareNodes(node: string, before: LockedNode, after: LockedNode): LockDifference[] {
  const differences: LockDifference[] = [];
  for (const port of [...new Set([...Object.keys(before.ports), ...Object.keys(after.ports)])].sort()) {
    const [old, now] = [before.ports[port], after.ports[port]];
    if (old?.digest === now?.digest) continue;
    const show = (side: typeof old) =>
      side === undefined ? 'absent' : `${side.rows} rows ${side.digest.slice(0, 12)}`;
    differences.push({ node, change: 'rows', port, before: show(old), after: show(now) });
  }
  if (before.key !== after.key)
    differences.push({ node, change: 'key', before: before.key.slice(0, 12), after: after.key.slice(0, 12) });
  return differences;
}
