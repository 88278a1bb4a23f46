/**
 * Test files -> plain JavaScript beside the build, so that each of their processes starts at once: a hook that compiles TypeScript
 * costs more than most tests. What they test is imported from dist, as it is shipped; places are those of the sources.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** `import.meta` of a file that is bundled elsewhere. */
const places = {
  name: 'places',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^#/ }, ({ path }) => (path.startsWith('#rig/') ? null : { path, external: true }));
    onLoad({ filter: /[/\\](tests|bench|scripts)[/\\].*\.ts$/ }, async ({ path }) => ({
      loader: 'ts',
      contents: (await readFile(path, 'utf8'))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
    }));
  },
};

/**
 * @param root of the project
 * @param files relative to it
 * @returns where each lies now, or why it cannot be compiled; `remove` takes all away
 */
export async function bundleTests(root, files) {
  const outdir = mkdtempSync(join(root, '.tests-'));
  const remove = () => rmSync(outdir, { recursive: true, force: true });
  const bundle = (entries) =>
    build({
      absWorkingDir: root,
      entryPoints: entries,
      outdir,
      outbase: root,
      entryNames: '[dir]/[name]',
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      packages: 'external',
      plugins: [places],
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'silent',
    });
  const built = new Map(files.map((file) => [file, { path: join(outdir, file.replace(/\.ts$/, '.mjs')) }]));
  try {
    await bundle(files);
  } catch {
    // One that is broken must not hide the others.
    for (const file of files) {
      await bundle([file]).catch((error) => built.set(file, { problem: error.message }));
    }
  }
  return { built, remove };
}
