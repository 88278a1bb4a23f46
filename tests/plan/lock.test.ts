/** The lock's text: stable, read back as it was, and every way in which it can be damaged has a name. */

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareSections, formatLock, type Lock, type LockSection, parseLock } from '#plan/lock.ts';
import { sha256 } from '#util/sha256.ts';

const digest = fc.string({ maxLength: 4 }).map(sha256);
const name = fc.stringMatching(/^[a-z][a-z0-9_@=.-]{0,8}$/);
const section: fc.Arbitrary<LockSection> = fc.record({
  resolved: fc.dictionary(name, fc.oneof(fc.string(), fc.integer(), fc.boolean())),
  nodes: fc.dictionary(
    name,
    fc.record({ key: digest, ports: fc.dictionary(name, fc.record({ rows: fc.nat(), digest })) }),
  ),
});
const locks: fc.Arbitrary<Lock> = fc.record({ profiles: fc.dictionary(name, section, { maxKeys: 3 }) });

const reversed = <T>(object: { readonly [key: string]: T }) => Object.fromEntries(Object.entries(object).reverse());
const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

test('written and read back, whatever the order of what it holds', () => {
  fc.assert(
    fc.property(locks, (lock) => {
      const text = formatLock(lock);
      const parsed = parseLock('x.lock.yaml', text);
      assert.ok('lock' in parsed, JSON.stringify(parsed));
      if ('lock' in parsed) assert.equal(plain(parsed.lock), plain(lock));
      const other = reversed(
        Object.fromEntries(
          Object.entries(lock.profiles).map(([profile, { nodes, resolved }]) => [
            profile,
            { resolved: reversed(resolved), nodes: reversed(nodes) },
          ]),
        ),
      );
      assert.is(formatLock({ profiles: other }), text);
    }),
    { numRuns: 100 },
  );
});

test('names and digests that YAML could take for something else are quoted', () => {
  const key = '0'.repeat(64);
  const power = `${'1'.repeat(10)}e${'2'.repeat(53)}`;
  const nodes = Object.fromEntries(
    ['no', 'true', 'null', 'off', 'y', '~', '1e3', '0x1', '...a', 'a b', '-', 'a: b', '123'].map((id) => [
      id,
      { key, ports: { [id]: { rows: 1, digest: power } } },
    ]),
  );
  const lock = { profiles: { default: { resolved: {}, nodes }, '1': { resolved: { a: ['x', 1] }, nodes: {} } } };
  const parsed = parseLock('x.lock.yaml', formatLock(lock));
  assert.ok('lock' in parsed, JSON.stringify(parsed));
  if ('lock' in parsed) assert.equal(plain(parsed.lock), plain(lock));
});

test('damage is told by name, and nothing crashes', () => {
  const code = (text: string) => {
    const parsed = parseLock('x.lock.yaml', text);
    return 'diagnostic' in parsed ? parsed.diagnostic.code : 'fine';
  };
  assert.is(code('lock: 1\nprofiles: {}\n'), 'fine');
  assert.is(code('lock: 1\n<<<<<<< ours\nprofiles: {}\n=======\n>>>>>>> theirs\n'), 'lock-conflict');
  assert.is(code('lock: 2\nprofiles: {}\n'), 'lock-version');
  assert.is(code(''), 'lock-version');
  assert.is(code('[1, 2'), 'lock-invalid');
  assert.is(code('lock: 1\nprofiles: 5\n'), 'lock-invalid');
  assert.is(code('lock: 1\nprofiles: { a: { nodes: { x: { key: 5 } } } }\n'), 'lock-invalid');
  assert.is(code('lock: 1\nprofiles: { a: { nodes: [] } }\n'), 'lock-invalid');
  assert.is(code('lock: 1\nprofiles: { a: &x { nodes: {} }, b: *x }\n'), 'lock-invalid');
  assert.is(code(`lock: 1\nprofiles: ${'['.repeat(5000)}\n`), 'lock-invalid');
  fc.assert(
    fc.property(fc.string(), (text) => {
      code(text);
      code(`lock: 1\nprofiles:\n  ${text}`);
    }),
  );
});

test('differences: nodes, rows of ports, and keys that changed nothing', () => {
  const [a, b] = [sha256('a'), sha256('b')];
  const port = (value: string, rows: number) => ({ key: a, ports: { out: { digest: value, rows } } });
  const before = { resolved: {}, nodes: { same: port(a, 1), gone: port(a, 1), rows: port(a, 1), key: port(a, 1) } };
  const after = {
    resolved: {},
    nodes: { same: port(a, 1), rows: port(b, 2), key: { ...port(a, 1), key: b }, fresh: port(a, 1) },
  };
  assert.equal(
    compareSections(before, after).map(({ node, change }) => [node, change]),
    [
      ['fresh', 'added'],
      ['gone', 'removed'],
      ['key', 'key'],
      ['rows', 'rows'],
    ],
  );
});

test.run();
