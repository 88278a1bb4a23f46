/** How programs fail, by name; messages show the command as written and the end of what it said. */

import { Failure } from '#contract/failure.ts';

/** How a program ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** The command as a user would type it, short. */
export function commandLine(argv: readonly string[]): string {
  const line = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ');
  return line.length > 120 ? `${line.slice(0, 117)}…` : line;
}

/** A program that could not be started. */
export function startFailure(argv: readonly string[], error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const program = argv[0] ?? '';
  const options = { scope: 'infrastructure', detail: { program, code }, cause: error } as const;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const hint = 'install it, name it by its path, or declare a script of your own under `files`';
    return new Failure('command-not-found', `there is no program '${program}'`, { ...options, hint });
  }
  if (code === 'EACCES' || code === 'ENOEXEC') {
    const hint = 'make it executable (chmod +x) and give it a first line such as #!/usr/bin/env python3';
    return new Failure('command-not-found', `'${program}' cannot be run (${code})`, { ...options, hint });
  }
  const hint = code === 'E2BIG' ? 'hand large values over on standard input' : undefined;
  return new Failure('command-not-started', `'${program}' could not be started (${code})`, {
    ...options,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** A program for which no folder could be made. */
export function folderFailure(argv: readonly string[], error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const program = argv[0] ?? '';
  const hint = 'look at the folder for temporary files (TMPDIR): whether it is there, writable, and not full';
  return new Failure('command-not-started', `'${program}' could not be started: its folder cannot be made (${code})`, {
    ...{ scope: 'infrastructure', detail: { program, code }, cause: error, hint },
  });
}

/** Nobody knows how far it came. */
export function lostFailure(argv: readonly string[]): Failure {
  const message = `${commandLine(argv)} was ended, because the process that starts programs was killed`;
  const hint = 'run again: it starts anew; `dmesg` tells whether the system killed it for want of memory';
  return new Failure('command-lost', message, { scope: 'infrastructure', hint });
}

export function exitFailure(
  argv: readonly string[],
  { exitCode, signal }: Ended,
  stderr: string,
  while_ = '',
): Failure {
  const how = signal !== null ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
  const last = stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
  return new Failure('command-exit', `${commandLine(argv)} ${how}${while_}${last === '' ? '' : `: ${last}`}`, {
    detail: { exitCode, signal, stderr },
  });
}

export function timeoutFailure(argv: readonly string[], timeoutMs: number, what: string, stderr: string): Failure {
  return new Failure('command-timeout', `${commandLine(argv)} ${what} within ${timeoutMs} ms`, {
    detail: { timeoutMs, stderr },
    hint: 'raise the node’s `timeout`',
  });
}

export function outputFailure(argv: readonly string[], problem: string, line: number | null, stderr: string): Failure {
  const where = line === null ? '' : ` in line ${line} of its output`;
  return new Failure('command-bad-output', `${commandLine(argv)}: ${problem}${where}`, {
    detail: { line, stderr },
    hint: 'each line is {"key", "set"} | {"key", "reject": {"code", "reason"}} | {"key", "error"} | {"key", "done"}; print anything else to standard error',
  });
}
