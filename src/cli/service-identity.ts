/** What a service contributes to the key of every node that needs it: planned offline, before a service is made. */

import type { Json, JsonObject } from '#contract/json.ts';
import type { Need } from '#contract/services.ts';
import type { Io } from './io.ts';
import { sandboxHub } from './sandbox-hub.ts';

/** @param note is told of every program that the answer rests on, so that another one is noticed without planning */
export async function serviceIdentity(
  need: Need,
  config: JsonObject,
  env: Io['environment'],
  note: (path: string) => void = () => {},
): Promise<Json> {
  if (need === 'sandbox') {
    const { sandboxIdentity } = await import('#services/sandbox/sandbox-identity.ts');
    const hub = await sandboxHub(env);
    const { sandbox } = config as { readonly sandbox?: { readonly python?: string } };
    const python = await hub.backends.python(sandbox?.python);
    if (python !== null) note(python.path);
    return sandboxIdentity(hub, config);
  }
  if (need === 'code') return (await import('#services/code/grammar-files.ts')).codeIdentity();
  return null;
}
