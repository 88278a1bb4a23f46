/** The answer under audit, taken apart once for all detectors. */

import { findFences } from '../turn-format/fences.ts';
import { scanPaths } from './scan.ts';

export interface AnswerPath {
  readonly start: number;
  readonly end: number;
  readonly path: string;
  /** The last component, in lower case. */
  readonly name: string;
}

export interface AnswerFacts {
  readonly text: string;
  /** Each distinct path once, at its first place. */
  readonly paths: readonly AnswerPath[];
  /** Bodies of command fences with their offset; a text without any is looked at as prose alone. */
  readonly commands: readonly { readonly body: string; readonly at: number }[];
}

export function readAnswer(text: string): AnswerFacts {
  const paths = new Map<string, AnswerPath>();
  scanPaths(text, (start, end) => {
    const path = text.slice(start, end);
    if (!paths.has(path))
      paths.set(path, { start, end, path, name: path.slice(path.lastIndexOf('/') + 1).toLowerCase() });
  });
  const labels = ['bash', 'mswea_bash_command'];
  const commands = labels.flatMap((label) =>
    findFences(text, label).map(({ body, bodyStart }) => ({ body, at: bodyStart })),
  );
  return { text, paths: [...paths.values()], commands };
}
