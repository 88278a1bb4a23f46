/** What the files of an export hold, gathered for its manifest, its dataset card and its Croissant metadata. */

import type { ExportConfig, FormatName } from './config.ts';
import type { SplitName } from './split.ts';
import type { FormatSurvey } from './survey.ts';

export interface FileFacts {
  readonly path: string;
  readonly format: FormatName;
  readonly split: SplitName;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

export interface About {
  readonly config: ExportConfig;
  readonly surveys: readonly FormatSurvey[];
  readonly files: readonly FileFacts[];
}

/** Where the data files of a format lie. */
export function dataFolder(format: FormatName, layout: ExportConfig['layout'], isOneOfMany: boolean): string {
  return isOneOfMany || layout === 'json-files' ? `data/${format}` : 'data';
}

/** A pattern that matches the files of one split. */
export function splitPattern({ config, surveys }: About, format: FormatName, split: SplitName | '*'): string {
  const folder = dataFolder(format, config.layout, surveys.length > 1);
  if (config.folder_by !== undefined) return '*/*.json';
  if (config.layout === 'json-files') return `${folder}/${split}/*.json`;
  return `${folder}/${split}-*.${config.layout === 'parquet' ? 'parquet' : 'jsonl'}`;
}

/** Rows by licence over all formats of the export; a row counts once, in the format that took most rows. */
export function licensesOf({ surveys }: About): ReadonlyMap<string, number> {
  const sizes = surveys.map(({ licenses }) => [...licenses.values()].reduce((sum, count) => sum + count, 0));
  return surveys[sizes.indexOf(Math.max(0, ...sizes))]?.licenses ?? new Map();
}

export function titleOf({ config }: About): string {
  return config.card?.title ?? 'Training data of coding models';
}

export function descriptionOf({ config, surveys }: About): string {
  if (config.card?.description !== undefined) return config.card.description;
  const formats = surveys.map(({ format }) => format).join(', ');
  return `Turns of coding agents as training data (${formats}).`;
}
