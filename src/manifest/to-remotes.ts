/** Where remote datasets come from, with defaults. */

import type { RemoteSpec, RemoteSpecs } from '#contract/manifest.ts';
import type { DiagnosticList } from './diagnostic-list.ts';
import { type Located, type LocatedMap, member, textOf } from './located.ts';
import { isHttpUrl, millisecondsOf, numberOf } from './to-endpoints.ts';

export function toRemotes(root: LocatedMap, diagnostics: DiagnosticList): RemoteSpecs {
  const section = member(root, 'datasets');
  const of = (name: string) => toRemote(section?.type === 'map' ? member(section, name) : undefined, diagnostics);
  return { hub: of('hub'), github: of('github') };
}

function toRemote(value: Located | undefined, diagnostics: DiagnosticList): RemoteSpec {
  const baseUrl = textOf(member(value, 'base_url'));
  if (baseUrl !== null && !isHttpUrl(baseUrl)) {
    const hint = 'write it with its scheme: https://host';
    diagnostics.error('bad-url', "'base_url' is not an http or https address", member(value, 'base_url'), { hint });
  }
  const timeouts = member(value, 'timeouts');
  return {
    base_url: baseUrl,
    token: textOf(member(value, 'token')),
    concurrency: numberOf(member(value, 'concurrency')) ?? 8,
    retries: numberOf(member(value, 'retries')) ?? 5,
    backoff_ms: millisecondsOf(member(value, 'backoff')) ?? 500,
    timeouts: {
      connect_ms: millisecondsOf(member(timeouts, 'connect')) ?? 10_000,
      idle_ms: millisecondsOf(member(timeouts, 'idle')) ?? 30_000,
      total_ms: millisecondsOf(member(timeouts, 'total')) ?? 120_000,
    },
  };
}
