/** What a node's end tells besides its state: evidence that was measured, and what an earlier run left behind. */

import type { PlanNode } from '#contract/plan.ts';
import { nameHint } from '#util/did-you-mean.ts';
import type { Counts } from './counts.ts';
import type { Shared } from './environment.ts';
import { readEvidence } from './gate.ts';
import type { Port } from './port.ts';

/** More evidence than this is read in the report, not at the end of a run. */
const EVIDENCE_TOLD = 1024;

export async function tellEvidence(node: PlanNode, port: Port | undefined, { env, rows }: Shared): Promise<void> {
  if (port === undefined || port.count === 0 || port.count > EVIDENCE_TOLD) return;
  const values: { [name: string]: string | number | boolean } = {};
  for (const [name, value] of Object.entries(await readEvidence(port, rows))) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') values[name] = value;
  }
  env.emit({ type: 'evidence', node: node.id, values });
}

/** A gate that closes leaves what an earlier run published; the user must know that it is from before. */
export async function tellStale(node: PlanNode, { env, options }: Shared): Promise<void> {
  if (node.to === null || options.publishUnder !== null) return;
  const before = await env.store.notes.get(`tree:${node.to.path}`);
  if (before === undefined) return;
  const message = `${node.to.text} still holds what an earlier run published; ${node.id} is skipped now`;
  env.emit({ type: 'notice', level: 'warning', code: 'published-before', message, node: node.id });
}

/** A name that the manifest could not be checked for, because rows of files may have any field. */
export function tellMissing(node: PlanNode, { missing }: Counts, { env }: Shared): void {
  for (const [field, { count, row, fields }] of [...missing].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const hint = nameHint(field, [...fields].sort(), 'fields');
    const message = `no field \`${field}\` in ${count === 1 ? `row ${row}` : `${count} rows, e.g. ${row}`}`;
    const base = { type: 'notice', level: 'warning', code: 'field-missing', message, node: node.id } as const;
    env.emit({ ...base, span: node.at, ...(hint === undefined ? {} : { hint }) });
  }
}

/** Rows that went on without something; the node is done, and yet has work for the next run. */
export function tellProvisional(node: PlanNode, { provisional }: Counts, { env }: Shared): void {
  for (const [code, { count, reason }] of [...provisional].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const message = `${count} rows of ${node.id} are provisional: ${reason} (${code})`;
    const hint = 'the next run does them again and pays only for what is missing';
    env.emit({ type: 'notice', level: 'warning', code: 'provisional-rows', message, node: node.id, hint });
  }
}
