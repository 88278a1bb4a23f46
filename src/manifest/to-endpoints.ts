/** Endpoints and models with their defaults, and the mistakes that a schema cannot see. */

import type { JsonObject } from '#contract/json.ts';
import type { EndpointSpec, ModelSpec } from '#contract/manifest.ts';
import type { Price, Sampling } from '#contract/services.ts';
import { nameHint } from '#util/did-you-mean.ts';
import type { DiagnosticList } from './diagnostic-list.ts';
import { parseDuration } from './duration.ts';
import { itemsOf, type Located, type LocatedMap, member, textOf, toJson } from './located.ts';

/** Without a prototype: a model named `constructor` is only found where there is one. */
export function toEndpoints(root: LocatedMap, diagnostics: DiagnosticList): { readonly [id: string]: EndpointSpec } {
  const endpoints: { [id: string]: EndpointSpec } = Object.create(null);
  const section = member(root, 'endpoints');
  if (section?.type !== 'map') return endpoints;
  for (const [id, { key, value }] of section.entries) {
    if (value.type !== 'map') continue;
    const provider = textOf(member(value, 'provider')) === 'replay' ? 'replay' : 'openai';
    const needed = provider === 'replay' ? 'recordings' : 'base_url';
    if (!value.entries.has(needed)) {
      const message = `endpoint '${id}' needs '${needed}', since its provider is ${provider}`;
      diagnostics.error('missing-key', message, key);
    }
    const baseUrl = textOf(member(value, 'base_url'));
    if (baseUrl !== null && !isHttpUrl(baseUrl)) {
      const hint = 'write it with its scheme: https://host/v1';
      diagnostics.error('bad-url', "'base_url' is not an http or https address", member(value, 'base_url'), { hint });
    }
    const limits = member(value, 'limits');
    const timeouts = member(value, 'timeouts');
    endpoints[id] = {
      id,
      provider,
      base_url: baseUrl ?? '',
      api_key: textOf(member(value, 'api_key')),
      identity: textOf(member(value, 'identity')),
      recordings: textOf(member(value, 'recordings')),
      headers: toHeaders(member(value, 'headers')),
      limits: {
        concurrency: numberOf(member(limits, 'concurrency')) ?? 16,
        rpm: numberOf(member(limits, 'rpm')),
        tpm: numberOf(member(limits, 'tpm')),
      },
      timeouts: {
        connect_ms: millisecondsOf(member(timeouts, 'connect')) ?? 10_000,
        first_byte_ms: millisecondsOf(member(timeouts, 'first_byte')) ?? 120_000,
        total_ms: millisecondsOf(member(timeouts, 'total')) ?? 600_000,
      },
      retries: numberOf(member(value, 'retries')) ?? 4,
      outage_ms: millisecondsOf(member(value, 'outage')) ?? 60_000,
    };
  }
  return endpoints;
}

export function toModels(root: LocatedMap, diagnostics: DiagnosticList): { readonly [alias: string]: ModelSpec } {
  const models: { [alias: string]: ModelSpec } = Object.create(null);
  const section = member(root, 'models');
  const endpoints = member(root, 'endpoints');
  const known = endpoints?.type === 'map' ? [...endpoints.entries.keys()] : [];
  if (section?.type !== 'map') return models;
  for (const [alias, { value }] of section.entries) {
    if (value.type !== 'map') continue;
    const endpoint = textOf(member(value, 'endpoint'));
    if (endpoint !== null && !known.includes(endpoint)) {
      const hint = nameHint(endpoint, known, 'endpoints');
      diagnostics.error('unknown-endpoint', `there is no endpoint '${endpoint}'`, member(value, 'endpoint'), { hint });
    }
    const price = member(value, 'price');
    const sampling = member(value, 'sampling');
    models[alias] = {
      alias,
      endpoint: endpoint ?? '',
      model: textOf(member(value, 'model')) ?? '',
      family: textOf(member(value, 'family')),
      price: price?.type === 'map' ? toPrice(price) : null,
      sampling: sampling?.type === 'map' ? (toJson(sampling) as JsonObject as Sampling) : {},
      fallback: toFallback(alias, member(value, 'fallback'), [...section.entries.keys()], diagnostics),
    };
  }
  return models;
}

function toFallback(
  alias: string,
  list: Located | undefined,
  known: readonly string[],
  diagnostics: DiagnosticList,
): readonly string[] {
  const aliases: string[] = [];
  for (const item of list?.type === 'scalar' ? [list] : itemsOf(list)) {
    const name = textOf(item);
    if (name === null) continue;
    if (!known.includes(name)) {
      diagnostics.error('unknown-model', `there is no model '${name}'`, item, {
        hint: nameHint(name, known, 'models'),
      });
    } else if (name === alias || aliases.includes(name)) {
      const message = name === alias ? `'${name}' cannot stand in for itself` : `'${name}' is named twice`;
      diagnostics.error('bad-fallback', message, item, { hint: 'take it out' });
    } else aliases.push(name);
  }
  return aliases;
}

function toPrice(price: Located): Price {
  return { input: numberOf(member(price, 'input')) ?? 0, output: numberOf(member(price, 'output')) ?? 0 };
}

function toHeaders(value: Located | undefined): { readonly [name: string]: string } {
  const headers: { [name: string]: string } = Object.create(null);
  if (value?.type !== 'map') return headers;
  for (const [name, entry] of value.entries) headers[name] = textOf(entry.value) ?? '';
  return headers;
}

export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

export function numberOf(value: Located | undefined): number | null {
  return value?.type === 'scalar' && typeof value.value === 'number' ? value.value : null;
}

export function millisecondsOf(value: Located | undefined): number | null {
  return parseDuration(textOf(value) ?? '');
}
