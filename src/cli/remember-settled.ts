/** After a complete run: writes down everything it rested on, so that the next one with nothing to do ends at once. */

import { dirname } from 'node:path';
import type { Plan } from '#contract/plan.ts';
import { formatUsd } from '#report/text.ts';
import type { RunResult } from '#run/run.ts';
import { type Prepared, shown } from './compose.ts';
import type { Io } from './io.ts';
import { CODE_IDENTITY, digestOf, namesIn, type Settled, settledPath, stampOf, writeSettled } from './settled.ts';
import { lockPath } from './workspace.ts';

/** @param since milliseconds since the epoch, from before the run read its first file */
export function rememberSettled(prepared: Prepared, plan: Plan, result: RunResult, since: number, io: Io): void {
  const { workspace, files, env } = prepared;
  const isSettled = [...result.nodes.values()].every(
    ({ state, isProvisional }) => (state === 'done' || state === 'skipped') && !isProvisional,
  );
  if (!isSettled) return;
  const paths = new Set([
    workspace.file,
    lockPath(workspace),
    ...plan.files.map(({ path }) => path),
    ...files.asked.files,
  ]);
  const folders = new Set(files.asked.folders);
  for (const node of plan.nodes) {
    const tree = result.nodes.get(node.id)?.tree;
    if (node.to === null || tree === null || tree === undefined) continue;
    for (const file of tree) paths.add(`${node.to.path}/${file.path}`);
  }
  const settled: Settled = {
    v: 1,
    code: CODE_IDENTITY,
    files: [...paths].sort().map((path) => [path, stampOf(path)]),
    folders: [...folders].sort().map((path) => [path, namesIn(path)]),
    env: env.map(([name, value]) => [name, value === undefined ? null : digestOf(value)]),
    text: describe(plan, result, workspace.file, io),
  };
  const argv = process.argv.slice(2);
  writeSettled(settledPath(workspace.cache, io.cwd, argv), settled, since);
}

function describe(plan: Plan, result: RunResult, file: string, io: Io): string {
  const published = plan.nodes.flatMap((node) => {
    const tree = result.nodes.get(node.id)?.tree;
    return node.to === null || !tree ? [] : [`  ${node.id}  ${shown(node.to.path, io)} (${tree.length} files)`];
  });
  const lines = [
    `${plan.pipeline} [${plan.profile}]: nothing to do, ${plan.nodes.length} nodes are as they were`,
    ...published,
    `rows run 0, rows reused ${result.rowsRun + result.rowsReused}, calls made 0, calls reused 0, USD ${formatUsd(0)}`,
    `next: sluice show ${dirname(file) === io.cwd ? '.' : file.startsWith(`${io.cwd}/`) ? dirname(file.slice(io.cwd.length + 1)) : dirname(file)} NODE`,
  ];
  return `${lines.join('\n')}\n`;
}
