/**
 * Makes pipelines/duel/recordings: runs the example's pipeline against a local endpoint that answers what scripts/example-answers say,
 * and keeps the answers by call key. Run it again after a change to the data, the prompts or a request format; it gives the same bytes.
 *
 *   node --conditions=development --import tsx scripts/make-example-recordings.ts
 */

import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLlmServer } from '#rig/llm-server.ts';
import { makeExampleAnswers } from './example-answers.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const EXAMPLE = join(ROOT, 'pipelines/duel');
/** More than the example draws, so that a larger `params.turns` is answered as well. */
const ALL_TURNS = 1000;

const RUNS = [
  { profile: 'example', suffix: '' },
  { profile: 'example,mode1', suffix: '.mode1' },
  { profile: 'example,compat', suffix: '.compat' },
];

const temp = mkdtempSync(join(tmpdir(), 'sluice-example-'));
const server = await startLlmServer({ answers: makeExampleAnswers(EXAMPLE), keepLog: false });
try {
  const known = new Set<string>();
  const recorded = new Map<string, string[]>();
  for (const { profile, suffix } of RUNS) {
    const folder = await record(profile);
    for (const name of readdirSync(folder).sort()) {
      const lines = readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean);
      const fresh = lines.filter((line) => !known.has(JSON.parse(line).key));
      for (const line of fresh) known.add(JSON.parse(line).key);
      recorded.set(name.replace(/\.jsonl$/, `${suffix}.jsonl`), fresh);
    }
  }
  const target = join(EXAMPLE, 'recordings');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  for (const [name, lines] of recorded) {
    if (lines.length > 0) writeFileSync(join(target, name), `${lines.join('\n')}\n`);
    console.log(`${name}: ${lines.length} answers`);
  }
} finally {
  await server.close();
  rmSync(temp, { recursive: true, force: true });
}

/** One run in a copy of the example, so that its lock and outputs stay untouched. */
async function record(profile: string): Promise<string> {
  const copy = join(temp, profile);
  cpSync(EXAMPLE, copy, { recursive: true, filter: (path) => !/\/(?:out|cache|recordings)$/.test(path) });
  const into = join(copy, 'recorded');
  const sets = {
    'endpoints.chutes.provider': 'openai',
    'endpoints.chutes.base_url': server.url,
    'params.turns': ALL_TURNS,
  };
  const args = ['run', copy, '--profile', profile, '--cache', join(temp, 'cache'), '--record', into, '--yes'];
  for (const [path, value] of Object.entries(sets)) args.push('--set', `${path}=${value}`);
  await sluice(args);
  return into;
}

function sluice(args: readonly string[]): Promise<void> {
  const env = { ...process.env, CHUTES_API_KEY: 'local' };
  const source = ['--conditions=development', '--import', 'tsx', join(ROOT, 'src/main.ts')];
  const child = spawn(process.execPath, [...source, ...args], { cwd: ROOT, env, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`sluice ended with ${code}`))));
  });
}
