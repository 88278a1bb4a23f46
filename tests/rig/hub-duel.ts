/** The manifest of pipelines/duel as it is, against a local hub and a local endpoint: only addresses are given. */

import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ShardRow, trajectoryRows, writeShard } from './arrow-shards.ts';
import { startHubServer } from './hub-server.ts';
import { type ServedRequest, startLlmServer } from './llm-server.ts';

const PIPELINE = fileURLToPath(new URL('../../pipelines/duel', import.meta.url));
export const TURNS = 'AlienKevin/SWE-ZERO-12M-trajectories';
const PULLS = 'nebius/SWE-rebench-V2-PRs';

export interface HubDuelSize {
  readonly shards: number;
  readonly rows: number;
  readonly rowGroup: number;
}

/** One pull request for every instance of `trajectoryRows`. */
function pullRows(trajectories: number): ShardRow[] {
  const ids = new Map(
    trajectoryRows(trajectories, 0, 0, 0).map((row) => [row['instance_id'] as string, row['repo'] as string]),
  );
  return [...ids].map(([instance_id, repo], nth) => ({
    instance_id,
    repo,
    base_commit: nth.toString(16).padStart(40, '0'),
    problem_statement: `Issue ${nth}: the parser is wrong.`,
    patch: `diff --git a/src/a.py b/src/a.py\n--- a/src/a.py\n+++ b/src/a.py\n@@ -1 +1 @@\n-old_value = ${nth}\n+new_value = ${nth}\n`,
    test_patch: '',
    license: 'MIT',
  }));
}

function answers({ body, digest }: ServedRequest): string {
  if (body.model.includes('Kimi'))
    return `THOUGHT: look at ${digest.slice(0, 8)} first\n\n\`\`\`bash\ngrep -rn ${digest.slice(0, 8)} src\n\`\`\``;
  const dimensions = ['correctness', 'grounding', 'progress', 'protocol', 'efficiency'];
  return JSON.stringify(
    Object.fromEntries(dimensions.map((name, at) => [name, Number.parseInt(digest[at] ?? '0', 16) % 3])),
  );
}

export async function startHubDuel(dir: string, { shards, rows, rowGroup }: HubDuelSize) {
  const files: { [path: string]: Uint8Array } = {};
  for (let nth = 0; nth < shards; nth++) {
    const name = `data/train-${String(nth).padStart(5, '0')}-of-${String(shards).padStart(5, '0')}.parquet`;
    files[name] = writeShard(trajectoryRows(rows, nth * rows), { rowGroup, page: 1 << 14, batch: 32 });
  }
  const pulls = {
    'data/train-00000-of-00001.parquet': writeShard(pullRows(shards * rows), {
      rowGroup: 4096,
      page: 1 << 14,
      batch: 256,
    }),
  };
  const hub = await startHubServer({ [TURNS]: { files }, [PULLS]: { files: pulls } });
  const llm = await startLlmServer({ answers, keepLog: false });
  cpSync(PIPELINE, join(dir, 'duel'), {
    recursive: true,
    filter: (path) => !/\/(out|pipeline\.lock\.yaml)$/.test(path),
  });
  return {
    hub,
    llm,
    files,
    bytes: Object.values(files).reduce((sum, { length }) => sum + length, 0),
    env: { HF_ENDPOINT: hub.url, CHUTES_BASE_URL: llm.url, CHUTES_API_KEY: 'none-needed' },
    lock: () => readFileSync(join(dir, 'duel/pipeline.lock.yaml'), 'utf8'),
    close: async () => {
      await hub.close();
      await llm.close();
    },
  };
}
