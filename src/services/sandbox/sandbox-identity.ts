/** What the sandbox contributes to the key of a node: policies, and what serves each use here. No paths, no speeds. */

import { Failure } from '#contract/failure.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import { type BackendName, PROGRAM_POWERS, type SandboxOptions, type SandboxUse } from '#contract/sandbox.ts';
import { isObject } from '#util/json-object.ts';
import { makePolicy } from './policy.ts';
import type { SandboxHub } from './sandbox-service.ts';

const USES: readonly SandboxUse[] = ['python', 'javascript', 'program'];

/**
 * @param config a node's, whose field `sandbox` are the options
 * @throws Failure `sandbox-weak` where `strict` refuses what is here, `sandbox-unavailable` where nothing serves at all, or what serves
 * cannot do what the node's `datasets` need
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
  refuseUnableToShow(config, served);
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

/** A node that mounts data would fail at every row of a run: that is told before. */
function refuseUnableToShow({ datasets, evidence }: JsonObject, { program }: { readonly [use: string]: Json }): void {
  const serving = isObject(program) ? (program['backend'] as BackendName) : null;
  if (!isObject(datasets) || Object.keys(datasets).length === 0 || serving === null) return;
  const can = (power: keyof typeof PROGRAM_POWERS) => PROGRAM_POWERS[power].some((name) => name === serving);
  const refuse = (what: string, more: string) =>
    new Failure('sandbox-unavailable', `of the backends here ${serving} serves programs, which ${what}`, {
      scope: 'infrastructure',
      hint: `\`sluice doctor\` says how to get a stronger one${more}`,
      detail: { at: ['datasets'] },
    });
  if (!can('mounts')) throw refuse('cannot show datasets to them', '');
  if (evidence !== 'off' && !can('opened'))
    throw refuse('cannot see which files they open', '; or say `evidence: off` and believe them');
}
