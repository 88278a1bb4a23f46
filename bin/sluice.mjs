#!/usr/bin/env node
/** The command `sluice`. Install scripts are off in a clone (.npmrc), so its first use builds what is not there yet. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/main.js', import.meta.url);
const build = new URL('../scripts/build.mjs', import.meta.url);
if (!existsSync(main)) {
  process.stderr.write('sluice: building dist/ (first use in this clone)\n');
  const { status } = spawnSync(process.execPath, [fileURLToPath(build)], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}
await import(main.href);
