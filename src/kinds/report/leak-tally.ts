/** Leak audits of the challengers' answers, counted by outcome and by detector. */

import type { Json } from '#contract/json.ts';
import { isObject } from '#util/json-object.ts';
import type { LeakFacts } from './facts.ts';

/** Names are few by nature; rows from elsewhere must not fill the page. */
const MOST_NAMES = 50;

export class LeakTally {
  #audited = 0;
  readonly #outcomes = new Map<string, number>();
  readonly #detectors = new Map<string, number>();

  /** @param leak the annotation, where there is one */
  add(leak: Json | undefined): void {
    if (!isObject(leak) || typeof leak['outcome'] !== 'string') return;
    this.#audited++;
    count(this.#outcomes, leak['outcome']);
    const evidence = Array.isArray(leak['evidence']) ? (leak['evidence'] as readonly Json[]) : [];
    // What the model writes blind as well is no finding.
    const found = evidence.filter(isObject).filter(({ cleared }) => cleared === undefined);
    for (const name of new Set(found.map(({ detector }) => String(detector)))) count(this.#detectors, name);
  }

  facts(): LeakFacts {
    return { audited: this.#audited, outcomes: sorted(this.#outcomes), detectors: sorted(this.#detectors) };
  }
}

function count(counts: Map<string, number>, name: string): void {
  if (counts.has(name) || counts.size < MOST_NAMES) counts.set(name, (counts.get(name) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): { readonly name: string; readonly count: number }[] {
  return [...counts]
    .sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1))
    .map(([name, n]) => ({ name, count: n }));
}
