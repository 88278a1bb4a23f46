import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Failure } from '#contract/failure.ts';
import { type DiskStoreOptions, openDiskStore } from '#store/disk/disk-store.ts';
import { fsCalls } from '#store/disk/fs-calls.ts';
import { verifyStore } from '#store/disk/verify-store.ts';
import { answerOf, blobOf, entryOf, intentOf, rejects } from './contract.ts';
import { withRoot, withStore } from './disk-rig.ts';

/** Runs `act` on a file system of its own; tells why not where this user may not mount one. */
async function onTmpfs(size: string, act: (root: string, remount: (how: string) => void) => Promise<void>) {
  await withRoot(async (folder) => {
    const mount = join(folder, 'mount');
    mkdirSync(mount);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', mount], { stdio: 'ignore' });
    } catch {
      console.log('skipped on a real file system: mounting one is not allowed here');
      return;
    }
    try {
      await act(join(mount, 'cache'), (how) =>
        execFileSync('mount', ['-o', `remount,${how}`, mount], { stdio: 'ignore' }),
      );
    } finally {
      execFileSync('umount', ['-l', mount], { stdio: 'ignore' });
    }
  });
}

/** More than any of these disks holds. */
const MOST = 20_000;
const bodyOf = (nth: number) => blobOf(`"${nth} ${'z'.repeat(2000)}"`);

/** Puts until the store says that it is full. @returns how many bodies were synced */
async function fillUp(root: string, options: DiskStoreOptions): Promise<number> {
  const store = await openDiskStore(root, options);
  let synced = 0;
  let failure: Failure | undefined;
  try {
    for (let nth = 0; nth < MOST; nth++) {
      await store.blobs.put([bodyOf(nth)]);
      await store.entries.put('action', [entryOf(`${nth}`)]);
      if (nth % 10 === 9) await store.entries.put('node', [entryOf(`${nth}`)]);
      if (nth % 50 === 49) {
        await store.sync();
        synced = nth + 1;
      }
    }
  } catch (error) {
    failure = error as Failure;
  }
  assert.is(failure?.code, 'store-full');
  assert.is(failure?.scope, 'infrastructure');
  assert.match(failure?.message ?? '', root);
  assert.ok(failure?.hint);
  // What could not be written is still to be had, and still not said to be stored.
  await rejects(() => store.sync(), 'store-full');
  await rejects(() => store.close(), 'store-full');
  assert.ok(synced > 0);
  return synced;
}

async function checkIntact(root: string, synced: number): Promise<void> {
  await withStore(root, async (store) => {
    const nths = [...Array(synced).keys()];
    assert.not.ok((await store.blobs.get(nths.map((nth) => bodyOf(nth).digest))).includes(undefined));
    const keys = nths.map((nth) => entryOf(`${nth}`).key);
    assert.not.ok((await store.entries.get('action', keys)).includes(undefined));
    // Never an entry before its body, whoever reads it and whatever became of the rest.
    const all = [...Array(MOST).keys()];
    for (const level of ['action', 'node'] as const) {
      const found = await store.entries.get(
        level,
        all.map((nth) => entryOf(`${nth}`).key),
      );
      const kept = all.filter((nth) => found[nth] !== undefined);
      const bodies = await store.blobs.get(kept.map((nth) => bodyOf(nth).digest));
      assert.equal(
        kept.filter((_, at) => bodies[at] === undefined),
        [],
        level,
      );
    }
    // There is room again: work goes on.
    await store.blobs.put([bodyOf(99_999)]);
    await store.calls.answer(await store.calls.intend(intentOf('later')), answerOf('later'));
    await store.sync();
  });
  const report = await verifyStore(root);
  assert.equal(report.damage, []);
}

test('a full disk ends by name, and what was synced is intact', () =>
  onTmpfs('6m', async (root, remount) => {
    const synced = await fillUp(root, { syncMs: 60_000 });
    remount('size=60m');
    await checkIntact(root, synced);
  }));

