/** Two runs side by side on one cache, and Ctrl-C once and twice: no paid answer is lost and none is paid twice. */

import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cliOk, digestsUnder, eventsOf, finishOf, startCli } from '#rig/cli.ts';
import { endsOf, linesOf, statesOf, withProject } from '#rig/project.ts';

const NODES = `  rows: { kind: read, dataset: rows.jsonl, key: [id] }
  answers: { kind: generate, from: rows, model: m, prompt: prompt.md }
  again: { kind: generate, from: answers, model: m, prompt: again.md, field: second }
  out: { kind: export, from: again, formats: { rows: {} }, to: out }
`;
const FILES = { 'again.md': 'Say again: {{ answer }}\n' };

test('two runs at once pay each call once, and both end well', () =>
  withProject(
    { nodes: NODES, files: FILES, rows: 40, server: { answers: 'random', latencyMs: [5, 40] } },
    async (project) => {
      const pair = [project.start('--json'), project.start('--json')];
      const [one, two] = await Promise.all(pair.map(({ ended }) => ended));
      assert.is(one?.code, 0, one?.stderr);
      assert.is(two?.code, 0, two?.stderr);
      assert.is(project.answered, 80);
      assert.is(project.server.stats().requests, 80);
      if (one === undefined || two === undefined) return;
      const [a, b] = [finishOf(one), finishOf(two)];
      assert.is(a.calls + b.calls, 80);
      assert.is(Math.round((a.usd + b.usd) * 1e6), Math.round(spentFor(project.server.stats()) * 1e6));
      assert.equal(portsOf(one), portsOf(two));
      const before = digestsUnder(project.path('out'));
      const third = await project.ok();
      assert.is(finishOf(third).calls, 0);
      assert.equal(digestsUnder(project.path('out')), before);
      assert.equal(portsOf(third), portsOf(one));
    },
  ));

test('Ctrl-C: what is in flight ends and is kept, 130, and the rerun makes only the missing calls', () =>
  withProject(
    { nodes: NODES, files: FILES, rows: 30, server: { answers: 'random', latencyMs: 60 } },
    async (project) => {
      const started = project.start('--plain');
      const lines = linesOf(started);
      await arrived(project.server, 8);
      started.child.kill('SIGINT');
      await lines.until(/press Ctrl-C again/);
      const stopped = await started.ended;
      assert.is(stopped.code, 130, stopped.stderr);
      const { requests, answered } = project.server.stats();
      assert.is(answered, requests, 'none was given up');
      // Four at once: what waits for its turn is not begun.
      assert.ok(answered >= 8 && answered <= 20, `${answered}`);
      assert.not.ok(project.has('out'));
      assert.not.ok(project.hasLock);
      assert.match(stopped.stdout, /stopped/);
      const rerun = await project.ok();
      assert.is(finishOf(rerun).calls, 60 - answered);
      assert.is(project.answered, 60);
    },
  ));

/** Each leaves its number, and one of a child in the background, where the test finds them; they end when the test says so. */
const PROGRAM = `import json, os, subprocess, sys, time

here, name, *child = sys.argv[1:]
own = os.path.join(here, 'pids', name + ''.join(child))
if not child:
    subprocess.Popen([sys.executable, __file__, here, name, '.child'])
with open(own + '.tmp', 'w') as file:
    file.write(str(os.getpid()))
os.rename(own + '.tmp', own)
while not os.path.exists(os.path.join(here, 'go')):
    time.sleep(.02)
if name != 'lines':
    print('{}')
elif not child:
    for line in sys.stdin:
        print(json.dumps({'key': json.loads(line)['key'], 'done': True}), flush=True)
`;

