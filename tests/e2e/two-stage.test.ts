/** The duel's own pipeline with a live endpoint: a challenger in two stages, and one that copies, under audit, control and canaries. */

import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cliOk, type Ended, eventsOf, finishOf, inTemp } from '#rig/cli.ts';
import { answerAsJudge } from '#rig/judge-answers.ts';
import { type LlmServer, type ServedRequest, startLlmServer } from '#rig/llm-server.ts';

const PIPELINE = fileURLToPath(new URL('../../pipelines/duel', import.meta.url));
const DECOY = /\+(?:def|export function|func|pub fn) (\w+)\(values/;
const GIVEN_AWAY = 'as the hidden tests want it';

const textOf = ({ body }: ServedRequest) => body.messages.map(({ content }) => content).join('\n');
const isSecondStage = (request: ServedRequest) => textOf(request).includes('should do now. It should ');
const isShown = (request: ServedRequest) => textOf(request).includes('<private>');

/** One of three sorts of places: where only the second writer gives itself away, where the king would as well, and the rest. */
const placeOf = ({ body }: ServedRequest) => Math.floor(body.messages.length / 2) % 3;

function turn(request: ServedRequest, thought: string): string {
  const word = request.digest.slice(0, 8);
  return `THOUGHT: look at ${word}, ${thought}.\n\n\`\`\`bash\ngrep -rn ${word} src\n\`\`\``;
}

/** Who sees the pull request tries to hand on what is in it: once in a member of its own, then as a quote, then it complies. */
function chooses(request: ServedRequest): string {
  const text = textOf(request);
  const secret = DECOY.exec(text)?.[1] ?? 'the merged change';
  if (request.repeat === 0) return JSON.stringify({ action: 'read', quotes: [], note: secret });
  if (request.repeat === 1) return JSON.stringify({ action: 'read', quotes: [secret] });
  return JSON.stringify({ action: 'read', quotes: [/\b[a-z]{3,} [a-z]{3,}\b/.exec(text)?.[0]] });
}

function answers(request: ServedRequest): string {
  if (!request.body.model.includes('Kimi')) return answerAsJudge(request);
  const text = textOf(request);
  if (text.includes('Answer with one JSON object')) return chooses(request);
  if (isShown(request)) {
    const decoy = DECOY.exec(text)?.[1];
    return turn(request, decoy === undefined ? 'nothing else' : `then call ${decoy}`);
  }
  const place = placeOf(request);
  return turn(request, place === 1 || (place === 0 && isSecondStage(request)) ? GIVEN_AWAY : 'no more');
}

const ARGUMENTS = [
  'params.turns=44',
  'params.turns_dataset=data/trajectories.jsonl',
  'params.prs_dataset=data/prs.jsonl',
  'nodes.turns.strategy=uniform',
  'nodes.turns.window=null',
  'nodes.duel.probes=null',
  'nodes.challenger.attempts=3',
  'nodes.challenger.canaries={share: 0.4}',
  'nodes.calibration={kind: leak-audit, from: eligible, with: {pr: {from: prs, match: instance_id}}, field: reference, plant: {share: 0.5}}',
  'nodes.leaks.from={from: [challenger, challenger.quarantined, challenger.rejected], calibration: calibration}',
];
const TWO_STAGE = [
  'nodes.challenger.mode=two-stage',
  'nodes.challenger.intent_prompt=prompts/intent.md',
  'nodes.challenger.prompt=prompts/turn-of-intent.md',
];

interface Counts {
  readonly in: number;
  readonly emitted: number;
  readonly rejected: number;
  readonly codes: { readonly [code: string]: number };
}

interface Watched {
  readonly result: Ended;
  readonly flags: readonly string[];
  counts(node: string): Counts;
  /** What `leaks` says, by name. */
  readonly leaks: { readonly [name: string]: number | null };
}

async function runDuel(dir: string, server: LlmServer, more: readonly string[]): Promise<Watched> {
  const flags = [...ARGUMENTS, ...more].flatMap((assignment) => ['--set', assignment]);
  const result = await cliOk(['run', '.', '--json', '--yes', ...flags], { cwd: dir, env: envOf(server) });
  const events = eventsOf(result);
  return {
    result,
    flags,
    counts: (node) =>
      events.findLast((event) => event.type === 'node-state' && event['node'] === node && 'counts' in event)?.[
        'counts'
      ] as Counts,
    leaks: events.find(({ type, node }) => type === 'evidence' && node === 'leaks')?.['values'] as Watched['leaks'],
  };
}

function envOf(server: LlmServer) {
  return { CHUTES_BASE_URL: server.url, CHUTES_API_KEY: 'none-needed' };
}

async function withDuel(work: (dir: string, server: LlmServer) => Promise<void>): Promise<void> {
  const server = await startLlmServer({ answers });
  try {
    await inTemp(async (dir) => {
      cpSync(PIPELINE, dir, {
        recursive: true,
        filter: (path) => !/\/(out|recordings|pipeline\.lock\.yaml)$/.test(path),
      });
      await work(dir, server);
    });
  } finally {
    await server.close();
  }
}

test('two-stage: nothing of the pull request reaches who writes or judges; what is left is audited', () =>
  withDuel(async (dir, server) => {
    const { flags, counts, leaks } = await runDuel(dir, server, TWO_STAGE);
    const decoys = new Set(server.log.flatMap((request) => DECOY.exec(textOf(request))?.[1] ?? []));
    assert.ok(decoys.size > 2, 'decoys were planted');
    // Stage A alone was shown the change. Its two attempts to hand something on were refused, and reached nobody.
    const chosen = server.log.filter(isShown);
    assert.ok(chosen.every((request) => textOf(request).includes('Answer with one JSON object')));
    for (const request of server.log.filter((each) => !isShown(each)))
      for (const decoy of decoys) assert.not(textOf(request).includes(decoy), decoy);
    const challenger = counts('challenger');
    assert.is(chosen.length, 3 * challenger.in);
    // The second writer gave itself away at two sorts of places; at one of them the king would have said the same.
    const places = server.log.filter(isSecondStage).map(placeOf);
    const [alone = 0, both = 0] = [0, 1].map((place) => places.filter((each) => each === place).length);
    assert.ok(alone > 0 && both > 0, `${alone} and ${both}`);
    assert.equal([leaks['leak_hits'], leaks['leak_proven']], [alone / challenger.in, 0]);
    assert.is(leaks['leak_cleared'], both / (alone + both));
    assert.is(leaks['leak_canary_hits'], 0);
    assert.is(leaks['leak_recall'], 1);
    assert.is(counts('duel').in, challenger.in - alone, 'what is under suspicion is not judged');
    const shown = await cliOk(['show', '.', 'leaks', 'leak_canary_hits', ...flags], { cwd: dir });
    assert.match(shown.stdout, /answers that name a decoy \/ answers whose writer was shown one/);

    const before = server.stats().requests;
    const again = finishOf((await runDuel(dir, server, TWO_STAGE)).result);
    assert.equal([again.rowsRun, again.calls, server.stats().requests - before], [0, 0, 0]);
  }));

test('direct: a challenger that copies is caught by its decoys, and never judged', () =>
  withDuel(async (dir, server) => {
    const { counts, leaks } = await runDuel(dir, server, []);
    const challenger = counts('challenger');
    const copied = server.log.filter((request) => isShown(request) && DECOY.test(textOf(request))).length;
    assert.ok(copied > 2);
    assert.equal(challenger.codes, { 'leak-proven': copied });
    assert.is(leaks['leak_canary_hits'], 1);
    assert.is(leaks['leak_proven'], copied / challenger.in);
    assert.is(counts('duel').in, challenger.in - copied);
  }));

test.run();
