/** The escapes, the lies and the traces again: against every other strong backend, and as an ordinary user where we are root. */

import { test } from 'uvu';
import type { BackendName } from '#contract/sandbox.ts';
import { testJavaScript } from '#rig/javascript-bench.ts';
import { testEscapes, testLies, testProgramEscapes, testTraces } from '#rig/sandbox-bench.ts';
import { makeSandboxHub, type SandboxHub } from '#services/sandbox/sandbox-service.ts';

const hubs: SandboxHub[] = [];

async function against(backend: BackendName, hub: SandboxHub, who: string): Promise<void> {
  hubs.push(hub);
  const probed = await hub.backends.probe(backend, {});
  if ('missing' in probed) {
    test(`${backend} ${who}`, () => console.log(`skip ${backend} ${who}: ${probed.missing}`));
    return;
  }
  const service = hub.bind({ priority: [], signal: new AbortController().signal });
  testEscapes(test, backend, () => service, true);
  testLies(test, backend, () => service);
  testTraces(test, backend, () => service);
  testProgramEscapes(test, backend, () => service);
}

await against('zygote', makeSandboxHub({ env: process.env }), 'as whoever runs this');
if (process.getuid?.() === 0) {
  // An interpreter that others than root can reach, and a user that exists nowhere.
  const env = { ...process.env, PATH: '/usr/local/bin:/usr/bin:/bin' };
  await against('zygote', makeSandboxHub({ env, user: { uid: 54_321, gid: 54_321 } }), 'as an ordinary user');
} else {
  test('zygote as another user', () => console.log('skip: only root can become another user'));
}
await against('bwrap', makeSandboxHub({ env: process.env }), '');
await against('container', makeSandboxHub({ env: process.env }), '');

const scripts = makeSandboxHub({ env: process.env });
hubs.push(scripts);
testJavaScript(test, () => scripts.bind({ priority: [], signal: new AbortController().signal }), true);

test.after(async () => {
  for (const hub of hubs) await hub.close();
});

test.run();
