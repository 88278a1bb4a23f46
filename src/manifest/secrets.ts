/** Secrets are typed references: a key typed into the manifest is refused, and its text never reaches a message. */

import type { Diagnostic, SourceSpan } from '#contract/diagnostic.ts';
import type { Manifest } from '#contract/manifest.ts';
import { type DiagnosticList, toDiagnostic } from './diagnostic-list.ts';
import { type Located, type LocatedMap, member, type Path, textOf } from './located.ts';
import { dereference, isSchema } from './schema-walk.ts';

const REFERENCE = /^\$\{\s*secret\.[A-Za-z0-9_-]+\s*\}$/;
const SENSITIVE_HEADER = /authorization|api[-_]?key|token|secret|cookie|password/i;

/** Reports keys that stand in the manifest itself, and returns the places whose text must be masked. */
export function checkSecretLiterals(root: LocatedMap, diagnostics: DiagnosticList): readonly SourceSpan[] {
  const masks: SourceSpan[] = [];
  const refuse = (value: Located, message: string, hint: string): void => {
    diagnostics.error('secret-literal', message, value, { hint });
    masks.push(value, ...(value.via === undefined ? [] : [value.via]));
  };
  checkRemotes(root, refuse);
  const endpoints = member(root, 'endpoints');
  if (endpoints?.type !== 'map') return masks;
  for (const [id, { value: endpoint }] of endpoints.entries) {
    const key = member(endpoint, 'api_key');
    const suggestion = `${id.toUpperCase().replaceAll('-', '_')}_API_KEY`;
    const hint = `write api_key: "\${secret.${suggestion}}" and put ${suggestion} into the environment or .env`;
    if (key !== undefined && key.type !== 'hole' && !REFERENCE.test(textOf(key) ?? ''))
      refuse(key, `the API key of endpoint '${id}' stands in the manifest`, hint);
    const headerHint = `write \${secret.NAME} in its place and put NAME into the environment or .env`;
    const headers = member(endpoint, 'headers');
    if (headers?.type === 'map')
      for (const [name, { value }] of headers.entries) {
        const isSecret = SENSITIVE_HEADER.test(name) && value.type === 'scalar';
        if (!isSecret || String(value.value).includes('${secret.')) continue;
        refuse(value, `the header '${name}' of endpoint '${id}' holds its secret in the manifest`, headerHint);
      }
    const url = member(endpoint, 'base_url');
    if (url !== undefined && hasPassword(textOf(url) ?? ''))
      refuse(url, `the address of endpoint '${id}' holds a user name or a password`, 'use api_key or headers instead');
  }
  return masks;
}

function checkRemotes(root: LocatedMap, refuse: (value: Located, message: string, hint: string) => void): void {
  const section = member(root, 'datasets');
  if (section?.type !== 'map') return;
  for (const [name, { value: remote }] of section.entries) {
    const token = member(remote, 'token');
    const suggestion = name === 'github' ? 'GITHUB_TOKEN' : 'HF_TOKEN';
    const hint = `write token: "\${secret.${suggestion}}" and put ${suggestion} into the environment or .env`;
    if (token !== undefined && token.type !== 'hole' && !REFERENCE.test(textOf(token) ?? ''))
      refuse(token, `the token for '${name}' stands in the manifest`, hint);
    const url = member(remote, 'base_url');
    if (url !== undefined && hasPassword(textOf(url) ?? ''))
      refuse(url, `the address of '${name}' holds a user name or a password`, 'use token instead');
  }
}

function hasPassword(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username !== '' || password !== '';
}

/** A key after `api_key:` or `authorization:`, wherever it stands: also in a file that does not parse. */
const TYPED_KEY = /(\b(?:api[-_]?key|authorization)["']?\s*[:=]\s*)(["']?)(?!\s|\$\{)([^"'#,}\n]*[^"'#,}\s])/gi;

export function maskSecrets(texts: Map<string, string>, spans: readonly SourceSpan[]): void {
  for (const { file, start, end } of spans) {
    const text = texts.get(file);
    // A reference is no secret, only what it leads to.
    if (text !== undefined && !text.slice(start, end).includes('${'))
      texts.set(file, text.slice(0, start) + blank(text.slice(start, end)) + text.slice(end));
  }
  for (const [file, text] of texts)
    texts.set(
      file,
      text.replace(TYPED_KEY, (whole, before: string, quote: string, value: string) =>
        value.includes('${secret.') ? whole : `${before}${quote}${blank(value)}`,
      ),
    );
}

/** Line breaks stay, so that places do. */
function blank(text: string): string {
  return text.replace(/[^\r\n]/g, '*');
}

/**
 * Every secret that a node uses must stand in a field that its kind marks as Secret(), and such a field holds nothing else.
 * @param schemaOf config schema of a node's kind; null where the kind is not known
 */
export function checkSecretUses(
  manifest: Pick<Manifest, 'secrets'>,
  schemaOf: (node: string) => unknown,
): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const { name, path, at } of manifest.secrets ?? []) {
    const [section, node, ...field] = path;
    if (section !== 'nodes') continue;
    const schema = schemaOf(String(node));
    if (schema === null || schema === undefined || isSecretField(schema, schema, field)) continue;
    const hint = 'secrets may stand in api_key, headers, and fields of kinds that expect one';
    diagnostics.push(
      toDiagnostic('error', 'secret-not-allowed', `\${secret.${name}} may not stand in '${field.join('.')}'`, at, {
        hint,
      }),
    );
  }
  return diagnostics;
}

function isSecretField(root: unknown, schema: unknown, path: Path): boolean {
  const at = dereference(root, schema);
  if (!isSchema(at)) return false;
  for (const union of ['anyOf', 'oneOf', 'allOf']) {
    const branches = at[union];
    if (Array.isArray(branches) && branches.some((branch) => isSecretField(root, branch, path))) return true;
  }
  const [segment, ...rest] = path;
  if (segment === undefined) return at['x-sluice'] === 'secret';
  if (typeof segment === 'number') return isSecretField(root, at['items'], rest);
  const properties = at['properties'];
  const next = isSchema(properties) && Object.hasOwn(properties, segment) ? properties[segment] : undefined;
  if (next !== undefined) return isSecretField(root, next, rest);
  const patterns = at['patternProperties'];
  if (isSchema(patterns) && Object.values(patterns).some((pattern) => isSecretField(root, pattern, rest))) return true;
  return isSecretField(root, at['additionalProperties'], rest);
}
