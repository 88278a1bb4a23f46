/** Variables by name: the environment first, then `.env` files. A file is read when a name is not in the environment. */

import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { Failure } from '#contract/failure.ts';

export interface Environment {
  /** Null where it is nowhere, or empty everywhere. @throws Failure `secret-file-unreadable` */
  find(name: string): { readonly value: string; readonly from: string } | null;
  names(): string[];
}

export interface EnvironmentOptions {
  readonly env: { readonly [name: string]: string | undefined };
  /** Absolute paths of `.env` files, the first that has a name wins. Missing files are fine. */
  readonly files: readonly string[];
}

type Values = { readonly [name: string]: string };

export function makeEnvironment({ env, files }: EnvironmentOptions): Environment {
  let read: readonly { readonly file: string; readonly values: Values }[] | null = null;
  const fromFiles = () => (read ??= files.map((file) => ({ file, values: readEnvFile(file) })));
  return {
    find(name) {
      const own = env[name];
      if (own !== undefined && own !== '') return { value: own, from: 'environment' };
      for (const { file, values } of fromFiles()) {
        const value = Object.hasOwn(values, name) ? values[name] : undefined;
        if (value !== undefined && value !== '') return { value, from: file };
      }
      return null;
    },
    names: () => [...new Set([...Object.keys(env), ...fromFiles().flatMap(({ values }) => Object.keys(values))])],
  };
}

function readEnvFile(file: string): Values {
  try {
    return parse(readFileSync(file));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return {};
    throw new Failure('secret-file-unreadable', `${file} cannot be read: ${String(error)}`, {
      scope: 'endpoint',
      hint: 'make it readable, or remove it and use the environment',
      cause: error,
    });
  }
}
