/** `sluice show`: rows of a port, or one row down to every file, row and paid call behind it. */

import { loadHistory, splitAddress, tellNote } from '../history.ts';
import type { Io } from '../io.ts';
import { CommandError } from '../io.ts';
import type { NodeRecord } from '../run-record.ts';
import { inSession, type Session } from '../session.ts';
import type { ShowFlags } from '../show-flags.ts';
import { showRow } from '../show-row.ts';
import { showRows } from '../show-rows.ts';

export function show(
  target: string,
  address: string,
  row: string | undefined,
  flags: ShowFlags,
  io: Io,
): Promise<number> {
  return inSession(target, flags, io, async (session) => {
    const history = await loadHistory(session, flags);
    tellNote(history, io);
    const [record] = history.records;
    if (record === undefined) return 1;
    const { node, port } = splitAddress(record, address);
    if (row !== undefined) return showRow(session, record, node, port, row, history.plan, flags);
    if (flags.prompt === true)
      throw new CommandError('row-needed', '--prompt shows the request of one row', {
        hint: `sluice show ${target} ${address} ROW --prompt`,
      });
    if (port === null && node.tree !== null) return showTree(session, node, flags.json === true);
    return showRows(session, node, port ?? mainPort(node), flags, io);
  });
}

/** `out`, or the only port that a kind has of its own. */
function mainPort(node: NodeRecord): string {
  if (node.ports['out'] !== undefined) return 'out';
  const own = Object.keys(node.ports).filter((port) => !['rejected', 'tally', 'evidence'].includes(port));
  const [only] = own;
  if (own.length === 1 && only !== undefined) return only;
  if (Object.keys(node.ports).length === 0)
    throw new CommandError('no-rows', `${node.id} was ${node.state} in that run and has no rows`, {
      hint: `sluice why . ${node.id}`,
      exitCode: 1,
    });
  const listed = Object.entries(node.ports).map(([port, { count }]) => `${node.id}.${port} (${count})`);
  throw new CommandError('port-needed', `${node.id} has several ports`, { hint: listed.join(', ') });
}

function showTree({ print, printJson }: Session, node: NodeRecord, isJson: boolean): number {
  const files = node.tree ?? [];
  for (const { path, bytes, digest } of files) {
    if (isJson) printJson({ path, bytes, digest });
    else print(`${digest.slice(0, 16)}  ${String(bytes).padStart(10)}  ${path}\n`);
  }
  if (!isJson)
    print(`${files.length} files published by ${node.id}; \`show . ${node.id} ROW\` shows what a row was made of\n`);
  return 0;
}
