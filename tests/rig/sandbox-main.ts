/** A runner with a warm sandbox, to be killed. Says when it is warm, and starts a candidate that stays when it is told to. */

import { once } from 'node:events';
import { makeSandboxHub } from '#services/sandbox/sandbox-service.ts';

const hub = makeSandboxHub({ env: process.env, workers: 1 });
const service = hub.bind({ priority: [], signal: new AbortController().signal });
const tests = { type: 'cases' as const, entry: 'f', cases: [{ args: [1], expected: 2 }] };
await service.runTests({ language: 'python', candidate: 'def f(x):\n    return x + 1', tests });
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const source =
  'import os, time\ndef f(x):\n    os.fork()\n    os.setsid() if os.getpid() != 1 else None\n    time.sleep(600)';
await service.runTests({ language: 'python', candidate: source, tests, sandbox: { limits: { wallMs: 600_000 } } });
