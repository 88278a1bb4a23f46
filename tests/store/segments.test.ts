import { mkdirSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BlockCache } from '#store/disk/block-cache.ts';
import { fsCalls } from '#store/disk/fs-calls.ts';
import { mergeSegments } from '#store/disk/merge-segments.ts';
import { OpenFiles } from '#store/disk/open-files.ts';
import { makeRecords, SEGMENT_BLOCK, Segment, sortRecords, writeSegment } from '#store/disk/segment.ts';
import { blobOf, entryOf } from './contract.ts';
import { filesOf, withRoot, withStore } from './disk-rig.ts';

test('a segment finds all its records and hardly anything else', () =>
  withRoot(async (root) => {
    mkdirSync(root, { recursive: true });
    await fc.assert(
      // Few high halves, so that runs of equal ones cross blocks.
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(30), fc.nat()), { maxLength: 900 }), async (keys) => {
        const records = makeRecords(keys.length);
        for (const [nth, [high, low]] of keys.entries()) {
          records.high[nth] = high * 0x7fffff;
          records.low[nth] = low;
          records.pack[nth] = nth % 2;
          records.offset[nth] = nth * 2 ** 33;
        }
        const path = join(root, 'x.b.seg');
        writeSegment(path, { packs: ['p', 'q'], ranges: [], records: sortRecords(records) }, fsCalls);
        const files = new OpenFiles();
        const segment = new Segment(path, 0, files, new BlockCache(SEGMENT_BLOCK, 1 << 20));
        assert.is(segment.count, keys.length);
        for (const [nth, [high, low]] of keys.entries()) {
          assert.ok(segment.mayHold(high * 0x7fffff, low));
          const found: string[] = [];
          segment.find(high * 0x7fffff, low, (pack, offset) => found.push(`${pack}${offset}`));
          assert.ok(found.includes(`${nth % 2 === 0 ? 'p' : 'q'}${nth * 2 ** 33}`));
        }
        segment.find(31 * 0x7fffff, 5, () => assert.unreachable());
        files.close();
      }),
      { numRuns: 30 },
    );
  }));

test('segments are merged in order, without what lay in packs that are gone', () =>
  withRoot(async (root) => {
    mkdirSync(root, { recursive: true });
    const files = new OpenFiles();
    const cache = new BlockCache(SEGMENT_BLOCK, 1 << 20);
    const keys = fc.array(fc.tuple(fc.nat(9), fc.nat(0xffff)), { maxLength: 700 });
    await fc.assert(
      fc.asyncProperty(fc.array(keys, { minLength: 1, maxLength: 9 }), async (parts) => {
        const expected: string[] = [];
        const segments = parts.map((part, nth) => {
          const records = makeRecords(part.length);
          for (const [at, [high, low]] of part.entries()) {
            records.high[at] = high * 0x1000_0000;
            records.low[at] = low;
            records.pack[at] = at % 2;
            records.offset[at] = at;
            if (at % 2 === 1) expected.push(`${high * 0x1000_0000} ${low} own${nth} ${at}`);
          }
          const path = join(root, `${nth}.b.seg`);
          writeSegment(path, { packs: ['gone', `own${nth}`], ranges: [], records: sortRecords(records) }, fsCalls);
          return new Segment(path, nth, files, cache);
        });
        const merged = mergeSegments(segments, (pack) => pack !== 'gone');
        const path = join(root, 'merged.b.seg');
        writeSegment(path, merged, fsCalls);
        const reader = new Segment(path, 99, files, cache).read();
        const found: string[] = [];
        for (let last = 0; reader.next(); last = reader.high) {
          assert.ok(reader.high >= last);
          found.push(`${reader.high} ${reader.low} ${merged.packs[reader.pack]} ${reader.offset}`);
        }
        reader.close();
        assert.equal(found.sort(), expected.sort());
        assert.is(merged.records.count, expected.length);
      }),
      { numRuns: 20 },
    );
    files.close();
  }));

test('a segment whose end is cut off is none: its packs are looked through again', () =>
  withRoot(async (root) => {
    await withStore(root, (store) => store.blobs.put([blobOf('"kept"')]));
    const [segment = ''] = filesOf(root, 'index', '.b.seg');
    truncateSync(segment, statSync(segment).size - 1);
    await withStore(root, async (store) => assert.ok((await store.blobs.get([blobOf('"kept"').digest]))[0]));
  }));

test('segments of many short runs are merged, and everything is still found', () =>
  withRoot(async (root) => {
    const runs = 40;
    for (let run = 0; run < runs; run++)
      await withStore(root, async (store) => {
        await store.blobs.put([blobOf(`"${run}"`), blobOf(`"also ${run}"`)]);
        await store.entries.put('action', [entryOf(`${run}`)]);
      });
    assert.ok(readdirSync(join(root, 'index')).filter((name) => name.endsWith('.b.seg')).length < 16);
    await withStore(root, async (store) => {
      for (let run = 0; run < runs; run++) {
        assert.ok((await store.blobs.get([blobOf(`"also ${run}"`).digest]))[0]);
        assert.equal(await store.entries.get('action', [entryOf(`${run}`).key]), [entryOf(`${run}`)]);
      }
    });
  }));

test('more bodies than a segment and a pack hold, read in any order', () =>
  withRoot(async (root) => {
    const count = 70_000;
    const bodyOf = (nth: number) => blobOf(`"n ${nth}"`);
    await withStore(
      root,
      async (store) => {
        for (let from = 0; from < count; from += 500)
          await store.blobs.put(Array.from({ length: 500 }, (_, nth) => bodyOf(from + nth)));
      },
      { sealBytes: 1 << 20 },
    );
    assert.ok(filesOf(root, 'packs', '.b.pack').length > 3);
    await withStore(root, async (store) => {
      const nths = Array.from({ length: 3000 }, (_, nth) => (nth * 7919) % count);
      const read = await store.blobs.get(nths.map((nth) => bodyOf(nth).digest));
      for (const [at, nth] of nths.entries()) assert.is(Buffer.from(read[at] ?? []).toString(), `"n ${nth}"`);
    });
  }));

test.run();
