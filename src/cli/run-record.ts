/** What a run leaves for later questions (`why`, `show`, `diff`): each node's key with its named parts, and the rows of its ports. */

import type { NodeState } from '#contract/event.ts';
import type { TreeFile } from '#contract/files.ts';
import type { Digest } from '#contract/json.ts';
import type { KeyPart, Plan, PortAddress } from '#contract/plan.ts';
import type { RunFolder, RunFolders } from '#contract/store.ts';
import type { PortEntry } from '#run/port.ts';
import type { RunResult } from '#run/run.ts';

export interface NodeRecord {
  readonly id: string;
  readonly kind: string;
  readonly fingerprint: Digest;
  readonly parts: readonly KeyPart[];
  readonly inputs: { readonly [input: string]: readonly PortAddress[] };
  readonly lookups: { readonly [name: string]: readonly PortAddress[] };
  readonly state: NodeState;
  readonly key: Digest | null;
  readonly isReused: boolean;
  readonly ports: { readonly [port: string]: PortEntry & { readonly partial: boolean } };
  readonly tree: readonly TreeFile[] | null;
}

export interface RunRecord {
  readonly v: 1;
  readonly run: string;
  readonly pipeline: string;
  readonly profile: string;
  readonly file: string;
  /** Of a trial: the `--limit` that its sources were cut to. */
  readonly limit?: number;
  readonly nodes: readonly NodeRecord[];
}

const NAME = 'plan.json';

export function toRunRecord(run: string, plan: Plan, result: RunResult, limit?: number): RunRecord {
  const nodes = plan.nodes.map((node): NodeRecord => {
    const found = result.nodes.get(node.id);
    return {
      id: node.id,
      kind: node.kind.name,
      fingerprint: node.fingerprint,
      parts: node.parts,
      inputs: node.inputs,
      lookups: Object.fromEntries(Object.entries(node.lookups).map(([name, { from }]) => [name, from])),
      state: found?.state ?? 'wanted',
      key: found?.key ?? null,
      isReused: found?.isReused ?? false,
      ports: found?.ports ?? {},
      tree: found?.tree ?? null,
    };
  });
  const { pipeline, profile, file } = plan;
  return { v: 1, run, pipeline, profile, file, ...(limit === undefined ? {} : { limit }), nodes };
}

export async function writeRunRecord(folder: RunFolder, record: RunRecord): Promise<void> {
  await folder.write(NAME, JSON.stringify(record));
}

export async function readRunRecord(runs: RunFolders, id: string): Promise<RunRecord | undefined> {
  const folder = await runs.open(id);
  const text = await folder?.read(NAME);
  return text === undefined ? undefined : (JSON.parse(text) as RunRecord);
}

/** The latest records of a pipeline, newest first, at most `max`. */
export async function recentRecords(
  runs: RunFolders,
  wanted: { readonly pipeline: string; readonly profile?: string },
  max: number,
): Promise<RunRecord[]> {
  const found: RunRecord[] = [];
  for (const id of await runs.list()) {
    const record = await readRunRecord(runs, id);
    if (record === undefined || record.pipeline !== wanted.pipeline) continue;
    if (wanted.profile !== undefined && record.profile !== wanted.profile) continue;
    found.push(record);
    if (found.length === max) break;
  }
  return found;
}
