import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pythonFolder } from '#services/sandbox/python-sources.ts';

test('a candidate finds none of our modules by name', () => {
  const folder = pythonFolder();
  const ours = readdirSync(folder)
    .filter((name) => name.endsWith('.py'))
    .map((name) => name.slice(0, -3));
  const [, listed = ''] = /^_OURS = \(([^)]*)\)/m.exec(readFileSync(join(folder, 'candidate.py'), 'utf8')) ?? [];
  assert.equal([...listed.matchAll(/"(\w+)"/g)].map(([, name]) => name).sort(), ours.sort());
});

test.run();
