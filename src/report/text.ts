/** Numbers and foreign texts as lines show them: the same on every machine and locale, and harmless to a terminal. */

import { toVisible } from '#html/escape.ts';
import { characterWidth, displayWidth } from '#util/display-width.ts';

/** One line without anything that a terminal would obey: row keys and messages hold what models and datasets wrote. */
export function toLine(text: string, limit = 400): string {
  const line = toVisible(text.slice(0, limit + 1))
    .replace(/[\u0080-\u009f\u2028\u2029]/g, (character) => `[U+${character.charCodeAt(0).toString(16).toUpperCase()}]`)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}

/** Cut to so many columns, the last of them an ellipsis. */
export function fitWidth(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let width = 0;
  let fitting = '';
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns - 1) break;
    fitting += character;
  }
  return columns > 0 ? `${fitting}…` : '';
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)));
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - displayWidth(text))) + text;
}

/** Four decimals: single calls cost less than a cent. */
export function formatUsd(usd: number): string {
  return usd.toFixed(4);
}

/** `0.4 s`, `12.3 s`, `4:05`, `1:02:03` */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ${units[unit]}`;
}

export function formatDuration(ms: number): string {
  if (ms < 60_000) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = String(seconds % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** `0.25/s`, `12.3/s`, `44k/s` */
export function formatRate(perSecond: number): string {
  if (perSecond >= 10_000) return `${Math.round(perSecond / 1000)}k/s`;
  if (perSecond >= 100) return `${Math.round(perSecond)}/s`;
  return `${perSecond.toFixed(perSecond >= 1 ? 1 : 2)}/s`;
}

/** `1 row`, `2 rows` */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `a 3, b 1`, most frequent first. */
export function formatCodes(codes: { readonly [code: string]: number }, limit = 6): string {
  const sorted = Object.entries(codes).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const shown = sorted.slice(0, limit).map(([code, count]) => `${toLine(code, 60)} ${count}`);
  return [...shown, ...(sorted.length > limit ? [`${sorted.length - limit} more`] : [])].join(', ');
}

/** As one argument of a POSIX shell. */
export function quoteArgument(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
