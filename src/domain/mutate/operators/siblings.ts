/** Functions that are mistaken for each other, in any of the languages: a program holds only names of its own. */

const GROUPS: readonly (readonly string[])[] = [
  ['min', 'max'],
  ['Min', 'Max'],
  ['any', 'all'],
  ['any?', 'all?', 'none?'],
  ['some', 'every'],
  ['Any', 'All'],
  ['anyMatch', 'allMatch', 'noneMatch'],
  ['floor', 'ceil', 'round'],
  ['Floor', 'Ceil', 'Ceiling', 'Round'],
  ['upper', 'lower'],
  ['upcase', 'downcase'],
  ['toUpperCase', 'toLowerCase'],
  ['ToUpper', 'ToLower'],
  ['to_uppercase', 'to_lowercase'],
  ['strtoupper', 'strtolower'],
  ['isupper', 'islower'],
  ['isalpha', 'isalnum', 'isdigit'],
  ['startswith', 'endswith'],
  ['startsWith', 'endsWith'],
  ['start_with?', 'end_with?'],
  ['starts_with', 'ends_with'],
  ['StartsWith', 'EndsWith'],
  ['HasPrefix', 'HasSuffix'],
  ['lstrip', 'rstrip', 'strip'],
  ['ltrim', 'rtrim', 'trim'],
  ['trimStart', 'trimEnd', 'trim'],
  ['trim_start', 'trim_end', 'trim'],
  ['TrimLeft', 'TrimRight'],
  ['find', 'rfind'],
  ['index', 'rindex'],
  ['indexOf', 'lastIndexOf'],
  ['IndexOf', 'LastIndexOf'],
  ['append', 'extend'],
  ['push', 'unshift'],
  ['pop', 'shift'],
  ['push_back', 'push_front'],
  ['keys', 'values', 'items'],
  ['add', 'discard'],
  ['union', 'intersection', 'difference'],
  ['sorted', 'reversed'],
  ['sum', 'len'],
  ['first', 'last'],
  ['First', 'Last'],
  ['ceilDiv', 'floorDiv'],
  ['int', 'float'],
  ['sin', 'cos'],
  ['log', 'log2', 'log10'],
  ['ljust', 'rjust'],
  ['padStart', 'padEnd'],
  ['map', 'filter'],
  ['take', 'skip'],
  ['Take', 'Skip'],
];

const SIBLINGS = new Map<string, readonly string[]>();
for (const group of GROUPS)
  for (const name of group) {
    const others = group.filter((other) => other !== name);
    SIBLINGS.set(name, [...new Set([...(SIBLINGS.get(name) ?? []), ...others])]);
  }

export const siblingsOf = (name: string): readonly string[] => SIBLINGS.get(name) ?? [];
