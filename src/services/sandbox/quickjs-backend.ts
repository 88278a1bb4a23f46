/** Plain JavaScript: an interpreter in WebAssembly, with no host behind it, in small processes that are killed when they overrun. */

import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '#contract/json.ts';
import { stopped } from '../llm/stopped.ts';
import { type Backend, Infrastructure, type Job, type Turn, type Verdict } from './backend.ts';
import type { Probed } from './probe.ts';
import { readVerdict } from './read-verdict.ts';
import type { UnitPool } from './unit-pool.ts';

/** Beyond the wall limit: what the interpreter could not interrupt is ended with its process. */
const GRACE_MS = 500;
const HEAP_MB = 256;

export async function probeQuickjs(pool: UnitPool): Promise<Probed> {
  try {
    return { backend: new QuickjsBackend(pool, `quickjs-emscripten ${packageVersion()}`) };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error), hint: 'npm install' };
  }
}

function packageVersion(): string {
  const file = createRequire(import.meta.url).resolve('@jitl/quickjs-wasmfile-release-sync/package.json');
  return String((JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version);
}

class QuickjsBackend implements Backend {
  readonly served: Backend['served'];
  readonly #pool: UnitPool;
  readonly #idle: ChildProcess[] = [];

  constructor(pool: UnitPool, interpreter: string) {
    this.served = { backend: 'quickjs', strength: 'strong', interpreter };
    this.#pool = pool;
    pool.onClose(() => {
      for (const child of this.#idle.splice(0)) child.kill('SIGKILL');
    });
  }

  test(job: Job, turn: Turn): Promise<Verdict> {
    return this.#pool.inTurn(turn, async () => {
      const child = this.#idle.pop() ?? startInterpreter();
      child.ref();
      child.channel?.ref();
      try {
        const runs = job.tests.type === 'stdio' ? job.tests.cases.length : 2;
        const verdict = readVerdict(await askInterpreter(child, job, runs * job.limits.wallMs + GRACE_MS, turn.signal));
        if (child.connected) {
          child.unref();
          child.channel?.unref();
          this.#idle.push(child);
        }
        return verdict;
      } catch (error) {
        child.kill('SIGKILL');
        throw error;
      }
    });
  }
}

function startInterpreter(): ChildProcess {
  const main = fileURLToPath(import.meta.resolve('#services/sandbox/quickjs-main.ts'));
  return fork(main, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {},
    execArgv: [
      ...process.execArgv.filter((flag) => !/^--(inspect|max-old)/.test(flag)),
      `--max-old-space-size=${HEAP_MB}`,
    ],
    detached: true,
  });
}

/** @throws Infrastructure, Failure `stopped` */
function askInterpreter(child: ChildProcess, job: Job, wallMs: number, signal: AbortSignal): Promise<JsonObject> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      child.off('message', hear).off('exit', lose).off('error', lose);
      settle();
    };
    const overrun = {
      status: 'timeout_wall',
      detail: 'no end within the wall limit',
      cpuMs: wallMs,
      wallMs,
      peakBytes: 0,
    };
    const timer = setTimeout(() => {
      end(() => resolve(overrun));
      child.kill('SIGKILL');
      child.disconnect();
    }, wallMs);
    const abort = () => end(() => reject(stopped('the sandboxed run')));
    const hear = (answer: JsonObject) => end(() => resolve(answer));
    const lose = () => end(() => reject(new Infrastructure('the interpreter of JavaScript is gone')));
    signal.addEventListener('abort', abort, { once: true });
    child.on('message', hear).on('exit', lose).on('error', lose);
    if (signal.aborted) abort();
    else child.send(job);
  });
}
