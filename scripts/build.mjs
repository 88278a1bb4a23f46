/**
 * src -> dist. tsc checks and emits the library (dist/lib, with types); the command line is bundled, because opening five
 * hundred module files takes longer than most runs. Built beside and swapped in, so that nobody runs half a build.
 */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const beside = `${root}dist.${process.pid}.tmp`;
const old = `${root}dist.${process.pid}.old.tmp`;
const tsc = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', `${beside}/lib`],
  { cwd: root, stdio: 'inherit' },
);
if (tsc.status !== 0) {
  rmSync(beside, { recursive: true, force: true });
  process.exit(tsc.status ?? 1);
}
// What runs inside the sandbox is Python and stays as it is.
cpSync(`${root}src/services/sandbox/python`, `${beside}/lib/services/sandbox/python`, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ['src/main.ts'],
  outdir: beside,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  conditions: ['development'],
  sourcemap: true,
  // Small modules that every run needs go in; what is native, large or rarely needed stays a package of its own.
  external: [
    '@dagrejs/dagre',
    '@observablehq/plot',
    'chokidar',
    'd3-sankey',
    'jiti',
    'linkedom',
    'liquidjs',
    'lmdb',
    'sh-syntax',
    'undici',
    'web-tree-sitter',
  ],
  // Bundled CommonJS packages ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as nodeRequire } from 'node:module';\nconst require = nodeRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
// So are the processes that a run starts and waits for.
await build({
  absWorkingDir: root,
  entryPoints: ['src/services/datasets/parquet-decoder-main.ts', 'src/services/process/launcher-main.ts'],
  outbase: 'src',
  outdir: `${beside}/lib`,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  conditions: ['development'],
  sourcemap: true,
  logLevel: 'warning',
});
const grammars = `${beside}/lib/services/code/wasm`;
mkdirSync(grammars);
for (const name of Object.keys(JSON.parse(readFileSync(`${root}package.json`, 'utf8')).devDependencies)) {
  if (!name.startsWith('tree-sitter-')) continue;
  const folder = `${root}node_modules/${name}`;
  for (const file of readdirSync(folder))
    if (file.endsWith('.wasm')) copyFileSync(`${folder}/${file}`, `${grammars}/${file}`);
}
chmodSync(`${beside}/main.js`, 0o755);
if (existsSync(`${root}dist`)) renameSync(`${root}dist`, old);
renameSync(beside, `${root}dist`);
rmSync(old, { recursive: true, force: true });
