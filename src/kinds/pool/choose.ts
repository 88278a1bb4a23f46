/** Which candidates of one task make its pool. Choices hang on hashes of what is chosen, never on the order of arrival. */

import { MUTANT_CLASSES, type MutantClass } from '#domain/mutate/operators/operator.ts';
import { hashTexts } from '#util/sha256.ts';
import type { PoolConfig } from './config.ts';

/** What the choice may know of a candidate. */
export interface Labelled {
  /** Place in the input. */
  readonly at: number;
  readonly id: string;
  readonly class: string;
  readonly label: string;
  readonly behaviour: string;
  readonly isEasy: boolean;
}

export interface Choice {
  readonly taken: readonly Labelled[];
  /** Why the others were left, by code. */
  readonly left: { readonly [code: string]: number };
}

export const LEFT_CODES = [
  'reference-not-passing',
  'label-unknown',
  'equivalent-suspected',
  'mislabelled',
  'same-behaviour',
  'too-easy',
  'class-full',
  'pool-full',
] as const;
type LeftCode = (typeof LEFT_CODES)[number];

/** In the order in which places are given away; they come before any mutant. */
const FIXED = ['passing_reference', 'no_action_bait', 'near_no_action_bait', 'neutral_reference'] as const;

/** A neutral edit that fails was not neutral; a reference must pass. What the state before does is for its tests to say. */
const MUST_PASS = new Set<string>(['passing_reference', 'neutral_reference']);

export function choosePool(
  candidates: readonly Labelled[],
  { size, seed, task }: { readonly size: number; readonly seed: string; readonly task: string },
  { quotas, easy_share, equivalents }: Pick<PoolConfig, 'quotas' | 'easy_share' | 'equivalents'>,
): Choice {
  const left: { [code: string]: number } = {};
  const leave = (code: LeftCode): void => {
    left[code] = (left[code] ?? 0) + 1;
  };
  const reference = candidates.find(({ class: name }) => name === 'passing_reference');
  if (reference !== undefined && reference.label !== 'pass') {
    for (const _ of candidates) leave('reference-not-passing');
    return { taken: [], left };
  }
  const usable = candidates.filter((candidate) => {
    const code = unusable(candidate, reference, equivalents);
    if (code !== null) leave(code);
    return code === null;
  });
  const taken: Labelled[] = [];
  const counts = new Map<string, number>();
  const behaviours = new Set<string>();
  let easy = 0;
  const mostEasy = Math.floor(easy_share * size);
  const most = (name: string): number =>
    quotas[name as keyof typeof quotas] ?? (FIXED.includes(name as never) ? 1 : Number.POSITIVE_INFINITY);

  for (const candidate of inTurn(usable, seed, task)) {
    const isMutant = MUTANT_CLASSES.includes(candidate.class as MutantClass);
    if ((counts.get(candidate.class) ?? 0) >= most(candidate.class)) leave('class-full');
    else if (isMutant && behaviours.has(candidate.behaviour)) leave('same-behaviour');
    else if (isMutant && candidate.isEasy && easy >= mostEasy) leave('too-easy');
    else if (taken.length >= size) leave('pool-full');
    else {
      taken.push(candidate);
      counts.set(candidate.class, (counts.get(candidate.class) ?? 0) + 1);
      if (isMutant) behaviours.add(candidate.behaviour);
      if (candidate.isEasy) easy += 1;
    }
  }
  return { taken: taken.sort((a, b) => a.at - b.at), left };
}

function unusable(
  candidate: Labelled,
  reference: Labelled | undefined,
  equivalents: PoolConfig['equivalents'],
): LeftCode | null {
  const { class: name, label, behaviour } = candidate;
  if (label !== 'pass' && label !== 'fail') return 'label-unknown';
  if (MUST_PASS.has(name)) return label === 'pass' ? null : 'mislabelled';
  if (!MUTANT_CLASSES.includes(name as MutantClass) || equivalents === 'keep') return null;
  // Who passes every test is no negative, whether or not it printed something else on the way.
  return label === 'pass' || behaviour === reference?.behaviour ? 'equivalent-suspected' : null;
}

/** The fixed classes first, then the mutants: one of each class in turn, each class by its rank. */
function* inTurn(candidates: readonly Labelled[], seed: string, task: string): Iterable<Labelled> {
  const rank = (name: string, { id }: Labelled): string => hashTexts(seed, task, 'pool', name, id);
  const queue = (name: string): Labelled[] =>
    candidates.filter((one) => one.class === name).sort((a, b) => (rank(name, a) < rank(name, b) ? -1 : 1));
  for (const name of FIXED) yield* queue(name);
  const classes = MUTANT_CLASSES.map((name) => ({
    name,
    place: hashTexts(seed, task, 'class', name),
    queue: queue(name),
  }));
  classes.sort((a, b) => (a.place < b.place ? -1 : 1));
  for (let round = 0; classes.some((one) => one.queue.length > round); round += 1)
    for (const one of classes) {
      const next = one.queue[round];
      if (next !== undefined) yield next;
    }
}
