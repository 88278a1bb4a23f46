/** Escapes and lies in JavaScript; tests/long/sandbox.test.ts adds those that run into a limit of the wall. */

import { test } from 'uvu';
import { testJavaScript } from '#rig/javascript-bench.ts';
import { makeSandboxHub } from '#services/sandbox/sandbox-service.ts';

const hub = makeSandboxHub({ env: process.env, workers: 1 });
const service = hub.bind({ priority: [], signal: new AbortController().signal });

test.after(() => hub.close());

testJavaScript(test, () => service, false);

test.run();
