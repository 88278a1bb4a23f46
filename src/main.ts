#!/usr/bin/env node
/** The process: arguments in, exit code out. A run with nothing to do ends here, before anything else is loaded. */

import { dirname, join } from 'node:path';
import { CODE_IDENTITY, settledPath, stillSettled } from './cli/settled.ts';

// `sluice show … | head` is no mistake: whoever reads has read enough.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

/** What is left after the end of a command ends by itself in this time, or not at all. */
const GRACE_MS = 500;

const argv = process.argv.slice(2);
if (nothingToDo(argv)) process.exitCode = 0;
else {
  process.exitCode = await command(argv);
  endSoon();
}

/** A timer or socket that a kind of the user's left behind must not hold the process; what was printed gets out first. */
function endSoon(): void {
  process.stdout.write('', () => process.stderr.write('', () => setTimeout(() => process.exit(), GRACE_MS).unref()));
}

/** Whether this very run ended complete before and nothing it looked at has moved since. */
function nothingToDo(args: readonly string[]): boolean {
  if (args[0] !== 'run') return false;
  const cwd = process.cwd();
  for (let at = cwd; ; at = dirname(at)) {
    const cache = process.env['SLUICE_CACHE'] ?? join(at, 'cache');
    const settled = stillSettled(settledPath(cache, cwd, args), CODE_IDENTITY, (name) => process.env[name]);
    if (settled !== null) {
      process.stdout.write(settled.text);
      return true;
    }
    if (dirname(at) === at || process.env['SLUICE_CACHE'] !== undefined) return false;
  }
}

async function command(args: readonly string[]): Promise<number> {
  const [{ compileLater }, { runProgram }] = await Promise.all([
    import('./cli/compile-later.ts'),
    import('./cli/program.ts'),
  ]);
  compileLater();
  return runProgram(args);
}
