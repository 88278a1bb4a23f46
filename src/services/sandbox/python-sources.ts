/** The Python files that run in and around the sandbox: where they lie, in the sources as in a build, and the digest of all. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Digest } from '#contract/json.ts';
import { sha256 } from '#util/sha256.ts';

let digest: Digest | null = null;

export function pythonFolder(): string {
  // The command line is bundled elsewhere; only the name in package.json's imports leads to the file itself.
  return join(dirname(fileURLToPath(import.meta.resolve('#services/sandbox/python-sources.ts'))), 'python');
}

export function pythonDigest(): Digest {
  if (digest === null) {
    const folder = pythonFolder();
    const files = readdirSync(folder)
      .filter((name) => name.endsWith('.py'))
      .sort();
    digest = sha256(files.map((name) => `${name}\0${readFileSync(join(folder, name), 'utf8')}\0`).join(''));
  }
  return digest;
}
