/** Rejections, drops, failures and rows left untried of a node, by code: true counts, with an example where one was told. */

import type { NodeView } from './summary.ts';

export interface CountedTrouble {
  readonly disposition: 'rejected' | 'dropped' | 'failed' | 'untried';
  readonly code: string;
  readonly count: number;
  /** '' where no row was told, as for a reused node. */
  readonly row: string;
  readonly message: string;
  /** What to do about it, where somebody said. */
  readonly hint: string | null;
}

/** Most frequent first; failures before rejections. */
export function troublesOf(node: NodeView): CountedTrouble[] {
  const { counts, header, troubles } = node;
  const failures = entries(counts.failures).map(([code, count]) => {
    const isUntried = troubles.has(`untried ${code}`) || (counts.failed === 0 && !troubles.has(`failed ${code}`));
    return withExample(node, isUntried ? 'untried' : 'failed', code, count);
  });
  const codes = entries(counts.codes).map(([code, count]) =>
    withExample(node, header.scope === 'row' ? 'rejected' : 'dropped', code, count),
  );
  return [...failures, ...codes];
}

function withExample(
  node: NodeView,
  disposition: CountedTrouble['disposition'],
  code: string,
  count: number,
): CountedTrouble {
  const example = node.troubles.get(`${disposition} ${code}`);
  return {
    disposition,
    code,
    count,
    row: example?.row ?? '',
    message: example?.message ?? '',
    hint: example?.hint ?? null,
  };
}

function entries(codes: { readonly [code: string]: number }): [string, number][] {
  return Object.entries(codes).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
