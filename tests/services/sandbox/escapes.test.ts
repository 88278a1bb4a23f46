import { test } from 'uvu';
import { testEscapes, testLies, testTraces } from '#rig/sandbox-bench.ts';
import { makeSandboxHub } from '#services/sandbox/sandbox-service.ts';

const hub = makeSandboxHub({ env: process.env });
const service = hub.bind({ priority: [], signal: new AbortController().signal });

test.after(() => hub.close());

if (process.platform === 'linux') {
  testEscapes(test, 'zygote', () => service, false);
  testLies(test, 'zygote', () => service);
  testTraces(test, 'zygote', () => service);
} else {
  test('the zygote backend', () => console.log('skip: the zygote backend needs Linux'));
}

test.run();
