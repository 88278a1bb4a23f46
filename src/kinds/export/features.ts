/** Columns as dataset cards and Croissant name them. */

import type { ColumnSpec, ColumnType } from './columns.ts';

/** A feature of the `datasets` library; null where the values have no one type, and a reader must look for itself. */
export function toFeature({ name, column }: ColumnSpec): { readonly [key: string]: unknown } | null {
  switch (column.type) {
    case 'json':
      return null;
    case 'texts':
      return { name, list: 'string' };
    case 'records':
      return { name, list: column.members.map((member) => ({ name: member, dtype: 'string' })) };
    default:
      return { name, dtype: DTYPES[column.type] };
  }
}

const DTYPES = { boolean: 'bool', integer: 'int64', double: 'float64', text: 'string' } as const;

/** A data type of Croissant 1.0. */
export function toDataType({ type }: ColumnType): string {
  return type === 'boolean'
    ? 'sc:Boolean'
    : type === 'integer'
      ? 'sc:Integer'
      : type === 'double'
        ? 'sc:Float'
        : 'sc:Text';
}
