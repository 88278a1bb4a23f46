/**
 * One definition for the static type, the validator and the published schema of configs and rows.
 * Config fields that the engine must treat specially carry an `x-sluice` keyword, which these builders set.
 */

import type { TSchema, TUnsafe } from 'typebox';
import { Type } from 'typebox';
import type { DatasetRef, ResolvedModel } from './services.ts';

export { type Static, type TSchema, Type } from 'typebox';

/** A File() field after resolution: the content is in the key, the path is not. */
export interface FileContent {
  /** As written in the manifest. */
  readonly name: string;
  readonly text: string;
  /** Templates that the text includes, by the name used in `{% render 'name' %}`. */
  readonly includes: { readonly [name: string]: string };
}

/** A Mount() field after resolution: files that a program is shown. Their content is in the key, the place is not. */
export interface MountedFiles {
  /** Absolute file or folder of this machine. */
  readonly source: string;
  /** Relative to `source`, sorted; one of no name where `source` is itself the file. */
  readonly files: readonly string[];
}

export type Marker = 'file' | 'secret' | 'model' | 'dataset' | 'condition' | 'field' | 'paths' | 'mount';

interface Options {
  readonly description?: string;
  readonly default?: unknown;
}

function marked<T>(marker: Marker, schema: Record<string, unknown>, options: Options): TUnsafe<T> {
  return Type.Unsafe<T>({ ...schema, ...options, 'x-sluice': marker } as TSchema);
}

/** A path relative to the manifest (template includes are followed). The kind receives its content. */
export const File = (options: Options = {}) => marked<FileContent>('file', { type: 'string', minLength: 1 }, options);

/** A `${secret.NAME}` reference. The kind receives the reference; only services resolve it. */
export const Secret = (options: Options = {}) => marked<string>('secret', { type: 'string' }, options);

/** A model alias, or `{use: alias, sampling: {…}}`. The kind receives the resolved model. */
export const Model = (options: Options = {}) =>
  marked<ResolvedModel>(
    'model',
    {
      anyOf: [
        { type: 'string', minLength: 1 },
        {
          type: 'object',
          required: ['use'],
          additionalProperties: false,
          properties: {
            use: { type: 'string', minLength: 1 },
            sampling: { $ref: '#/$defs/sampling' },
          },
        },
      ],
    },
    options,
  );

/** A file, glob or folder relative to the manifest, `hf://owner/name` or `github://`. The kind receives a reference it opens through its datasets service. */
export const Dataset = (options: Options = {}) =>
  marked<DatasetRef>('dataset', { type: 'string', minLength: 1 }, options);

/** A CEL expression over the row's fields, type-checked against the input schema at `check`. */
export const Condition = (options: Options = {}) =>
  marked<string>('condition', { type: 'string', minLength: 1 }, options);

/** The dotted path of a field that must exist upstream, e.g. `king.text`. */
export const FieldPath = (options: Options = {}) => marked<string>('field', { type: 'string', minLength: 1 }, options);

/** Files whose content is in the key but which the kind only names (a command's scripts). Globs allowed. */
export const Paths = (options: Options = {}) =>
  marked<readonly string[]>('paths', { type: 'array', items: { type: 'string', minLength: 1 } }, options);

/** A file or folder, absolute or relative to the manifest, that a program may read. Keyed by its files' names in it and their content. */
export const Mount = (options: Options = {}) =>
  marked<MountedFiles>('mount', { type: 'string', minLength: 1 }, options);

/** Keeps a config field out of every key: it can change how long the work takes or what it costs, never what it yields. */
export function Unkeyed<T extends TSchema>(schema: T): T {
  return { ...schema, 'x-sluice-key': false };
}
