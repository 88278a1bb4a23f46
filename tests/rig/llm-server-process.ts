/** Starts the rig's server as a process of its own and asks it what it counted. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RateLimit, ServerStats } from './llm-server.ts';

/** The options that can be written as JSON; functions come from `module`. */
export interface ServerProcessOptions {
  readonly answers?: 'echo' | 'random';
  readonly latencyMs?: number | readonly [number, number];
  readonly apiKey?: string;
  readonly rateLimit?: RateLimit;
  readonly port?: number;
  readonly journal?: string;
  /** A file whose default export is a further LlmServerOptions. */
  readonly module?: string;
}

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  stats(): Promise<ServerStats>;
  close(): Promise<void>;
}

export async function spawnLlmServer(options: ServerProcessOptions = {}): Promise<ServerProcess> {
  const main = fileURLToPath(new URL('./llm-server-main.ts', import.meta.url));
  const args = ['--conditions=development', '--import', 'tsx', main, JSON.stringify(options)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for await (const line of createInterface({ input: child.stdout })) {
    const { url, pid } = JSON.parse(line) as { url: string; pid: number };
    return {
      url,
      pid,
      stats: async () => (await (await fetch(new URL('/__stats', url))).json()) as ServerStats,
      close: () => {
        child.stdin.end();
        return exited;
      },
    };
  }
  throw new Error('the server ended before it said where it listens');
}
