/** A job in the words of the broker. */

import { posix } from 'node:path';
import { Failure } from '#contract/failure.ts';
import type { JsonObject } from '#contract/json.ts';
import type { Job } from './backend.ts';

/** In split mode: once, again with a new tester where memory ran out, and once with what it did to its arguments. */
const MOST_SPLIT_RUNS = 3;

/** @returns the order, and how many candidates it starts one after another at the most */
export function testOrder({ source, tests, mode, limits, files }: Job): { order: JsonObject; runs: number } {
  if (tests.type === 'command') {
    throw new Failure('sandbox-tests-invalid', 'a command is run as a program, not as tests of this backend', {});
  }
  const outside = Object.keys(files).find((path) => path.includes('\0') || !isBelow(path));
  if (outside !== undefined) {
    const name = JSON.stringify(outside);
    throw new Failure('sandbox-tests-invalid', `the file ${name} does not lie in the working folder of the run`, {
      hint: 'name files relative to it, without `..`',
    });
  }
  const laid = Object.entries(files).map(([path, content]) => [path, Buffer.from(content).toString('base64')]);
  const fields = {
    source,
    limits: { ...limits },
    tests,
    ...(laid.length === 0 ? {} : { files: Object.fromEntries(laid) as JsonObject }),
  };
  if (tests.type === 'stdio') return { order: { op: 'stdio', ...fields }, runs: tests.cases.length };
  return { order: { op: mode, ...fields }, runs: mode === 'split' ? MOST_SPLIT_RUNS : 1 };
}

function isBelow(path: string): boolean {
  const place = posix.normalize(path);
  return path !== '' && !posix.isAbsolute(place) && place !== '.' && place !== '..' && !place.startsWith('../');
}
