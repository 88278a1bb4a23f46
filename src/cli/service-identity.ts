/** What a service contributes to the key of every node that needs it: planned offline, before a service is made. */

import type { Json, JsonObject } from '#contract/json.ts';
import type { Need } from '#contract/services.ts';

export async function serviceIdentity(need: Need, _config: JsonObject): Promise<Json> {
  if (need === 'code') return (await import('#services/code/grammar-files.ts')).codeIdentity();
  return null;
}
