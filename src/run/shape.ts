/** Holds a projected row against the schemas that its reader declared: data from outside is believed only after this. */

import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Reads } from '#contract/kind.ts';

export type ShapeCheck = (fields: {
  readonly [field: string]: unknown;
}) => { readonly path: string; readonly message: string; readonly missing: string | null } | null;

/** Checks are compiled once a node. Fields of dotted paths are checked where they lie. */
export function makeShapeCheck(reads: Reads): ShapeCheck {
  if (reads === '*') return () => null;
  const root: Node = { properties: {}, required: [] };
  for (const path of Object.keys(reads)) {
    const spec = reads[path];
    if (path === '$key' || spec === undefined) continue;
    lay(root, path.split('.'), spec.schema as object, spec.optional === true);
  }
  const validate = compile(toSchema(root));
  return (fields) => {
    if (validate(fields)) return null;
    const error = (validate.errors as ErrorObject[] | null | undefined)?.[0];
    const path = error === undefined || error.instancePath === '' ? '/' : error.instancePath;
    const missing = path === '/' && error?.keyword === 'required' ? String(error.params['missingProperty']) : null;
    return {
      path,
      message: `the row does not have the declared shape: ${path} ${error?.message ?? 'is wrong'}`,
      missing,
    };
  };
}

/** One compiler for all nodes (a new one compiles the meta-schema anew, 7 ms), and one validator for equal reads. */
let ajv: Ajv2020 | null = null;
const compiled = new Map<string, ValidateFunction>();

function compile(schema: object): ValidateFunction {
  const text = JSON.stringify(schema);
  let validate = compiled.get(text);
  if (validate === undefined) {
    ajv ??= new Ajv2020({
      strict: false,
      allErrors: false,
      validateFormats: false,
      addUsedSchema: false,
      validateSchema: false,
    });
    validate = ajv.compile(schema);
    compiled.set(text, validate);
  }
  return validate;
}

interface Node {
  schema?: object;
  readonly properties: { [name: string]: Node };
  readonly required: string[];
}

function lay(root: Node, path: readonly string[], schema: object, isOptional: boolean): void {
  let at = root;
  for (const segment of path) {
    if (!isOptional && !at.required.includes(segment)) at.required.push(segment);
    at.properties[segment] ??= { properties: {}, required: [] };
    at = at.properties[segment];
  }
  at.schema = schema;
}

function toSchema(node: Node): object {
  const names = Object.keys(node.properties);
  if (names.length === 0) return node.schema ?? {};
  const properties = Object.fromEntries(names.map((name) => [name, toSchema(node.properties[name] as Node)]));
  const inner = { type: 'object', properties, required: node.required };
  return node.schema === undefined ? inner : { allOf: [node.schema, inner] };
}
