/** `sluice doctor`: what works on this machine; with a manifest, what works for it. Makes no paid call and shows no secret. */

import { accessSync, constants, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { countDiagnostics } from '#report/format-diagnostic.ts';
import { makeMemoryStore } from '#store/memory/memory-store.ts';
import { isObject } from '#util/json-object.ts';
import { toColumns } from '../columns.ts';
import { type Prepared, prepare, shown } from '../compose.ts';
import { endpointFindings } from '../endpoint-findings.ts';
import type { Finding } from '../finding.ts';
import type { Io } from '../io.ts';
import { readLock } from '../lock-file.ts';
import { sandboxFindings } from '../sandbox-findings.ts';
import { cacheFolder, type ManifestFlags, makePrinter } from '../session.ts';
import { findWorkspace, hasLock, lockPath } from '../workspace.ts';

const REACH_MS = 4000;
const LITTLE_SPACE = 1 << 30;

/** @returns 1 where something that the manifest needs (or sluice itself) is missing */
export async function doctor(
  target: string | undefined,
  flags: ManifestFlags & { readonly json?: boolean },
  io: Io,
): Promise<number> {
  const workspace = target === undefined ? null : findWorkspace(target, flags.cache, io);
  const prepared = workspace === null ? null : await prepare(workspace, flags, makeMemoryStore(), io);
  const found = [
    nodeVersion(),
    ...(await storeFindings(workspace?.cache ?? cacheFolder(flags, io))),
    await program('python3', ['--version'], 'kinds and commands in Python'),
    ...(await sandboxFindings(io)),
    ...(prepared === null ? [] : await manifestFindings(prepared, io)),
  ];
  const print = prepared === null ? (text: string) => void io.stdout.write(text) : makePrinter(prepared, io).print;
  if (flags.json === true) for (const finding of found) print(`${JSON.stringify(finding)}\n`);
  else
    print(
      toColumns(
        [
          { title: 'what', whole: true },
          { title: 'state', whole: true },
          { title: 'detail', whole: true },
        ],
        found.map(({ what, state, detail }) => [what, state, detail]),
      ),
    );
  return found.some(({ state }) => state === 'missing') ? 1 : 0;
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isEnough = major > 20 || (major === 20 && minor >= 19);
  return {
    what: 'node',
    state: isEnough ? 'ok' : 'missing',
    detail: `${process.versions.node}${isEnough ? '' : ', at least 20.19 is needed'}`,
  };
}

async function storeFindings(cache: string): Promise<Finding[]> {
  const found: Finding[] = [];
  try {
    await import('lmdb');
    found.push({ what: 'lmdb', state: 'ok', detail: 'the index of the store loads' });
  } catch (error) {
    found.push({ what: 'lmdb', state: 'missing', detail: `cannot be loaded: ${String(error)}` });
  }
  try {
    const { bavail, bsize, type } = statfsSync(existing(cache));
    const free = bavail * bsize;
    const isRemote = REMOTE.has(type);
    const place = isRemote ? `${cache} is on a network disk: leases need a local one` : cache;
    found.push({
      what: 'disk',
      state: free < LITTLE_SPACE || isRemote ? 'warning' : 'ok',
      detail: `${(free / 2 ** 30).toFixed(1)} GiB free for ${place}`,
    });
  } catch (error) {
    found.push({ what: 'disk', state: 'warning', detail: String(error) });
  }
  return found;
}

/** NFS, SMB, CIFS, FUSE (statfs magic numbers). */
const REMOTE = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42]);

function existing(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    try {
      statfsSync(at);
      return at;
    } catch {
      if (dirname(at) === at) return at;
    }
  }
}

async function program(name: string, args: readonly string[], use: string): Promise<Finding> {
  try {
    const { stdout } = await execa(name, args, { timeout: REACH_MS });
    return { what: name, state: 'ok', detail: stdout.split('\n')[0] ?? '' };
  } catch {
    return { what: name, state: 'warning', detail: `not found; only needed for ${use}` };
  }
}

// ---- a manifest -------------------------------------------------------------------------------------------------

async function manifestFindings(prepared: Prepared, io: Io): Promise<Finding[]> {
  const { workspace, diagnostics, plan, loaded, secrets } = prepared;
  const manifest = plan === null ? (loaded.manifest ?? loaded.salvaged?.manifest ?? null) : loaded.manifest;
  const found: Finding[] = [
    {
      what: shown(workspace.file, io),
      state: plan === null ? 'missing' : diagnostics.length > 0 ? 'warning' : 'ok',
      detail:
        diagnostics.length === 0 ? `${plan?.nodes.length} nodes` : `${countDiagnostics(diagnostics)}; see sluice check`,
    },
    {
      what: 'lock',
      state: 'ok',
      detail: hasLock(workspace)
        ? `profiles ${Object.keys(readLock(lockPath(workspace))?.profiles ?? {}).join(', ') || 'none'}`
        : 'none yet; a complete run writes it',
    },
    writable(workspace.cache),
  ];
  if (manifest === null) return found;
  for (const { name } of manifest.secrets ?? []) {
    const from = secrets.locate(name);
    const isUsed = Object.values(manifest.endpoints).some(
      ({ provider, api_key }) => provider !== 'replay' && api_key?.includes(name),
    );
    if (found.some(({ what }) => what === `secret ${name}`)) continue;
    found.push({
      what: `secret ${name}`,
      state: from === null ? (isUsed ? 'missing' : 'warning') : 'ok',
      detail: from === null ? 'not in the environment nor in a .env file' : `from ${shown(from, io)}`,
    });
  }
  found.push(...(await endpointFindings(manifest, workspace.dir, secrets)));
  const { datasets } = plan?.resolved ?? {};
  for (const [spec, value] of Object.entries(isObject(datasets) ? datasets : {})) {
    const files =
      typeof value === 'object' && value !== null && 'files' in value ? toFiles(Number(value['files'])) : '';
    found.push({ what: `dataset ${spec}`, state: 'ok', detail: files });
  }
  return found;
}

const toFiles = (count: number) => `${count} ${count === 1 ? 'file' : 'files'}`;

function writable(cache: string): Finding {
  try {
    accessSync(existing(cache), constants.W_OK);
    return { what: 'store', state: 'ok', detail: cache };
  } catch (error) {
    return { what: 'store', state: 'missing', detail: `${cache} cannot be written: ${String(error)}` };
  }
}
