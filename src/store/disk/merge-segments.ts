/** Small segments become larger ones, as in a log-structured merge tree: the number looked through stays low. */

import type { PackRange, Segment, SegmentContent, SegmentReader, SortedRecords } from './segment.ts';

const FAN = 8;
/** Segments of this many records are merged no more. */
const FULL = 200_000;
const LIMIT = 2 ** 19;
/** Segments that are open at once. */
const MOST = 64;

/** The segments of one size class, once there are enough of them. */
export function pickMerge(segments: readonly Segment[]): Segment[] {
  const classes = new Map<number, Segment[]>();
  for (const segment of segments) {
    if (segment.count >= FULL) continue;
    const size = Math.floor(Math.log2(Math.max(1, segment.count)) / 3);
    const same = classes.get(size) ?? [];
    classes.set(size, same);
    same.push(segment);
  }
  for (const all of classes.values()) {
    const same = all.slice(0, MOST);
    const sum = same.reduce((total, segment) => total + segment.count, 0);
    if (same.length >= FAN && sum <= LIMIT) return same;
  }
  return [];
}

/** @param isThere false for packs that are gone: their records are left out */
export function mergeSegments(segments: readonly Segment[], isThere: (pack: string) => boolean): SegmentContent {
  const packs: string[] = [];
  const ordinals = new Map<string, number>();
  const ranges: PackRange[] = [];
  const sources: Source[] = segments.map((segment) => {
    ranges.push(...segment.ranges.filter((range) => isThere(range.pack)));
    const packsHere = segment.packs.map((name) => {
      if (!isThere(name)) return -1;
      let ordinal = ordinals.get(name);
      if (ordinal === undefined) {
        ordinal = packs.push(name) - 1;
        ordinals.set(name, ordinal);
      }
      return ordinal;
    });
    return { segment, packs: packsHere };
  });
  return { packs, ranges: joinRanges(ranges), records: toSorted(sources) };
}

interface Source {
  readonly segment: Segment;
  /** From the numbers of packs in the segment to those in the merged one; -1 for packs that are gone. */
  readonly packs: readonly number[];
}

/** Read twice where a pack is gone: how many records are left must be known before the first is written. */
function toSorted(sources: readonly Source[]): SortedRecords {
  const isWhole = sources.every(({ packs }) => !packs.includes(-1));
  let count = 0;
  if (isWhole) for (const { segment } of sources) count += segment.count;
  else inOrder(sources, () => count++);
  return { count, each: (visit) => inOrder(sources, visit) };
}

function inOrder(sources: readonly Source[], visit: Parameters<SortedRecords['each']>[0]): void {
  const all: { readonly reader: SegmentReader; readonly packs: readonly number[] }[] = [];
  try {
    for (const { segment, packs } of sources) all.push({ reader: segment.read(), packs });
    let open = all.filter(({ reader, packs }) => next(reader, packs));
    for (let least = open[0]; least !== undefined; least = open[0]) {
      for (const source of open) if (source.reader.high < least.reader.high) least = source;
      const { reader, packs } = least;
      visit(reader.high, reader.low, packs[reader.pack] ?? 0, reader.offset);
      if (!next(reader, packs)) open = open.filter((source) => source.reader !== reader);
    }
  } finally {
    for (const { reader } of all) reader.close();
  }
}

/** Goes to the next record whose pack is there. */
function next(reader: SegmentReader, packs: readonly number[]): boolean {
  while (reader.next()) if ((packs[reader.pack] ?? -1) >= 0) return true;
  return false;
}

function joinRanges(ranges: readonly PackRange[]): PackRange[] {
  const joined: { pack: string; from: number; to: number }[] = [];
  const sorted = [...ranges].sort((a, b) => (a.pack < b.pack ? -1 : a.pack > b.pack ? 1 : a.from - b.from));
  for (const range of sorted) {
    const last = joined.at(-1);
    if (last?.pack === range.pack && range.from <= last.to) last.to = Math.max(last.to, range.to);
    else joined.push({ ...range });
  }
  return joined;
}