test('so does a disk that is full at any write', () =>
  withRoot(async (root) => {
    let left = 3_000_000;
    const full = {
      ...fsCalls,
      write: (fd: number, bytes: Uint8Array, position: number) => {
        const room = Math.min(left, bytes.byteLength);
        fsCalls.write(fd, bytes.subarray(0, room), position);
        left -= room;
        if (room < bytes.byteLength) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
      },
    };
    const synced = await fillUp(root, { fs: full });
    await checkIntact(root, synced);
  }));

test('calls on a full disk: no intent, no call; what was answered stays', () =>
  withRoot(async (root) => {
    let isFull = false;
    const fs = {
      ...fsCalls,
      write: (fd: number, bytes: Uint8Array, position: number) => {
        if (!isFull) return fsCalls.write(fd, bytes, position);
        fsCalls.write(fd, bytes.subarray(0, 20), position);
        throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
      },
    };
    const store = await openDiskStore(root, { fs });
    await store.calls.answer(await store.calls.intend(intentOf('a')), answerOf('a'));
    const open = await store.calls.intend(intentOf('b'));
    isFull = true;
    await rejects(() => store.calls.intend(intentOf('c')), 'store-full');
    await rejects(() => store.calls.answer(open, answerOf('b')), 'store-full');
    assert.equal(await store.calls.ledger('duel'), {
      calls: 1,
      usd: 0.25,
      openCalls: 1,
      openUsd: 0.5,
      input: 10,
      output: 20,
    });
    isFull = false;
    await store.calls.answer(open, answerOf('b'));
    await store.close();
    await withStore(root, async (again) => {
      const found = await again.calls.find(['a', 'b', 'c'].map((name) => intentOf(name).key));
      assert.equal(
        found.map((record) => record?.answer['text']),
        ['a', 'b', undefined],
      );
      assert.is((await again.calls.ledger('duel')).openCalls, 0);
    });
  }));

test('a store that cannot be written is read all the same', () =>
  onTmpfs('20m', async (root, remount) => {
    const key = intentOf('a').key;
    await withStore(root, async (store) => {
      await store.blobs.put([bodyOf(1)]);
      await store.entries.put('action', [entryOf('a')]);
      await store.entries.put('node', [entryOf('n')]);
      await store.calls.answer(await store.calls.intend(intentOf('a')), answerOf('a'));
      await (await store.runs.create('r1')).close();
      await store.notes.put('note', 1);
    });
    remount('ro');
    const store = await openDiskStore(root);
    assert.ok((await store.blobs.get([bodyOf(1).digest]))[0]);
    assert.equal(await store.entries.get('action', [entryOf('a').key]), [entryOf('a')]);
    assert.equal(await store.entries.get('node', [entryOf('n').key]), [entryOf('n')]);
    assert.is((await store.calls.find([key]))[0]?.answer['text'], 'a');
    assert.is((await store.calls.ledger('duel')).calls, 1);
    assert.equal(await store.runs.list(), ['r1']);
    assert.is(await store.notes.get('note'), 1);
    await store.notes.put('note', 2);
    await store.blobs.put([bodyOf(1)]);
    await rejects(() => store.blobs.put([bodyOf(2)]), 'store-read-only');
    await rejects(() => store.entries.put('action', [entryOf('b')]), 'store-read-only');
    await rejects(() => store.entries.put('node', [entryOf('m')]), 'store-read-only');
    await rejects(() => store.calls.intend(intentOf('b')), 'store-read-only');
    await rejects(() => store.leases.reserve('k'), 'store-read-only');
    await rejects(() => store.runs.create('r2'), 'store-read-only');
    await store.close();
    remount('rw');
    await withStore(root, async (again) => assert.ok(await again.leases.reserve('k')));
  }));

test('a store of a newer format is refused by name', () =>
  withRoot(async (root) => {
    await withStore(root, (store) => store.notes.put('a', 1));
    const path = join(root, 'format.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"format":1', '"format":99'));
    await rejects(() => openDiskStore(root), 'store-version');
    writeFileSync(path, 'what');
    await rejects(() => openDiskStore(root), 'store-version');
  }));

test('a store whose folder is a file is refused by name', () =>
  withRoot(async (root) => {
    writeFileSync(join(root, 'file'), '');
    await rejects(() => openDiskStore(join(root, 'file')), 'store-io');
  }));

test.run();