test('kill -9 with programs under way: none stays behind, nor their folders, and the rerun does what is missing', () =>
  withProject(
    {
      nodes: `  rows: { kind: read, dataset: rows.jsonl, key: [id] }
  lines: { kind: command, from: rows, run: [python3, wait.py, HERE, lines], files: [wait.py], reads: [n], pure: true }
  quick: { kind: command, run: "echo '{}'" }
  once: { kind: command, after: quick, run: [python3, wait.py, HERE, "once\${matrix.n}"], files: [wait.py], stdout: ignore, matrix: { n: [1, 2, 3, 4, 5, 6] } }
`,
      rows: 5,
      files: { 'wait.py': PROGRAM, 'pids/none': '', 'tmp/none': '' },
      top: 'pools: { cpu: 16 }',
    },
    async (project) => {
      project.edit('pipeline.yaml', /HERE/g, project.dir);
      const started = startCli(['run', '.', '--plain'], { cwd: project.dir, env: { TMPDIR: project.path('tmp') } });
      const names = ['lines', ...[1, 2, 3, 4, 5, 6].map((nth) => `once${nth}`)].flatMap((name) => [
        name,
        `${name}.child`,
      ]);
      try {
        await until(() => names.every((name) => project.has(`pids/${name}`)) || started.child.exitCode !== null);
      } catch (error) {
        started.child.kill('SIGKILL');
        throw error;
      }
      const pids = names.map((name) => Number(project.read(`pids/${name}`)));
      assert.ok(pids.every((pid) => isAlive(pid)));
      started.child.kill('SIGKILL');
      await started.ended;
      await until(() => !pids.some(isAlive));
      await until(() => readdirSync(project.path('tmp')).every((name) => name === 'none'));
      project.write('go', '');
      const rerun = await project.ok();
      assert.equal(
        Object.values(statesOf(rerun)),
        Object.values(statesOf(rerun)).map(() => 'done'),
      );
      assert.is(endsOf(rerun)['quick']?.reused, true);
      assert.is(endsOf(rerun)['lines']?.counts['emitted'], 5);
      assert.match((await cliOk(['verify'], { cwd: project.dir })).stdout, /everything is as it was stored/);
      assert.is(finishOf(await project.ok()).rowsRun, 0);
    },
  ));

/** Gone, or waiting for whoever takes over orphans to notice. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 1000) throw new Error(`never so: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('Ctrl-C twice ends at once; what was in flight stays counted as spent', () => {
  let isHanging = true;
  const fault = ({ nth }: { readonly nth: number }) => (isHanging && nth >= 4 ? ({ type: 'hang' } as const) : null);
  return withProject({ nodes: NODES, files: FILES, rows: 12, server: { fault } }, async (project) => {
    const started = project.start('--json');
    const lines = linesOf(started);
    await arrived(project.server, 8);
    started.child.kill('SIGINT');
    await lines.until(/press Ctrl-C again/);
    started.child.kill('SIGINT');
    const stopped = await started.ended;
    assert.is(stopped.code, 130, stopped.stderr);
    const known = finishOf(stopped).usd;
    const { requests, answered } = project.server.stats();
    assert.ok(requests > answered);
    isHanging = false;
    const rerun = await project.ok();
    // An answer that never came may have been paid: its reserve stays counted, at least the 50 tokens asked for.
    const spent = eventsOf(rerun).find(({ type }) => type === 'run-started')?.['spentUsd'] as number;
    assert.ok(spent >= known + (requests - answered) * 0.05, `${spent} of ${known} + ${requests - answered} open`);
    assert.is(finishOf(rerun).calls, 24 - answered);
  });
});

function portsOf(result: Parameters<typeof eventsOf>[0]): unknown {
  const found: { [node: string]: unknown } = {};
  for (const event of eventsOf(result))
    if (event.type === 'node-state' && event['state'] === 'done') found[String(event['node'])] = event['ports'];
  assert.is(Object.keys(found).length, 4);
  assert.is(endsOf(result)['out']?.state, 'done');
  return found;
}

function spentFor(stats: { readonly inputTokens: number; readonly outputTokens: number }): number {
  return (stats.inputTokens + stats.outputTokens) / 1000;
}

/** Until so many requests have arrived. */
async function arrived(server: { stats(): { readonly requests: number } }, count: number): Promise<void> {
  while (server.stats().requests < count) await new Promise((resolve) => setImmediate(resolve));
}

test.run();
