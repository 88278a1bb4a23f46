/** What a service contributes to the key of every node that needs it: planned offline, before a service is made. */

import type { Json, JsonObject } from '#contract/json.ts';
import type { Need } from '#contract/services.ts';
import type { Io } from './io.ts';
import { sandboxHub } from './sandbox-hub.ts';

export async function serviceIdentity(need: Need, config: JsonObject, env: Io['environment']): Promise<Json> {
  if (need === 'sandbox') {
    const { sandboxIdentity } = await import('#services/sandbox/sandbox-identity.ts');
    return sandboxIdentity(await sandboxHub(env), config);
  }
  if (need === 'code') return (await import('#services/code/grammar-files.ts')).codeIdentity();
  return null;
}
