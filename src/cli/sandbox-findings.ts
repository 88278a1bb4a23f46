/** The sandbox table of `sluice doctor`: what serves here, what it cannot promise, and how to get something stronger. */

import type { BackendName } from '#contract/sandbox.ts';
import type { Finding } from './finding.ts';
import type { Io } from './io.ts';
import { sandboxHub } from './sandbox-hub.ts';

const BACKENDS: readonly BackendName[] = ['zygote', 'bwrap', 'container', 'quickjs', 'process'];
const RUNS: { readonly [backend in BackendName]: string } = {
  zygote: 'Python and programs, warm',
  bwrap: 'Python and programs, cold',
  container: 'Python and programs, cold',
  quickjs: 'plain JavaScript',
  process: 'Python and programs, cold',
};
const WEAK =
  'weak: limits only; candidates can read files, use the network and meddle with each other; `strict: true` refuses it';

/** Tries every backend by a run; nothing that it starts stays. */
export async function sandboxFindings(io: Io): Promise<Finding[]> {
  const hub = await sandboxHub(io.environment);
  const found: Finding[] = [];
  const uses = { python: null as string | null, javascript: null as string | null };
  for (const name of BACKENDS) {
    const what = `sandbox ${name}`;
    const probed = await hub.backends.probe(name, {});
    if ('missing' in probed) {
      const how = probed.hint === '' ? '' : `; to get it: ${probed.hint}`;
      found.push({ what, state: 'warning', detail: `not here: ${probed.missing}${how}` });
      continue;
    }
    const { strength, interpreter } = probed.backend.served;
    if (name === 'quickjs') uses.javascript = name;
    else if (strength === 'strong') uses.python ??= name;
    const promise = strength === 'weak' ? WEAK : 'strong';
    found.push({
      what,
      state: strength === 'weak' ? 'warning' : 'ok',
      detail: `${interpreter}: ${RUNS[name]}; ${promise}`,
    });
  }
  const isWeak = uses.python === null;
  const serves = isWeak ? 'no strong backend runs Python' : `${uses.python} serves Python and programs`;
  const scripts = uses.javascript === null ? 'nothing runs JavaScript' : `${uses.javascript} serves JavaScript`;
  found.unshift({ what: 'sandbox', state: isWeak ? 'warning' : 'ok', detail: `${serves}; ${scripts}` });
  return found;
}
