/** Programs run in groups of their own, so that what they started ends with them, also when we end first. */

/** Pipes that somebody else (a daemon in a session of its own) still holds after the program has ended are waited for no longer than this. */
export const PIPE_GRACE_MS = 500;

export class ProcessGroups {
  readonly #alive = new Set<number>();
  readonly #onExit = () => {
    for (const pid of this.#alive) kill(pid);
  };

  add(pid: number): void {
    if (this.#alive.size === 0) process.on('exit', this.#onExit);
    this.#alive.add(pid);
  }

  /** Ends the whole group at once, and only once: the number may soon be another's. What is already gone is no error. */
  end(pid: number): void {
    if (!this.#alive.delete(pid)) return;
    kill(pid);
    if (this.#alive.size === 0) process.off('exit', this.#onExit);
  }

  endAll(): void {
    for (const pid of [...this.#alive]) this.end(pid);
  }
}

function kill(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}
