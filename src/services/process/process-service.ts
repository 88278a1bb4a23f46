/** Programs of the user: each in a fresh folder and a scrubbed environment, with deadlines, and never outliving the run. */

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '#contract/failure.ts';
import type { LineProcess, ProcessRequest, ProcessService } from '#contract/services.ts';
import { folderFailure } from './command-failure.ts';
import type { Launcher } from './launcher.ts';
import { Launchers } from './launchers.ts';
import { ProcessGroups } from './process-groups.ts';
import { type Listener, type OwnedStart, startHere } from './program.ts';
import { runCommand } from './run-command.ts';
import { endStrays } from './strays.ts';
import { makeFolders, removeFolders, WorkFolder } from './work-folder.ts';

export interface ProcessServiceOptions {
  readonly manifestDir: string;
  /** Only PATH is taken from it. */
  readonly env: { readonly [name: string]: string | undefined };
  /** Takes known secrets out of what programs say on standard error. */
  redact(text: string): string;
  readonly tempDir?: string;
  /** Bytes a line, and bytes of standard output of a program run once. */
  readonly lineLimit?: number;
  readonly outputLimit?: number;
  /** Programs run once that may be started from here while no launcher is ready. */
  readonly directStarts?: number;
}

const LINE_LIMIT = 16 * 2 ** 20;
const OUTPUT_LIMIT = 256 * 2 ** 20;

export function makeProcessService(options: ProcessServiceOptions): ProcessService & { close(): Promise<void> } {
  const {
    manifestDir,
    redact,
    lineLimit = LINE_LIMIT,
    outputLimit = OUTPUT_LIMIT,
    directStarts = Number.POSITIVE_INFINITY,
  } = options;
  const groups = new ProcessGroups();
  let root: string | null = null;
  let launchers: Launchers | null = null;

  const prepare = (request: ProcessRequest, signal: AbortSignal) => {
    if (signal.aborted) throw stopped();
    const problem = request.argv.length === 0 ? 'there is no command' : nulByteIn(request);
    if (problem !== null) throw new Failure('command-not-started', problem, { scope: 'infrastructure' });
    root ??= mkdtempSync(join(options.tempDir ?? tmpdir(), 'sluice-'));
    if (launchers === null) {
      launchers = new Launchers(root);
      // From the first program on: it also ends all programs should this process be killed.
      void launchers.ready;
    }
    // A name that no program was ever told: what one left running cannot write into the folder of another.
    const folder = new WorkFolder(join(root, randomUUID()));
    const cwd = request.cwd === 'fresh' ? folder.path : manifestDir;
    const env = { PATH: options.env['PATH'] ?? '', HOME: folder.home, LANG: 'C.UTF-8', TZ: 'UTC', ...request.env };
    return { folder, cwd, env };
  };
  const lay = (request: ProcessRequest, folder: WorkFolder): void => {
    try {
      makeFolders(folder.both);
    } catch (error) {
      throw folderFailure(request.argv, error);
    }
    try {
      if (request.cwd === 'fresh') folder.lay(request.files, manifestDir);
    } catch (error) {
      remove(folder);
      throw error;
    }
  };

  const removing = new Set<Promise<void>>();
  const remove = (folder: WorkFolder): void => {
    const removed: Promise<void> = removeFolders(folder.both).finally(() => removing.delete(removed));
    removing.add(removed);
  };
  let direct = 0;
  /** Null: to be started from here. */
  const launcherFor = (hasInput: boolean): Launcher | null => {
    const launcher = hasInput ? null : (launchers?.ready ?? null);
    if (launcher !== null || launchers === null || hasInput || direct++ < directStarts) return launcher;
    return launchers.any;
  };

  return {
    async run(request, signal) {
      const { folder, cwd, env } = prepare(request, signal);
      const { argv, stdin, timeoutMs, keeps = { stdout: true, outputs: true } } = request;
      const isFresh = request.cwd === 'fresh';
      const hasInput = stdin !== undefined;
      const launcher = launcherFor(hasInput);
      // A folder that starts empty and is not looked into is left to the launcher.
      const isLaid = launcher === null || (isFresh && request.files.length > 0);
      const isRead = isFresh && keeps.outputs;
      if (isLaid) lay(request, folder);
      const start = (program: OwnedStart, to: Listener) =>
        launcher === null
          ? startHere(program, hasInput, groups, to)
          : launcher.start(program, to, { makes: isLaid ? [] : folder.both, removes: isRead ? [] : folder.both });
      try {
        const { stdout, stderr } = await runCommand(
          {
            ...{ argv, cwd, env, stdin, timeoutMs, outputLimit, redact },
            ...{ folders: folder.both, dropsOutput: !keeps.stdout },
          },
          start,
          signal,
          stopped,
        );
        return { stdout, stderr, outputs: isRead ? folder.outputs() : [] };
      } finally {
        if (launcher === null || isRead) remove(folder);
      }
    },

    async open(request, signal): Promise<LineProcess> {
      const { folder, cwd, env } = prepare(request, signal);
      lay(request, folder);
      try {
        const { argv, timeoutMs } = request;
        // execa is loaded only where a program stays open: it costs 40 ms.
        const { openLineProgram } = await import('./line-program.ts');
        const program = await openLineProgram(
          { argv, cwd, env, timeoutMs, lineLimit, redact },
          groups,
          signal,
          stopped,
        );
        return {
          exchange: (key, value) => program.exchange(key, value),
          close: async () => {
            try {
              await program.close();
            } finally {
              remove(folder);
            }
          },
        };
      } catch (error) {
        remove(folder);
        throw error;
      }
    },

    async close() {
      groups.endAll();
      if (root === null) return;
      await launchers?.close(stopped);
      endStrays([root]);
      await Promise.all(removing);
      rmSync(root, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function nulByteIn({ argv, env }: ProcessRequest): string | null {
  if (argv.some((word) => word.includes('\0'))) return 'an argument holds a NUL byte';
  if (Object.entries(env).some(([name, value]) => name.includes('\0') || value.includes('\0')))
    return 'the environment holds a NUL byte';
  return null;
}

function stopped(): Failure {
  return new Failure('stopped', 'the program was stopped before it ended', { scope: 'stopped' });
}
