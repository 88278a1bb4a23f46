/** croissant.json: the export in the mlcommons Croissant format, version 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html). */

import { type About, descriptionOf, licensesOf, splitPattern, titleOf } from './about.ts';
import type { ColumnSpec } from './columns.ts';
import { toDataType } from './features.ts';
import { sortLicenses } from './license-tag.ts';
import type { FormatSurvey } from './survey.ts';

/** As the specification prescribes it, word for word. */
const CONTEXT = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  cr: 'http://mlcommons.org/croissant/',
  rai: 'http://mlcommons.org/croissant/RAI/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileProperty: 'cr:fileProperty',
  fileObject: 'cr:fileObject',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  parentField: 'cr:parentField',
  path: 'cr:path',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
} as const;

const ENCODINGS = {
  jsonl: 'application/jsonlines',
  parquet: 'application/x-parquet',
  'json-files': 'application/json',
} as const;

export function toCroissant(about: About): string {
  const { config, surveys, files } = about;
  const { url, creator, date_published, version } = config.card ?? {};
  const encodingFormat = ENCODINGS[config.layout ?? 'jsonl'];
  const licenses = sortLicenses(licensesOf(about)).map(([spdx]) => (spdx === '' ? 'unknown' : spdx));
  const filled = surveys.filter(({ splits }) => [...splits.values()].some(({ rows }) => rows > 0));
  const dataset = {
    '@context': CONTEXT,
    '@type': 'sc:Dataset',
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    name: titleOf(about),
    description: descriptionOf(about),
    license: licenses.length === 1 ? licenses[0] : licenses.length === 0 ? 'unknown' : licenses,
    ...(url === undefined ? {} : { url }),
    ...(creator === undefined ? {} : { creator: { '@type': 'sc:Organization', name: creator } }),
    ...(date_published === undefined ? {} : { datePublished: date_published }),
    ...(version === undefined ? {} : { version }),
    distribution: [
      ...[...files]
        .sort((a, b) => (a.path < b.path ? -1 : 1))
        .map(({ path, bytes, sha256 }) => ({
          '@type': 'cr:FileObject',
          '@id': path,
          name: path,
          contentUrl: path,
          contentSize: `${bytes} B`,
          encodingFormat,
          sha256,
        })),
      ...filled.map(({ format }) => ({
        '@type': 'cr:FileSet',
        '@id': `files-${format}`,
        name: `files-${format}`,
        encodingFormat,
        includes: splitPattern(about, format, '*'),
      })),
    ],
    recordSet: filled.map((survey) => toRecordSet(about, survey)),
  };
  return `${JSON.stringify(dataset, null, 2)}\n`;
}

function toRecordSet(about: About, { format, columns, splits }: FormatSurvey) {
  // Parquet holds them as JSON text. In JSON they are values of no one type, which Croissant has no name for.
  const isNamed = ({ column }: ColumnSpec) => about.config.layout === 'parquet' || column.type !== 'json';
  const others = columns.filter((spec) => !isNamed(spec)).map(({ name }) => name);
  const more = others.length === 0 ? '' : ` Beside the fields: ${others.join(', ')}, JSON values of no one type.`;
  return {
    '@type': 'cr:RecordSet',
    '@id': format,
    name: format,
    description: `Rows of the config ${format}: ${[...splits].map(([split, { rows }]) => `${rows} ${split}`).join(', ')}.${more}`,
    field: [
      ...(about.config.folder_by === undefined ? [splitField(format, [...splits.keys()])] : []),
      ...columns.filter(isNamed).map((spec) => toField(about, format, spec)),
    ],
  };
}

function splitField(format: string, splits: readonly string[]) {
  return {
    '@type': 'cr:Field',
    '@id': `${format}/split`,
    name: `${format}/split`,
    description: 'The split that a row is in, from the name of its file.',
    dataType: 'sc:Text',
    source: {
      fileSet: { '@id': `files-${format}` },
      extract: { fileProperty: 'fullpath' },
      transform: { regex: `^.*/(${splits.join('|')})[-/][^/]*$` },
    },
  };
}

function toField({ config }: About, format: string, { name, column }: ColumnSpec) {
  const id = `${format}/${escapeId(name === 'split' ? 'column:split' : name)}`;
  const source = {
    fileSet: { '@id': `files-${format}` },
    // A file of one record is an object; the other layouts are tables.
    extract: config.layout === 'json-files' ? { jsonPath: `$[${JSON.stringify(name)}]` } : { column: name },
  };
  const base = { '@type': 'cr:Field', '@id': id, name: id };
  const isList = column.type === 'texts' || column.type === 'records';
  const repeated = isList ? { repeated: true } : {};
  if (column.type !== 'records') return { ...base, dataType: toDataType(column), ...repeated, source };
  const subField = column.members.map((member) => ({
    '@type': 'cr:Field',
    '@id': `${id}/${escapeId(member)}`,
    name: `${id}/${escapeId(member)}`,
    dataType: 'sc:Text',
    source: { ...source, transform: { jsonPath: /^\w+$/.test(member) ? member : `$[${JSON.stringify(member)}]` } },
  }));
  // Readers of whole JSON files find the columns by the fields at the top.
  return { ...base, ...repeated, source, subField };
}

/** Ids are references (IRI): what a field is called must not break them. */
function escapeId(name: string): string {
  return encodeURIComponent(name.toWellFormed());
}
