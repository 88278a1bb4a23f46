/** The sandbox of this process, made when a plan or a run first asks for it. */

import type { SandboxHub } from '#services/sandbox/sandbox-service.ts';
import type { Io } from './io.ts';

const sandboxes = new Map<string, Promise<SandboxHub>>();

/** One a PATH for the life of this process, which planning asks what would serve and running uses. It ends with the process. */
export function sandboxHub(env: Io['environment']): Promise<SandboxHub> {
  const path = env['PATH'] ?? '';
  const known = sandboxes.get(path);
  if (known !== undefined) return known;
  const made = import('#services/sandbox/sandbox-service.ts').then(({ makeSandboxHub }) => makeSandboxHub({ env }));
  sandboxes.set(path, made);
  return made;
}
