/** What `sluice doctor` says of a manifest's endpoints and models, after one free request to each endpoint. */

import type { EndpointSpec, Manifest, ModelSpec } from '#contract/manifest.ts';
import { plural } from '#report/text.ts';
import { type Probed, probeEndpoint } from '#services/llm/probe-endpoint.ts';
import type { SecretResolver } from '#services/secrets.ts';
import { didYouMean } from '#util/did-you-mean.ts';
import type { Finding } from './finding.ts';

export async function endpointFindings(manifest: Manifest, dir: string, secrets: SecretResolver): Promise<Finding[]> {
  const endpoints = Object.values(manifest.endpoints);
  const live = endpoints.filter(({ provider }) => provider !== 'replay');
  const probes = await Promise.all(
    live.map(async (endpoint) => [endpoint.id, await probeEndpoint(endpoint, secrets)] as const),
  );
  const probed = new Map(probes);
  return [
    ...endpoints.map((endpoint) => {
      const probe = probed.get(endpoint.id);
      return probe === undefined ? replayFinding(endpoint, dir) : endpointFinding(endpoint, probe);
    }),
    ...Object.values(manifest.models).map((model) => modelFinding(model, probed.get(model.endpoint)?.models ?? null)),
  ];
}

function replayFinding({ id, recordings }: EndpointSpec, dir: string): Finding {
  const folder = recordings ?? 'recordings';
  const shown = folder.startsWith(`${dir}/`) ? folder.slice(dir.length + 1) : folder;
  return { what: `endpoint ${id}`, state: 'ok', detail: `answers from ${shown}` };
}

function endpointFinding(
  { id, base_url, api_key }: EndpointSpec,
  { latencyMs, models, trouble, isUsable }: Probed,
): Finding {
  const what = `endpoint ${id}`;
  if (trouble !== null) {
    const hint = trouble.hint === undefined ? '' : `; ${trouble.hint}`;
    const detail = `${base_url}: ${trouble.message}${hint}`;
    return { what, state: isUsable ? 'warning' : 'missing', detail, code: trouble.code };
  }
  // Some endpoints list their models to everybody: that a key was not refused is all that can be said for nothing.
  const key = api_key === null ? 'no key is sent' : 'the key is not refused';
  return {
    what,
    state: 'ok',
    detail: `${base_url} answers in ${latencyMs} ms; ${key}; ${plural(models?.length ?? 0, 'model')}`,
  };
}

function modelFinding(
  { alias, model, endpoint, price, fallback }: ModelSpec,
  served: readonly string[] | null,
): Finding {
  const what = `model ${alias}`;
  if (served !== null && !served.includes(model)) {
    const near = didYouMean(model, served);
    const hint = near === null ? '' : `; did you mean ${near}?`;
    return { what, state: 'missing', detail: `${endpoint} does not list ${model}${hint}`, code: 'llm-unknown-model' };
  }
  const cost =
    price === null ? 'no price, so no budget can hold' : `$${price.input} in, $${price.output} out per million tokens`;
  const known = served === null ? '' : ', which lists it';
  const others = fallback.length === 0 ? '' : `; falls back to ${fallback.join(', ')}`;
  return {
    what,
    state: price === null ? 'warning' : 'ok',
    detail: `${model} at ${endpoint}${known}: ${cost}${others}`,
  };
}
