/** Golden vectors: a change here makes every stored key of that sort new, and for `call` pays for every answer again. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '#contract/json.ts';
import {
  type CallKeyInput,
  explainKey,
  FORMATS,
  hashKey,
  writeActionKey,
  writeActionsKey,
  writeCallKey,
  writeFingerprint,
  writeNodeKey,
} from '#keys/key-writer.ts';
import { PortHasher } from '#keys/port-digest.ts';
import { sha256 } from '#util/sha256.ts';

const A = sha256('a');
const B = sha256('b');
const C = sha256('c');

test('formats', () => {
  assert.equal(FORMATS, {
    fingerprint: 'sluice/fingerprint/1',
    node: 'sluice/node/2',
    action: 'sluice/action/1',
    call: 'sluice/call/1',
    port: 'sluice/port/1',
    actions: 'sluice/actions/1',
  });
});

test('fingerprint', () => {
  const write = writeFingerprint([
    { name: 'kind', value: 'judge@3' },
    { name: 'config.panel', value: ['a', { temperature: 0.5 }] },
  ]);
  const text = '["sluice/fingerprint/1",["kind","judge@3"],["config.panel",["a",{"temperature":0.5}]]]';
  assert.is(hashKey('fingerprint', write), sha256(text));
  assert.is(hashKey('fingerprint', write), '9414f795ce7fc2ef7e1c908708001ec88506c0f60d90a7afc3cd9e50487e6b53');
});

test('node', () => {
  const port = (digest: string, partial = false) => ({ digest, partial });
  const write = writeNodeKey({
    fingerprint: A,
    inputs: { lost: [port(C, true)], from: [port(B), port(C)] },
    lookups: { pr: [port(A)], none: [] },
  });
  const text = `["sluice/node/2",["fingerprint","${A}"],["input.from",["${B}","${C}"]],["input.lost",[["${C}","partial"]]],["lookup.none",[]],["lookup.pr",["${A}"]]]`;
  assert.is(hashKey('node', write), sha256(text));
  assert.is(hashKey('node', write), '35dd4c56157a6458cd151eed3c476f4346dc2d304fdf1f7e8c726943212b7792');
});

test('actions of a chunk', () => {
  const write = writeActionsKey(A, B, ['$key', 'meta.id', 'n']);
  const text = `["sluice/actions/1",["fingerprint","${A}"],["chunk","${B}"],["reads",["$key","meta.id","n"]]]`;
  assert.is(hashKey('actions', write), sha256(text));
  assert.is(hashKey('actions', write), '730730ad0ced7b3d5bc1fc6032614a6c83ec1d8ecc6c44d4b0327051692cb1a1');
});

test('action', () => {
  const write = writeActionKey(A, B, { pr: C, hints: [A, B], gone: null });
  const text = `["sluice/action/1",["fingerprint","${A}"],["row","${B}"],["lookup.gone",null],["lookup.hints",["${A}","${B}"]],["lookup.pr","${C}"]]`;
  assert.is(hashKey('action', write), sha256(text));
  assert.is(hashKey('action', write), '816ec88dc606ea37027c3aa403302049be73041b784983f828fb87a6a55454a6');
});

const call: CallKeyInput = {
  identity: { endpoint: 'https://llm.example/v1', model: 'org/model' },
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Ünï\ncode \u{1f600}' },
  ],
  sampling: { temperature: 1, max_tokens: 1024, top_p: 0.95, seed: 7 },
  schema: null,
  draw: 0,
};

test('call', () => {
  const text =
    '["sluice/call/1",["endpoint","https://llm.example/v1"],["model","org/model"],' +
    '["messages",[{"content":"Be brief.","role":"system"},{"content":"Ünï\\ncode \u{1f600}","role":"user"}]],' +
    '["sampling",{"max_tokens":1024,"seed":7,"temperature":1,"top_p":0.95}],["schema",null],["draw",0]]';
  assert.is(hashKey('call', writeCallKey(call)), sha256(text));
  assert.is(hashKey('call', writeCallKey(call)), '5d2e13b9b4b190c35ed66aed9b9e2c85ad313b829f89ede12324381bd14e4d66');
});

test('every part of a call changes its key; the order of members does not', () => {
  const changes: Partial<CallKeyInput>[] = [
    { identity: { ...call.identity, endpoint: 'https://llm.example/v2' } },
    { identity: { ...call.identity, model: 'other' } },
    { messages: [] },
    { sampling: { ...call.sampling, temperature: 0.9 } },
    { sampling: { ...call.sampling, stop: ['x'] } },
    { schema: { type: 'object' } },
    { draw: 1 },
  ];
  const keys = [call, ...changes.map((change) => ({ ...call, ...change }))].map((each) =>
    hashKey('call', writeCallKey(each)),
  );
  assert.is(new Set(keys).size, keys.length);
  const turned = { ...call, sampling: Object.fromEntries(Object.entries(call.sampling).reverse()) as JsonObject };
  assert.is(hashKey('call', writeCallKey(turned)), keys[0]);
});

test('what is explained is what is hashed', () => {
  const write = writeCallKey(call);
  const parts = explainKey(write);
  assert.equal(
    parts.map((part) => part.name),
    ['endpoint', 'model', 'messages', 'sampling', 'schema', 'draw'],
  );
  assert.is(hashKey('call', writeFingerprint(parts)), hashKey('call', write));
});

test('port', () => {
  const digestOf = (...rows: readonly (readonly [string, string])[]) => {
    const hasher = new PortHasher();
    for (const [key, row] of rows) hasher.add(key, row);
    return hasher.digest();
  };
  assert.is(digestOf(), sha256('sluice/port/1\n'));
  assert.is(digestOf(['k/1', A], ['k"\n2', B]), sha256(`sluice/port/1\n${A}"k/1"\n${B}"k\\"\\n2"\n`));
  assert.is(digestOf(['k/1', A], ['k"\n2', B]), '31f8135e2a2c31ab22d29560eac455c870b577be9a1a76268e977bdd1e9d2f9b');
  assert.is.not(digestOf(['a', A], ['b', B]), digestOf(['b', B], ['a', A]));
  const hasher = new PortHasher();
  hasher.add('a', A);
  const half = hasher.digest();
  hasher.add('b', B);
  assert.is(half, digestOf(['a', A]));
  assert.is(hasher.digest(), digestOf(['a', A], ['b', B]));
});

test.run();
