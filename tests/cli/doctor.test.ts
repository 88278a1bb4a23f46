/** `sluice doctor FILE` against local servers: one free request to each endpoint, and what is wrong by name. */

import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cli, inTemp } from '#rig/cli.ts';

const KEY = 'sk-doctor-0123456789';

const LIST = JSON.stringify({ object: 'list', data: [{ id: 'acme/small' }, { id: 'acme/large' }] });

/** Answers by the first segment of the path, so that one server is many endpoints. */
const serve: RequestListener = (request, response) => {
  const send = (status: number, body: string, headers: { [name: string]: string } = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
  };
  switch (request.url?.split('/')[1]) {
    case 'good':
      if (request.headers.authorization === `Bearer ${KEY}`) return send(200, LIST);
      return send(401, JSON.stringify({ error: { message: `Incorrect API key: ${request.headers.authorization}` } }));
    case 'open':
      return send(200, LIST);
    case 'html':
      return send(200, '<!doctype html><title>hotel</title>', { 'content-type': 'text/html' });
    case 'busy':
      return send(429, '{}', { 'retry-after': '30' });
    case 'down':
      return send(503, '{"error": {"message": "overloaded"}}');
    case 'moved':
      return send(302, '', { location: 'http://127.0.0.1:1/' });
    case 'hang':
      return;
    case 'hang-in-body':
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"data": [');
      return;
    default:
      return send(404, '{"error": {"message": "no such route"}}');
  }
};

interface Found {
  readonly what: string;
  readonly state: string;
  readonly detail: string;
  readonly code?: string;
}

async function examine(
  env: { [name: string]: string },
  work: (found: Map<string, Found>, code: number | null) => void,
) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    serve(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await inTemp(async (dir) => {
      const names = ['good', 'open', 'html', 'busy', 'down', 'moved', 'hang', 'hang-in-body', 'unlisted'];
      const at = (name: string) => `base_url: "http://127.0.0.1:${port}/${name}/v1"`;
      const quick = 'timeouts: { connect: 2s, first_byte: 300ms, total: 400ms }';
      const endpoints = names.map((name) =>
        name === 'good'
          ? `  good: { ${at(name)}, api_key: "\${secret.DOCTOR_KEY}" }`
          : `  ${name}: { ${at(name)}${name.startsWith('hang') ? `, ${quick}` : ''} }`,
      );
      writeFileSync(
        join(dir, 'pipeline.yaml'),
        `sluice: 1
name: examined
endpoints:
${endpoints.join('\n')}
  nowhere: { base_url: "http://127.0.0.1:9/v1" }
  no-host: { base_url: "http://no-such-host.invalid/v1" }
models:
  small: { endpoint: good, model: acme/small, price: { input: 1, output: 2 }, fallback: large }
  large: { endpoint: open, model: acme/larg, price: { input: 1, output: 2 } }
  other: { endpoint: unlisted, model: any }
nodes:
  rows: { kind: read, dataset: rows.jsonl }
`,
      );
      writeFileSync(join(dir, 'rows.jsonl'), '{"id": 1}\n');
      const result = await cli(['doctor', '--json', '.'], { cwd: dir, env });
      assert.not.match(result.stdout + result.stderr, new RegExp(KEY));
      const lines = result.stdout.trim().split('\n');
      const found: Found[] = lines.map((line) => JSON.parse(line));
      work(new Map(found.map((one) => [one.what, one])), result.code);
      const expected = names.filter((name) => env['DOCTOR_KEY'] !== undefined || name !== 'good');
      assert.equal(asked.sort(), expected.map((name) => `GET /${name}/v1/models`).sort());
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('each endpoint is asked once, for nothing, and what is wrong has a name', () =>
  examine({ DOCTOR_KEY: KEY }, (found, code) => {
    assert.is(code, 1);
    const good = found.get('endpoint good');
    assert.is(good?.state, 'ok');
    assert.match(good?.detail ?? '', /answers in \d+ ms; the key is not refused; 2 models$/);
    assert.match(found.get('endpoint open')?.detail ?? '', /no key is sent; 2 models$/);
    for (const [name, state, trouble] of [
      ['html', 'missing', 'llm-bad-response'],
      ['busy', 'warning', 'llm-rate-limited'],
      ['down', 'missing', 'llm-server-error'],
      ['moved', 'missing', 'llm-bad-response'],
      ['hang', 'missing', 'llm-timeout'],
      ['hang-in-body', 'missing', 'llm-timeout'],
      ['unlisted', 'warning', 'llm-no-model-list'],
      ['nowhere', 'missing', 'llm-connection'],
      ['no-host', 'missing', 'llm-dns'],
    ] as const) {
      const one = found.get(`endpoint ${name}`);
      assert.equal([name, one?.state, one?.code], [name, state, trouble]);
    }
    assert.match(found.get('model small')?.detail ?? '', /at good, which lists it: \$1 in.*; falls back to large$/);
    const large = found.get('model large');
    assert.equal([large?.state, large?.code], ['missing', 'llm-unknown-model']);
    assert.match(large?.detail ?? '', /did you mean acme\/large\?/);
    assert.is(found.get('model other')?.state, 'warning');
  }));

test('a wrong key is refused, a missing one is not asked with', async () => {
  await examine({ DOCTOR_KEY: 'sk-wrong-9876543210' }, (found) => {
    const good = found.get('endpoint good');
    assert.equal([good?.state, good?.code], ['missing', 'llm-auth']);
    assert.not.match(good?.detail ?? '', /sk-wrong/);
  });
  await examine({}, (found) => {
    const good = found.get('endpoint good');
    assert.equal([good?.state, good?.code], ['missing', 'secret-missing']);
  });
});

test.run();
