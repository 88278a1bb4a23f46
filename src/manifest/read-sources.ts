/** Reads the texts that make up a manifest: the entry file, what it includes, and files of params; each is noted as consulted. */

import { basename, dirname, extname, resolve } from 'node:path';
import type { SourceSpan } from '#contract/diagnostic.ts';
import type { Digest } from '#contract/json.ts';
import { sha256 } from '#util/sha256.ts';
import { decodeText } from './decode-text.ts';
import type { DiagnosticList } from './diagnostic-list.ts';
import { MAX_INCLUDES } from './limits.ts';
import { emptyMap, itemsOf, type Located, type LocatedMap, member, textOf } from './located.ts';
import { overlayManifest } from './overlay.ts';
import { parseToml } from './parse-toml.ts';
import { parseYaml } from './parse-yaml.ts';
import { parseCached, type TreeCache } from './tree-cache.ts';

export type ReadText = (path: string) => Promise<string | Uint8Array | null>;

export class SourceReader {
  readonly texts = new Map<string, string>();
  readonly consulted = new Map<string, Digest | null>();
  readonly #readText: ReadText;
  readonly #diagnostics: DiagnosticList;
  readonly #trees: TreeCache | null;
  #keeping: (() => Promise<void>)[] = [];
  #included = 0;

  constructor(readText: ReadText, diagnostics: DiagnosticList, trees: TreeCache | null) {
    this.#readText = readText;
    this.#diagnostics = diagnostics;
    this.#trees = trees;
  }

  /** The file with everything it includes laid under it. Null where the file itself cannot be used. */
  async manifest(file: string, from: SourceSpan | undefined, open: readonly string[]): Promise<LocatedMap | null> {
    const root = await this.#parsed(file, from, 'the manifest');
    if (root === null) return null;
    if (root === 'empty' || root.type !== 'map') {
      const at = { file, start: 0, end: 0 };
      if (root === 'empty') {
        const hint = '`sluice init` writes a commented manifest to start from';
        this.#diagnostics.error('empty-manifest', 'the file holds nothing', at, { hint });
      } else if (root.type !== 'hole') {
        const what = root.type === 'list' ? 'a list' : 'a single value';
        this.#diagnostics.error('not-a-map', `the manifest must be a map, but is ${what}`, root, {
          hint: 'start with the line: sluice: 1',
        });
      }
      return null;
    }
    let base = emptyMap(root);
    for (const item of itemsOf(member(root, 'include'))) {
      const included = await this.#include(item, file, [...open, file]);
      if (included !== null) base = overlayManifest(base, included);
    }
    return base.entries.size === 0 ? root : overlayManifest(base, root);
  }

  async #include(item: Located, file: string, open: readonly string[]): Promise<LocatedMap | null> {
    const path = textOf(item);
    // Other types are reported by the shape check.
    if (path === null || path === '') return null;
    const target = resolve(dirname(file), path);
    if (open.includes(target)) {
      const cycle = [...open.slice(open.indexOf(target)), target].map((step) => basename(step)).join(' -> ');
      this.#diagnostics.error('include-cycle', `files include each other: ${cycle}`, item);
      return null;
    }
    this.#included++;
    if (this.#included > MAX_INCLUDES) {
      if (this.#included === MAX_INCLUDES + 1)
        this.#diagnostics.error('too-many-includes', `more than ${MAX_INCLUDES} files are included`, item);
      return null;
    }
    const included = await this.manifest(target, item, open);
    if (included === null) return null;
    // What it includes is already under it, and a version is a matter of each file.
    const entries = new Map(included.entries);
    entries.delete('include');
    entries.delete('sluice');
    return { ...included, entries };
  }

  /** Values of a file of params; null where there are none. */
  async params(path: string, file: string, optional: boolean, from: SourceSpan): Promise<LocatedMap | null> {
    const target = resolve(dirname(file), path);
    if (optional && (await this.#read(target)) === null) return null;
    const root = await this.#parsed(target, from, 'the file of params');
    if (root === null || root === 'empty') return null;
    if (root.type === 'map') return root;
    if (root.type !== 'hole')
      this.#diagnostics.error('not-a-map', 'a file of params must be a map of names to values', root);
    return null;
  }

  /** What was parsed need not be parsed again. Only for manifests without errors. */
  async keepTrees(): Promise<void> {
    for (const put of this.#keeping) await put();
    this.#keeping = [];
  }

  async #parsed(file: string, from: SourceSpan | undefined, what: string): Promise<Located | 'empty' | null> {
    const text = this.texts.get(file) ?? (await this.#load(file, from, what));
    if (text === null) return null;
    const parse = extname(file) === '.toml' ? parseToml : parseYaml;
    const { root, diagnostics } = await parseCached(file, text, parse, this.#trees, (put) => this.#keeping.push(put));
    for (const diagnostic of diagnostics) this.#diagnostics.add(diagnostic);
    if (root !== undefined) return root;
    return diagnostics.length === 0 ? 'empty' : null;
  }

  async #load(file: string, from: SourceSpan | undefined, what: string): Promise<string | null> {
    const content = await this.#read(file);
    if (content === null) {
      const hint = from === undefined ? 'name a manifest, or a folder that holds pipeline.yaml' : undefined;
      const named = from === undefined ? what : `${what} ${basename(file)}`;
      this.#diagnostics.error(
        'file-not-found',
        `${named} does not exist or cannot be read`,
        from ?? { file, start: 0, end: 0 },
        { hint },
      );
      return null;
    }
    const { text, diagnostics } = decodeText(file, content);
    this.texts.set(file, text);
    for (const diagnostic of diagnostics)
      this.#diagnostics.add(
        diagnostic.at === undefined ? { ...diagnostic, at: { file, start: 0, end: 0 } } : diagnostic,
      );
    return diagnostics.length > 0 ? null : text;
  }

  async #read(path: string): Promise<string | Uint8Array | null> {
    const content = await this.#readText(path);
    this.consulted.set(path, content === null ? null : sha256(content));
    return content;
  }
}
