#!/usr/bin/env node
/**
 * The command `sluice`. Install scripts are off in a clone (.npmrc), so its first use builds what is not there yet, and so
 * does the first use after a pull or checkout that changed sources.
 */

import { spawnSync } from 'node:child_process';
import { readdirSync, statSync, utimesSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const main = at('dist/main.js');

/** When a file was last written; 0 where there is none. */
function writtenAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Whether git moved since the build, and sources with it. Whoever edits sources by hand builds by hand. */
function isBehind() {
  const builtAt = writtenAt(main);
  if (writtenAt(at('.git/logs/HEAD')) <= builtAt) return false;
  const files = readdirSync(at('src'), { recursive: true, withFileTypes: true });
  if (files.some((file) => file.isFile() && writtenAt(`${file.parentPath ?? file.path}/${file.name}`) > builtAt))
    return true;
  try {
    // Looked at once a move of git.
    utimesSync(main, new Date(), new Date());
  } catch {
    // Somebody else's clone: looked at each time.
  }
  return false;
}

const why = writtenAt(main) === 0 ? 'first use in this clone' : isBehind() ? 'sources changed with git' : null;
if (why !== null) {
  process.stderr.write(`sluice: building dist/ (${why})\n`);
  const { status } = spawnSync(process.execPath, [at('scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}
await import(new URL('../dist/main.js', import.meta.url).href);
