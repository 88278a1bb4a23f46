/** The footer of a file elsewhere, under way before its decoder asks for it: decoders open one file after the other. */

import type { ByteRange, RangeSource } from './ranged-bytes.ts';

/** The end of a file that is fetched to find its footer; more where the footer is longer. */
export const TAIL_BYTES = 1 << 16;
/** Its length and `PAR1`. */
const END_BYTES = 8;

/** The same source; what it has of the footer, or why it has none, is given once. */
export function footerAhead(source: RangeSource, signal: AbortSignal): RangeSource {
  const ahead = new Map<string, Promise<Uint8Array>>();
  const fetch = (range: ByteRange): Promise<Uint8Array> => {
    const part = source.read([range], signal).then(([bytes]) => bytes as Uint8Array);
    part.catch(() => undefined);
    ahead.set(nameOf(range), part);
    return part;
  };
  const tail: ByteRange = [Math.max(0, source.bytes - TAIL_BYTES), source.bytes];
  fetch(tail).then(
    (bytes) => {
      const rest = restOf(bytes, source.bytes);
      if (rest !== null) void fetch(rest);
    },
    () => undefined,
  );
  return {
    ...source,
    async read(ranges, asked) {
      const parts = ranges.map((range) => {
        const part = ahead.get(nameOf(range));
        ahead.delete(nameOf(range));
        return part;
      });
      const missing = ranges.filter((_, nth) => parts[nth] === undefined);
      const rest = missing.length === 0 ? [] : await source.read(missing, asked);
      let at = 0;
      return Promise.all(parts.map((part) => part ?? (rest[at++] as Uint8Array)));
    },
  };
}

/** What lies before the tail, where the footer is longer; its length is the writer's word, which the decoder judges. */
function restOf(tail: Uint8Array, size: number): ByteRange | null {
  if (tail.length < END_BYTES) return null;
  const length = new DataView(tail.buffer, tail.byteOffset + tail.length - END_BYTES).getUint32(0, true);
  const start = size - END_BYTES - length;
  return start >= 0 && length + END_BYTES > tail.length ? [start, size - tail.length] : null;
}

const nameOf = ([start, end]: ByteRange) => `${start} ${end}`;
