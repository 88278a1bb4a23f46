/** Pull requests from GitHub's REST API: what becomes of them, what is asked how often, and how limits are honoured. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RowKind, RowOutcome } from '#contract/kind.ts';
import { mirrorPrKind } from '#kinds/mirror-pr/kind.ts';
import { failureOf } from '#rig/data-sources.ts';
import { resolveConfig } from '#rig/drive-kind.ts';
import { type GithubServer, startGithubServer } from '#rig/github-server.ts';
import { type HubRig, hubRig } from '#rig/hub-rig.ts';

const file = (path: string, text: string) =>
  `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-old\n+${text}\n`;

const minute = (nth: number) => new Date(Date.UTC(2024, 0, 1, 0, nth)).toISOString();

const REPOS = {
  'octo/tool': {
    license: 'MIT',
    pulls: {
      7: {
        title: 'Mend the parser',
        body: 'Fixes #3, see #4.\r\nCloses octo/other#9',
        base: 'a'.repeat(40),
        diff: file('src/parse.py', 'new') + file('tests/test_parse.py', 'check'),
      },
      8: { title: 'Huge', body: null, base: 'b'.repeat(40), diff: null },
    },
    issues: { 3: { title: 'Parser breaks', body: 'On empty input.' }, 4: { title: 'Not linked', body: '' } },
  },
  'octo/talk': {
    license: 'MIT',
    pulls: {
      5: {
        title: 'Fixes #1, fixes #2',
        body: '',
        base: 'e'.repeat(40),
        begun: minute(121),
        diff: file('src/talk.py', 'x'),
      },
    },
    issues: {
      1: {
        title: 'Long',
        body: 'story',
        comments: Array.from({ length: 300 }, (_, nth) => ({
          body: `comment ${nth}`,
          created_at: minute(nth),
          updated_at: minute(nth === 60 ? 200 : nth),
        })),
      },
      2: { title: 'Silent', body: '' },
    },
  },
  'octo/other': {
    pulls: { 1: { title: 'x', body: '', base: 'c'.repeat(40), diff: file('a.py', 'y') } },
    issues: { 9: { title: 'Other', body: 'Body' } },
  },
};

let github: GithubServer;
test.before(async () => {
  github = await startGithubServer(REPOS);
});
test.before.each(() => {
  github.log.length = 0;
  github.fault = null;
});
test.after(() => github.close());

async function mirror(rig: HubRig, ids: readonly string[], spec = 'github://'): Promise<readonly RowOutcome[]> {
  const config = { ...(resolveConfig(mirrorPrKind, { dataset: 'x' }) as object), dataset: await rig.ref(spec) };
  const context = { config, datasets: rig.datasets, signal: new AbortController().signal } as never;
  const inputs = ids.map((instance_id) => ({ row: { key: '', fields: { instance_id } }, lookups: {} }));
  return (mirrorPrKind as unknown as RowKind<never, { instance_id: string }>).batch?.run(inputs, context) ?? [];
}

async function withRig(work: (rig: HubRig) => Promise<unknown>, env = {}): Promise<void> {
  const rig = hubRig({ GITHUB_API_URL: github.url, ...env });
  try {
    await work(rig);
  } finally {
    await rig.close();
  }
}

const fieldsOf = (outcome: RowOutcome | undefined) =>
  outcome?.type === 'emit' ? (outcome.emissions[0]?.set ?? {}) : {};
const codeOf = (outcome: RowOutcome | undefined) => (outcome?.type === 'reject' ? outcome.code : 'emitted');

test('diff, tests, files, base commit, licence and the text of linked issues', () =>
  withRig(async (rig) => {
    const [found, again] = await mirror(rig, ['octo__tool-7', 'octo/tool#7']);
    const set = fieldsOf(found);
    assert.is(set['repo'], 'octo/tool');
    assert.is(set['base_commit'], 'a'.repeat(40));
    assert.is(set['patch'], file('src/parse.py', 'new'));
    assert.is(set['test_patch'], file('tests/test_parse.py', 'check'));
    assert.equal(set['files'], ['src/parse.py']);
    assert.is(set['problem_statement'], 'Parser breaks\n\nOn empty input.\n\nOther\n\nBody');
    assert.is(set['description'], 'Mend the parser\n\nFixes #3, see #4.\nCloses octo/other#9');
    assert.is(set['license'], 'MIT');
    assert.is(fieldsOf(again)['patch'], set['patch']);
    const asked = github.log.length;
    await mirror(rig, ['octo__tool-7']);
    assert.is(github.log.length, asked, 'what was answered is kept');
    const [one] = await mirror(rig, ['7'], 'github://octo/tool');
    assert.is(codeOf(one), 'emitted');
  }));

test('hints are what was said on linked issues before the solution was begun', () =>
  withRig(async (rig) => {
    const [found] = await mirror(rig, ['octo__talk-5']);
    const hints = String(fieldsOf(found)['hints_text']).split('\n\n');
    assert.equal(
      [hints.length, hints[0], hints.at(-1)],
      [120, 'comment 0', 'comment 120'],
      'a comment that was edited later is left out',
    );
    // Of 300 comments on three pages, two tell that the rest is younger; the issue nobody spoke on is not asked for any.
    const lists = github.log.map(({ path }) => path).filter((path) => path.includes('?'));
    assert.equal(lists.sort(), [
      '/repos/octo/talk/issues/1/comments?per_page=100&page=1',
      '/repos/octo/talk/issues/1/comments?per_page=100&page=2',
      '/repos/octo/talk/pulls/5/commits?per_page=1',
    ]);
    const [plain] = await mirror(rig, ['octo__tool-7']);
    assert.is(fieldsOf(plain)['hints_text'], '');
  }));

test('what there is not, what is too large, and what has no licence are rejections', () =>
  withRig(async (rig) => {
    const outcomes = await mirror(rig, ['octo__tool-404', 'no such form', 'octo__tool-8', 'octo__other-1']);
    assert.equal(outcomes.map(codeOf), ['pr-missing', 'pr-missing', 'pr-invalid', 'pr-license']);
  }));

test('the token goes along, limits are waited for, and long ones end the run by name', async () => {
  const limits: readonly (readonly [status: number, headers: { [name: string]: string }])[] = [
    [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' }],
    [429, { 'retry-after': '0' }],
    [403, { 'retry-after': '0' }],
  ];
  for (const [status, headers] of limits)
    await withRig(
      async (rig) => {
        github.log.length = 0;
        github.fault = ({ nth }, response) => nth === 0 && Boolean(response.writeHead(status, headers).end('{}'));
        assert.is(codeOf((await mirror(rig, ['octo__tool-7']))[0]), 'emitted');
        assert.ok(github.log.every(({ authorization }) => authorization === 'Bearer ghp_abcdefgh'));
      },
      { GITHUB_TOKEN: 'ghp_abcdefgh' },
    );
  await withRig(async (rig) => {
    const reset = String(Math.floor(Date.now() / 1000) + 3000);
    github.fault = (_, response) =>
      Boolean(response.writeHead(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }).end('{}'));
    const failure = await failureOf(mirror(rig, ['octo__tool-7']));
    assert.is(failure.code, 'remote-rate-limited');
    assert.match(failure.message, /asks to wait \d+ s/);
    github.fault = (_, response) => Boolean(response.writeHead(401).end('{"message":"Bad credentials"}'));
    assert.is((await failureOf(mirror(rig, ['octo__tool-7']))).code, 'remote-unauthorized');
    github.fault = ({ accept }, response) => !accept.includes('diff') && Boolean(response.writeHead(200).end('[]'));
    assert.is((await failureOf(mirror(rig, ['octo__tool-7']))).code, 'remote-bad-answer');
    github.fault = null;
    assert.is(codeOf((await mirror(rig, ['octo__tool-7']))[0]), 'emitted', 'a rerun goes on');
  });
});

test.run();
