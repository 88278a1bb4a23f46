/** What the sandbox contributes to the key of a node: policies, and what serves each use here. No paths, no speeds. */

import { Failure } from '#contract/failure.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import type { SandboxOptions, SandboxUse } from '#contract/sandbox.ts';
import { isObject } from '#util/json-object.ts';
import { makePolicy } from './policy.ts';
import type { SandboxHub } from './sandbox-service.ts';

const USES: readonly SandboxUse[] = ['python', 'javascript', 'program'];

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
      if (error.code === 'sandbox-weak') throw placed(error, options);
      refused ??= error;
      served[use] = null;
    }
  }
  if (refused !== null && Object.values(served).every((each) => each === null)) throw placed(refused, options);
  return {
    tests: makePolicy(options, 'tests').digest,
    programs: makePolicy(options, 'program').digest,
    served,
  };
}

/** With the way to the member that asks for what is not here. */
function placed({ code, message, scope, hint }: Failure, options: SandboxOptions): Failure {
  const member = (['backend', 'python', 'strict'] as const).find((name) => options[name] !== undefined);
  const detail = member === undefined ? {} : { detail: { at: ['sandbox', member] } };
  return new Failure(code, message, { scope, ...(hint === undefined ? {} : { hint }), ...detail });
}
