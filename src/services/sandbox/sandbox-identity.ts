/** What the sandbox contributes to the key of a node: policies, and what serves each use here. No paths, no speeds. */

import { Failure } from '#contract/failure.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import type { SandboxOptions } from '#contract/sandbox.ts';
import { isObject } from '#util/json-object.ts';
import type { Use } from './backends.ts';
import { makePolicy } from './policy.ts';
import type { SandboxHub } from './sandbox-service.ts';

const USES: readonly Use[] = ['python', 'javascript', 'program'];

/**
 * @param config a node's, whose field `sandbox` are the options
 * @throws Failure `sandbox-weak` where `strict` refuses what is here, `sandbox-unavailable` where nothing serves at all
 */
export async function sandboxIdentity(hub: Pick<SandboxHub, 'served'>, config: JsonObject): Promise<Json> {
  const options = isObject(config['sandbox']) ? (config['sandbox'] as SandboxOptions) : {};
  const served: { [use: string]: Json } = {};
  let refused: Failure | null = null;
  for (const use of USES) {
    try {
      const { backend, strength, interpreter } = (await hub.served(use, options)).served;
      served[use] = { backend, strength, interpreter };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.code === 'sandbox-weak') throw error;
      refused ??= error;
      served[use] = null;
    }
  }
  if (refused !== null && Object.values(served).every((each) => each === null)) throw refused;
  return {
    tests: makePolicy(options, 'tests').digest,
    programs: makePolicy(options, 'program').digest,
    served,
  };
}
