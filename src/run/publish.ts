/** Lays a node's tree where the manifest asks: compared and mended on every run, one process at a time a folder. */

import { join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Failure } from '#contract/failure.ts';
import type { TreeFile } from '#contract/files.ts';
import type { PlanNode } from '#contract/plan.ts';
import type { Shared } from './environment.ts';
import { LostBody } from './rows.ts';

/** @throws Failure `publish-*`, LostBody */
export async function publishTree(node: PlanNode, tree: readonly TreeFile[], shared: Shared): Promise<void> {
  const { env, options, rows } = shared;
  const to = options.publishUnder !== null ? join(options.publishUnder, node.id) : node.to?.path;
  if (to === undefined) return;
  // As it lies to the store, so that a project that is moved or copied with its store knows its files again.
  const note = `tree:${env.storeFolder === null ? to : relative(env.storeFolder, to)}`;
  const lease = await reserve(`publish:${to}`, shared);
  try {
    const known = (await env.store.notes.get(note)) ?? (await env.store.notes.get(`tree:${to}`));
    const previous = (known as readonly TreeFile[] | undefined) ?? [];
    const isNew = !isDeepStrictEqual(previous, tree);
    const result = await env.publisher.publish({
      to,
      files: tree,
      previous,
      async claim() {
        // Before as well as after: files of a publication that was cut short are ours, not foreign.
        if (isNew) await env.store.notes.put(note, union(previous, tree));
      },
      async load(digest) {
        const [bytes] = await rows.read([digest]);
        if (bytes === undefined) throw new LostBody(node.id, digest);
        return bytes;
      },
    });
    if (isNew) await env.store.notes.put(note, tree);
    const text = options.publishUnder !== null ? to : (node.to?.text ?? to);
    env.emit({
      type: 'published',
      node: node.id,
      to: text,
      files: tree.length,
      written: result.written,
      removed: result.removed,
    });
  } finally {
    await lease.release();
  }
}

function union(previous: readonly TreeFile[], tree: readonly TreeFile[]): TreeFile[] {
  return [...new Map([...previous, ...tree].map((file) => [file.path, file])).values()];
}

async function reserve(key: string, shared: Shared) {
  for (;;) {
    const lease = await shared.env.store.leases.reserve(key);
    if (lease !== undefined) return lease;
    if (shared.env.drain.aborted) throw new Failure('stopped', 'the run was stopped', { scope: 'stopped' });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
