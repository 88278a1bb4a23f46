/** challenger: the pull request is in one prompt and nowhere else, what passes between two stages is checked, and answers are audited. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { challengerKind } from '#kinds/challenger/kind.ts';
import { kingKind } from '#kinds/king/kind.ts';
import { checkOf, resolveConfig, runRow, setOf } from '#rig/drive-kind.ts';
import { makeLlmProbe, model } from '#rig/llm-probe.ts';

const good = 'THOUGHT: look\n\n```bash\ncat parse.py\n```';
const row = { messages: [{ role: 'user', content: 'Fix it.' }], repo: 'x/y' };
const pr = { key: '', fields: { patch: '+SECRET', problem_statement: 'It breaks.', hints_text: null } };
const file = (text: string) => ({ name: 'challenger.md', text, includes: {} });

test('the built-in prompt holds what the pull request offers, without empty headings', async () => {
  const llm = makeLlmProbe(() => good);
  const set = setOf(await runRow(challengerKind, { model: model('kimi') }, row, { llm, lookups: { pr } }));
  assert.equal(set, { challenger: { text: good, thought: 'look', command: 'cat parse.py' } });
  const content = llm.requests[0]?.messages[0]?.content ?? '';
  assert.match(content, /## Problem statement\nIt breaks\.\n\n## Patch\n\+SECRET\n<\/private>/);
  assert.not.match(content, /Hints/);
});

test('a prompt file may use the turn and the pull request', async () => {
  const llm = makeLlmProbe(() => good);
  const settings = {
    model: model('kimi'),
    prompt: file('{{ repo }}: {{ pr.patch }}{% if pr.description %}!{% endif %}'),
  };
  await runRow(challengerKind, settings, row, { llm, lookups: { pr } });
  assert.is(llm.requests[0]?.messages[0]?.content, 'Fix it.\n\nx/y: +SECRET');
  const config = resolveConfig(challengerKind, settings);
  assert.equal(challengerKind.scope === 'row' && Object.keys(challengerKind.reads(config)), ['repo', 'messages']);
});

test('without a pull request there is no challenger', async () => {
  const llm = makeLlmProbe(() => good);
  const outcome = await runRow(challengerKind, { model: model('kimi') }, row, { llm, lookups: { pr: null } });
  assert.is(outcome.type === 'reject' && outcome.code, 'pr-missing');
  assert.is(llm.requests.length, 0);
});

test('mistakes in the config are found', () => {
  const codes = (config: object) =>
    checkOf(challengerKind, { model: model('kimi'), ...config }).map(({ code, path }) => `${code} ${path.join('.')}`);
  assert.equal(codes({}), []);
  assert.equal(codes({ leak_audit: 'quarantine', mode: 'two-stage', canaries: {} }), []);
  assert.equal(codes({ prompt: file('{{ pr.pacth }}') }), ['prompt-unknown-field prompt']);
  assert.equal(codes({ prompt: file('{{ pr }}') }), ['prompt-unknown-field prompt']);
  assert.equal(codes({ mode: 'two-stage', prompt: file('{{ pr.patch }}') }), ['prompt-shows-pull-request prompt']);
  assert.equal(codes({ canaries: {} }), ['config-without-effect canaries']);
  assert.equal(codes({ intent_prompt: file('x') }), ['config-without-effect intent_prompt']);
  assert.equal(codes({ leak_audit: 'flag', control: { model: model('kimi'), prompt: file('{{ pr.patch }}') } }), [
    'prompt-shows-pull-request control.prompt',
  ]);
});

// ---- the audit --------------------------------------------------------------------------------------------------

const change =
  '--- a/lib/scan.py\n+++ b/lib/scan.py\n@@ -4,1 +4,1 @@\n-    return 0\n+    return self.count_tokens(text)\n';
const known = { key: 'prs/1', fields: { patch: change, instance_id: 'a__b-77881' } };
const says = (what: string) => `THOUGHT: ${what}\n\n\`\`\`bash\nls\n\`\`\``;

test('leak_audit decides what becomes of an answer that knows too much', async () => {
  const settings = (leak_audit: string) => ({ model: model('kimi'), leak_audit });
  const run = (leak_audit: string, text: string) =>
    runRow(challengerKind, settings(leak_audit), row, { llm: makeLlmProbe(() => text), lookups: { pr: known } });
  const leaky = says('call count_tokens');
  const flagged = setOf(await run('flag', leaky))['challenger'] as unknown as Challenger;
  assert.is(flagged.leak.outcome, 'quarantine');
  assert.equal(flagged.hidden, { pr_key: 'prs/1', decoys: [] });
  const set = await run('quarantine', leaky);
  assert.is(set.type === 'emit' && set.emissions[0]?.port, 'quarantined');
  const proven = await run('quarantine', says('see #77881'));
  assert.is(proven.type === 'reject' && proven.code, 'leak-proven');
  const rejected = await run('reject', leaky);
  assert.is(rejected.type === 'reject' && rejected.code, 'leak-suspected');
  assert.is((setOf(await run('quarantine', says('look')))['challenger'] as unknown as Challenger).leak.outcome, 'pass');
  assert.equal(Object.keys(setOf(await run('off', leaky))['challenger'] as object), ['text', 'thought', 'command']);
});

interface Challenger {
  readonly text: string;
  readonly leak: { readonly outcome: string; readonly evidence: readonly { readonly detector: string }[] };
  readonly hidden: { readonly pr_key: string; readonly decoys: readonly string[] };
  readonly intent: {
    readonly action: string;
    readonly pointers: readonly object[];
    readonly refused?: readonly object[];
  };
}

test("the control asks the king's own request, so that its answers are shared", async () => {
  const king = makeLlmProbe(() => good);
  await runRow(kingKind, { model: model('kimi'), attempts: 3 }, row, { llm: king });
  const llm = makeLlmProbe(() => says('call count_tokens'));
  const settings = { model: model('kimi'), leak_audit: 'quarantine', control: { model: model('kimi'), samples: 2 } };
  const set = setOf(await runRow(challengerKind, settings, row, { llm, lookups: { pr: known } }));
  assert.is((set['challenger'] as unknown as Challenger).leak.outcome, 'pass');
  assert.equal(
    llm.requests.slice(1).map(({ draw }) => draw),
    [0, 1],
  );
  assert.equal(llm.requests[1], king.requests[0]);
});

test('canaries: chosen by key, shown to the writer, in no other row, and a hit is proof', async () => {
  const settings = { model: model('kimi'), leak_audit: 'quarantine', canaries: { share: 0.5 } };
  let [shown, caught] = [0, 0];
  for (let nth = 0; nth < 20; nth++) {
    const llm = makeLlmProbe(({ messages }) => {
      const name = /\+def (\w+)\(values\)/.exec(messages.at(-1)?.content ?? '')?.[1];
      return says(name === undefined ? 'look' : `use ${name}`);
    });
    const outcome = await runRow(challengerKind, settings, row, { llm, lookups: { pr: known }, key: `turn/${nth}` });
    const challenger = outcome.type === 'reject' ? (outcome.set?.['challenger'] as unknown as Challenger) : null;
    if (challenger !== null) {
      shown++;
      assert.is(outcome.type === 'reject' && outcome.code, 'leak-proven');
      if (challenger.leak.evidence.some(({ detector }) => detector === 'canary')) caught++;
      assert.is(challenger.hidden.decoys.length, 2);
    } else assert.is((setOf(outcome)['challenger'] as unknown as Challenger).hidden.decoys.length, 0);
  }
  assert.ok(shown > 4 && shown < 16 && caught === shown, `${caught} of ${shown}`);
});

// ---- two stages -------------------------------------------------------------------------------------------------

const isStageA = ({ messages }: { readonly messages: readonly { readonly content: string }[] }) =>
  messages.some(({ content }) => content.includes('<private>'));
const session = { messages: [{ role: 'user', content: 'Fix the scanner, see lib/scan.py for it.' }] };

test('two-stage: who writes the turn is told an action and words of the session, and has not seen the pull request', async () => {
  const llm = makeLlmProbe((request) =>
    isStageA(request) ? 'I know it: count_tokens!\n{"action": "read", "quotes": ["see lib/scan.py"]}' : good,
  );
  const settings = { model: model('kimi'), intent_model: model('glm'), mode: 'two-stage', leak_audit: 'quarantine' };
  const challenger = setOf(await runRow(challengerKind, settings, session, { llm, lookups: { pr: known } }))[
    'challenger'
  ];
  assert.equal((challenger as unknown as Challenger).intent, {
    action: 'read',
    pointers: [{ message: 0, start: 17, end: 32 }],
  });
  const [first, second] = llm.requests;
  assert.equal([first?.model.alias, second?.model.alias], ['glm', 'kimi']);
  assert.match(second?.messages[0]?.content ?? '', /read code.*\n- in message 1: "see lib\/scan\.py"/);
  assert.not(JSON.stringify(second).includes('count_tokens'));
});

test('two-stage: nothing that was not in the session gets through, whatever stage A tries', async () => {
  const hostile: readonly (readonly [string, string])[] = [
    ['{"action": "edit", "quotes": ["call count_tokens there"]}', 'intent-unresolved'],
    ['{"action": "edit: call count_tokens", "quotes": []}', 'intent-unknown-action'],
    ['{"action": "edit", "quotes": [], "note": "call count_tokens"}', 'intent-free-text'],
    ['{"action": "edit", "quotes": [{"text": "count_tokens"}]}', 'intent-unresolved'],
    ['{"action": "edit", "quotes": "count_tokens"}', 'intent-free-text'],
    ['{"action": "toString", "quotes": []}', 'intent-unknown-action'],
    ['{"action": "edit", "quotes": ["c"]}', 'intent-unresolved'],
    ['{"action": "edit", "quotes": ["canner, see"]}', 'intent-unresolved'],
    ['{"action": "edit", "quotes": ["lib/scan.py", "lib/scan.py", "lib/scan.py", "lib/scan.py"]}', 'intent-free-text'],
    ['just call count_tokens', 'intent-not-json'],
  ];
  for (const [answer, code] of hostile) {
    const llm = makeLlmProbe((request) => (isStageA(request) ? answer : good));
    const settings = { model: model('kimi'), mode: 'two-stage' };
    const outcome = await runRow(challengerKind, settings, session, { llm, lookups: { pr: known } });
    assert.is(outcome.type === 'reject' && outcome.code, code, answer);
    assert.not(JSON.stringify(outcome).includes('count_tokens'), answer);
    assert.is(llm.requests.length, 1, 'stage B is not asked');
  }
});

test('two-stage: a refused choice is drawn again, and both stages have templates', async () => {
  const llm = makeLlmProbe(({ messages, draw }) => {
    if (!messages[0]?.content.includes('CHOOSE')) return good;
    return draw === 0 ? 'no' : '{"action": "read", "quotes": ["lib/scan.py"]}';
  });
  const settings = {
    model: model('kimi'),
    mode: 'two-stage',
    attempts: 2,
    intent_prompt: file('CHOOSE {{ actions }} {{ pr.patch }}'),
    prompt: file('DO {{ intent.meaning }}{% for pointer in intent.pointers %}: {{ pointer.text }}{% endfor %}'),
  };
  const set = setOf(await runRow(challengerKind, settings, session, { llm, lookups: { pr: known } }));
  const { intent } = set['challenger'] as unknown as Challenger;
  assert.equal(intent.refused, [{ draw: 0, code: 'intent-not-json', reason: 'the answer holds no JSON object' }]);
  assert.match(llm.requests[2]?.messages[0]?.content ?? '', /DO read code: lib\/scan\.py$/);
});

test('families of both sides travel on', () => {
  const facts = challengerKind.facts?.(resolveConfig(challengerKind, { model: model('glm') }), {
    from: { families: { king: ['kimi'] } },
  });
  assert.equal(facts, { families: { king: ['kimi'], challenger: ['glm'] } });
});

test.run();
