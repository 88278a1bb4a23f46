/** `--watch`: runs again when something that the pipeline reads has changed, and only then. What the run itself writes does not count. */

import { statSync } from 'node:fs';
import { type FSWatcher, watch } from 'chokidar';
import { type Prepared, shown } from './compose.ts';
import { finish } from './finish.ts';
import { CommandError, type Io } from './io.ts';
import { stampOf } from './settled.ts';
import { lockPath, type Workspace } from './workspace.ts';

/** What a round leaves behind: the files it looked at. `drain` lets it finish early; paid calls in flight are waited for. */
export interface Round {
  prepared: Prepared | null;
  drain?: AbortSignal;
}

/** Editors save in several steps; this long without another change counts as done. */
const QUIET_MS = 120;

/** A watch takes a moment to begin; an edit in that moment is found by its time. */
const SETTLING_MS = 300;

/** Ends with 130 on Ctrl-C; a broken edit is shown and waited out. */
export async function watchAndRun(
  runOnce: (round: Round) => Promise<number>,
  workspace: Workspace,
  io: Io,
): Promise<number> {
  let isEnding = false;
  let wake: (() => void) | null = null;
  const remove = io.onInterrupt(() => {
    isEnding = true;
    wake?.();
  });
  const changes = new Changes(workspace);
  try {
    let watched = new Set<string>([workspace.file]);
    while (!isEnding) {
      const edit = new AbortController();
      const since = Date.now();
      const round: Round = { prepared: null, drain: edit.signal };
      // Watching starts before the run, so that an edit during it is not missed; the run is then let finish early.
      changes.onChange = () => edit.abort();
      await changes.follow(watched);
      const code = await finish(() => runOnce(round), io);
      if (isEnding || (code === 130 && !edit.signal.aborted)) break;
      watched = filesOf(round, watched);
      const wasEdited = edit.signal.aborted;
      changes.ignore(publishedBy(round));
      await changes.follow(watched);
      if (!wasEdited) {
        io.stderr.write(`watching ${watched.size} files; Ctrl-C ends\n`);
        await new Promise<void>((resolve) => {
          wake = resolve;
          changes.onChange = () => resolve();
          changes.lookBack(since);
        });
        wake = null;
      }
      if (!isEnding)
        io.stderr.write(
          `changed: ${changes
            .take()
            .map((path) => shown(path, io))
            .join(', ')}\n`,
        );
    }
    return 130;
  } finally {
    remove();
    await changes.close();
  }
}

/** After a broken edit the files of the last good plan stay watched too: the mending may be in any of them. */
function filesOf(round: Round, before: ReadonlySet<string>): Set<string> {
  const { prepared } = round;
  if (prepared === null) return new Set(before);
  const found = new Set(
    [...prepared.files.asked.files, ...prepared.texts.keys()].filter((path) => path.startsWith('/')),
  );
  for (const folder of prepared.files.asked.folders) found.add(folder);
  if (prepared.plan === null) for (const path of before) found.add(path);
  const own = [prepared.workspace.cache, ...publishedBy(round)];
  return new Set([...found].filter((path) => !isUnder(path, own)));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function publishedBy({ prepared }: Round): string[] {
  return (prepared?.plan?.nodes ?? []).flatMap(({ to }) => (to === null ? [] : [to.path]));
}

function isUnder(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

class Changes {
  onChange: (() => void) | null = null;
  #watcher: FSWatcher | null = null;
  #watched = new Set<string>();
  #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #lookingBack: NodeJS.Timeout | undefined;
  /** What runs write themselves. */
  readonly #lock: string;
  readonly #cache: string;
  #published: readonly string[] = [];

  constructor(workspace: Workspace) {
    this.#lock = lockPath(workspace);
    this.#cache = workspace.cache;
  }

  ignore(published: readonly string[]): void {
    this.#published = published;
  }

  /** Resolves when changes of these paths are really seen; the watcher before goes on until then, so that none is missed. */
  async follow(paths: ReadonlySet<string>): Promise<void> {
    if (
      this.#watcher !== null &&
      paths.size === this.#watched.size &&
      [...paths].every((path) => this.#watched.has(path))
    )
      return;
    const before = this.#watcher;
    const watcher = watch([...paths], { ignoreInitial: true, depth: 0, persistent: true });
    // Of a folder only its names count: what else lies there may change as it likes.
    watcher.on('all', (event, path) => {
      if (event !== 'change' || paths.has(path)) this.#note(path);
    });
    watcher.on('error', (error) => {
      throw new CommandError('watch-failed', `cannot watch: ${String(error)}`, { exitCode: 1 });
    });
    await new Promise<void>((resolve) => watcher.once('ready', () => resolve()));
    this.#watcher = watcher;
    this.#watched = new Set(paths);
    await before?.close();
  }

  /** Notes what was edited after `since` (milliseconds) and before the watch had begun. */
  lookBack(since: number): void {
    const look = () => {
      for (const path of this.#watched) {
        const stamp = stampOf(path);
        if (stamp !== null && Number(BigInt(stamp[1]) / 1_000_000n) > since && !isFolder(path)) this.#note(path);
      }
    };
    look();
    clearTimeout(this.#lookingBack);
    this.#lookingBack = setTimeout(look, SETTLING_MS);
  }

  take(): string[] {
    clearTimeout(this.#lookingBack);
    const changed = [...this.#changed].sort();
    this.#changed = new Set();
    return changed;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    clearTimeout(this.#lookingBack);
    await this.#watcher?.close();
  }

  #note(path: string): void {
    const own = [this.#cache, ...this.#published];
    // A folder above one of ours appears with it.
    if (path.startsWith(this.#lock) || isUnder(path, own) || own.some((folder) => isUnder(folder, [path]))) return;
    this.#changed.add(path);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.onChange?.(), QUIET_MS);
  }
}
