/** Each node's kind by name, and the shape of it that its wiring asks for. */

import type { ManifestNode } from '#contract/manifest.ts';
import type { DiagnosticList } from '#manifest/diagnostic-list.ts';
import { nameHint } from '#util/did-you-mean.ts';
import { askKind } from './ask-kind.ts';
import type { Draft } from './draft.ts';
import type { PlanEnvironment } from './environment.ts';
import type { Loaded } from './loaded.ts';

export function resolveKinds(
  nodes: readonly ManifestNode[],
  env: PlanEnvironment,
  loaded: Loaded,
  found: DiagnosticList,
): Map<string, Draft> {
  const drafts = new Map<string, Draft>();
  for (const node of nodes) {
    if (!node.enabled) continue;
    const entry = env.kinds.get(node.kind);
    if (entry === undefined) {
      const at = loaded.locate(['nodes', node.id, 'kind']);
      const hint = nameHint(node.kind, [...env.kinds.keys()], 'kinds') ?? '`sluice kinds` lists them';
      found.error('unknown-kind', `there is no kind '${node.kind}'`, at, { hint });
      continue;
    }
    const draft: Draft = {
      node,
      kind: entry.kind,
      entry,
      isSound: true,
      config: node.config,
      resolved: node.config,
      keyed: {},
      resolvedNames: {},
      pending: [],
      ports: null,
      inputs: {},
      lookups: {},
      reads: {},
      outputs: {},
      carries: {},
      when: null,
      facts: {},
      depth: 0,
    };
    const wired = { from: (node.inputs['from'] ?? []).length > 0 };
    const variant = askKind(draft, 'variant', () => entry.kind.variant?.(node.config, wired), loaded, found);
    drafts.set(node.id, variant == null ? draft : { ...draft, kind: variant });
  }
  return drafts;
}
