/** Manifest in, plan out, in steps that each look at all nodes; every mistake is collected before any is shown. */

import { resolve } from 'node:path';
import type { Diagnostic } from '#contract/diagnostic.ts';
import { Failure } from '#contract/failure.ts';
import type { JsonObject } from '#contract/json.ts';
import type { LoadedManifest, Manifest } from '#contract/manifest.ts';
import type { Plan, PlanNode } from '#contract/plan.ts';
import { DiagnosticList } from '#manifest/diagnostic-list.ts';
import { isObject } from '#util/json-object.ts';
import { askKind } from './ask-kind.ts';
import { checkConfig } from './check-config.ts';
import { checkReads } from './check-reads.ts';
import type { Draft } from './draft.ts';
import type { PlanEnvironment } from './environment.ts';
import { fingerprint } from './fingerprint.ts';
import { foldFacts } from './fold-facts.ts';
import { resolveGate } from './gates.ts';
import type { Loaded } from './loaded.ts';
import { orderDrafts } from './order.ts';
import { resolveConfig } from './resolve-config.ts';
import { resolveKinds } from './resolve-kinds.ts';
import { propagateSchemas } from './row-schemas.ts';
import { selectNodes } from './select.ts';
import { wire } from './wire.ts';

export interface Planned {
  /** Null where anything was an error. */
  readonly plan: Plan | null;
  /** Of the manifest and of the plan, in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
}

export async function makePlan(loadedManifest: LoadedManifest, env: PlanEnvironment): Promise<Planned> {
  const found = new DiagnosticList();
  for (const diagnostic of loadedManifest.diagnostics) found.add(diagnostic);
  const manifest = loadedManifest.manifest ?? loadedManifest.salvaged?.manifest ?? null;
  const files = [...loadedManifest.texts.keys()];
  if (manifest === null) return { plan: null, diagnostics: found.sorted(files) };
  const suspect = loadedManifest.salvaged?.suspect ?? new Set<string>();
  const { locate, texts, origin = () => null } = loadedManifest;
  const loaded: Loaded = { manifest, dir: manifest.dir, locate, origin, texts };

  const drafts = resolveKinds(manifest.nodes, env, loaded, found);
  for (const id of suspect) {
    const draft = drafts.get(id);
    if (draft !== undefined) draft.isSound = false;
  }
  for (const draft of drafts.values()) {
    if (draft.isSound) checkConfig(draft, loaded, found);
    await resolveConfig(draft, env, loaded, found);
    if (draft.isSound)
      draft.ports = askKind(draft, 'outputs', () => draft.kind.outputs(draft.resolved as never), loaded, found);
  }
  for (const draft of drafts.values()) {
    wire(draft, drafts, loaded, found);
    resolveGate(draft, drafts, loaded, found);
  }
  const ordered = orderDrafts(drafts, loaded, found);
  for (const draft of ordered ?? []) {
    propagateSchemas(draft, drafts);
    foldFacts(draft, drafts, loaded, found);
    if (draft.isSound) checkReads(draft, drafts, loaded, found);
  }
  const { wanted, unmatched } = selectNodes(drafts, env.select, env.exclude);
  for (const selector of unmatched) {
    found.error('nothing-selected', `no node matches '${selector}'`, undefined, {
      hint: `nodes: ${[...drafts.keys()].slice(0, 20).join(', ')}`,
    });
  }
  const diagnostics = found.sorted(files);
  if (found.errors > 0 || ordered === null) return { plan: null, diagnostics };
  const nodes: PlanNode[] = [];
  for (const draft of ordered) {
    try {
      nodes.push(await toPlanNode(draft, wanted.has(draft.node.id), drafts, loaded, env));
    } catch (error) {
      // A service that this node's key must name is not to be had here.
      if (!(error instanceof Failure)) throw error;
      const { at } = isObject(error.detail) ? error.detail : {};
      const member = Array.isArray(at) ? at.map(String) : ['kind'];
      found.error(error.code, error.message, loaded.locate(['nodes', draft.node.id, ...member]), { hint: error.hint });
    }
  }
  if (found.errors > 0) return { plan: null, diagnostics: found.sorted(files) };
  return { plan: toPlan(manifest, nodes, namesOf(ordered)), diagnostics };
}

async function toPlanNode(
  draft: Draft,
  wanted: boolean,
  ids: ReadonlyMap<string, Draft>,
  loaded: Loaded,
  env: PlanEnvironment,
): Promise<PlanNode> {
  const { node, kind, entry } = draft;
  const { parts, digest } = await fingerprint(draft, env);
  return {
    id: node.id,
    at: node.at,
    kind,
    entry,
    config: draft.resolved,
    inputs: draft.inputs,
    lookups: draft.lookups,
    reads: draft.reads,
    outputs: draft.outputs,
    carries: draft.carries,
    when: draft.when,
    after: [...new Set(node.after.map((reference) => reference.node))].filter((id) => ids.has(id)),
    pool: node.pool ?? (['sandbox', 'llm'] as const).find((need) => kind.needs?.includes(need)) ?? 'cpu',
    timeoutMs: node.timeoutMs,
    retries: node.retries,
    onFailure: node.on_failure,
    maxFailures: node.max_failures,
    allowPartial: node.allow_partial,
    to: node.to === null ? null : { path: resolve(loaded.dir, node.to), text: node.to },
    pending: draft.pending,
    fingerprint: digest,
    parts,
    depth: draft.depth,
    facts: draft.facts,
    tags: node.tags,
    description: node.description,
    wanted,
  };
}

function toPlan(manifest: Manifest, nodes: readonly PlanNode[], resolved: JsonObject): Plan {
  const { name, profile, file, dir, budget, pools, endpoints, models } = manifest;
  return {
    pipeline: name,
    profile,
    file,
    dir,
    nodes,
    budget: { usd: budget.usd, confirmAbove: budget.confirm_above },
    pools,
    endpoints,
    models,
    resolved,
    files: manifest.consulted.files,
  };
}

/** Datasets by how the manifest names them, in the order of the names. */
function namesOf(drafts: readonly Draft[]): JsonObject {
  const all = Object.entries(Object.assign({}, ...drafts.map((draft) => draft.resolvedNames)) as JsonObject);
  if (all.length === 0) return {};
  return { datasets: Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1))) };
}
