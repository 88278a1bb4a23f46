/** Every candidate that mutate makes of real tasks, through the kind itself. */

import type { CodeService } from '#contract/code.ts';
import type { Sidecar } from '#domain/mutate/candidate-row.ts';
import { mutateKind } from '#kinds/mutate/kind.ts';
import { makeCodeService } from '#services/code/code-service.ts';
import { sha256 } from '#util/sha256.ts';
import type { HumanEvalTask } from './code-tasks.ts';
import { runRow } from './drive-kind.ts';

export interface PoolCandidate {
  readonly task: HumanEvalTask;
  readonly id: string;
  readonly text: string;
  readonly before: string;
  readonly sidecar: Sidecar;
}

/** The prompt alone is the state before: a signature and its documentation. */
const STUB = '    pass\n';

export async function mutantPool(
  tasks: readonly HumanEvalTask[],
  config: object = {},
  code: CodeService = makeCodeService(),
): Promise<readonly PoolCandidate[]> {
  const pool: PoolCandidate[] = [];
  for (const task of tasks) {
    const before = task.prompt + STUB;
    const fields = { task_id: task.id, reference: task.reference, before, language: 'python' };
    const settings = { bytecode: false, pool_size: 'all', before: 'before', ...config };
    const outcome = await runRow(mutateKind, settings, fields, { services: { code } });
    if (outcome.type === 'reject') throw new Error(`${task.id}: ${outcome.code} ${outcome.reason}`);
    for (const { port, set } of outcome.emissions) {
      if (port !== undefined) continue;
      const {
        candidate_id: id,
        text,
        sidecar,
      } = set as never as { candidate_id: string; text: string; sidecar: Sidecar };
      pool.push({ task, id, text, before, sidecar });
    }
  }
  return pool;
}

/** One digest for a pool: ids, texts, order and how each came about. */
export function digestOf(pool: readonly PoolCandidate[]): string {
  return sha256(pool.map(({ task, id, text, sidecar }) => JSON.stringify([task.id, id, text, sidecar])).join('\n'));
}
