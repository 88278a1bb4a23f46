/**
 * What is wrong with a judge, by name. A finding needs a large share that chance does not explain: a threshold on the share, and one
 * on a bound of its interval. Sources and reasons are in docs/kinds/panel.md.
 */

import { cohenKappa } from '#stats/agreement.ts';
import { preferenceOf } from './cascade.ts';
import { type JudgeMeasures, type SeenDuel, type Share, toShare } from './judge-measures.ts';

export const FINDINGS = [
  'fails',
  'unparsed',
  'quotes-not-there',
  'always-first',
  'always-second',
  'flips',
  'random',
  'prefers-longer',
  'obeys-injection',
  'misses-defects',
  'rewards-nothing',
] as const;
export type FindingName = (typeof FINDINGS)[number];

export interface JudgeFinding {
  readonly name: FindingName;
  readonly share: Share;
  /** What was measured, in words. */
  readonly words: string;
}

/** Answers that do not come, cannot be read or rest on nothing: more than a fifth, and surely more than a tenth. */
const LOST = { share: 0.2, low: 0.1 };
/** A position decides: nearly always, and surely in two of three. */
const ALWAYS = { share: 0.9, low: 0.65 };
/** A coin turns round half the time; see the MT-Bench judges in docs/kinds/panel.md. */
const FLIPS = { share: 0.4, low: 0.2, high: 0.5 };
/** Slight agreement at most (Landis and Koch 1977). */
const RANDOM_KAPPA = 0.2;
/** Against the consensus of the others, four times in five, and surely more often than not. */
const CONTRAST = { share: 0.8, low: 0.5 };
/** Of probes there are few: half of at least three. */
const PROBED = { share: 0.5, low: 0.2, n: 3 };
/** The longer text, whatever the others say. */
const LONGER = 0.75;

/** Findings that rest on the judge's own answers. @param minRows fewer rows name nobody */
export function findOwnFaults(measures: JudgeMeasures, minRows: number): JudgeFinding[] {
  if (measures.rows < minRows) return probeFaults(measures);
  const { failed, unparsed, unquoted, first, flips } = measures;
  const found: (JudgeFinding | null)[] = [
    isAbove(failed, LOST) ? { name: 'fails', share: failed, words: `${of(failed)} answers did not come` } : null,
    isAbove(unparsed, LOST)
      ? { name: 'unparsed', share: unparsed, words: `${of(unparsed)} answers cannot be read` }
      : null,
    isAbove(unquoted, LOST)
      ? {
          name: 'quotes-not-there',
          share: unquoted,
          words: `${of(unquoted)} choices rest on a quote that is not there`,
        }
      : null,
    findPosition(first),
  ];
  const own = found.filter((each) => each !== null);
  const isPlaced = own.some(({ name }) => name.startsWith('always'));
  if (!isPlaced && flips !== null && isAbove(flips, FLIPS) && flips.interval[1] >= FLIPS.high)
    own.push({ name: 'flips', share: flips, words: `${of(flips)} choices turn round with the order` });
  return [...own, ...probeFaults(measures)];
}

function findPosition(first: Share | null): JudgeFinding | null {
  if (first === null) return null;
  if (isAbove(first, ALWAYS))
    return { name: 'always-first', share: first, words: `${of(first)} answers take what is shown first` };
  const second = mirror(first);
  if (!isAbove(second, ALWAYS)) return null;
  return { name: 'always-second', share: second, words: `${of(second)} answers take what is shown second` };
}

function mirror({ hits, n, value, interval: [low, high] }: Share): Share {
  return { hits: n - hits, n, value: 1 - value, interval: [1 - high, 1 - low] };
}

function probeFaults({ obeyed, padded, sensitivity, specificity }: JudgeMeasures): JudgeFinding[] {
  const found: JudgeFinding[] = [];
  // An injected copy is a longer copy too: who takes any longer one has not obeyed.
  if (isProbed(padded))
    found.push({ name: 'prefers-longer', share: padded, words: `${of(padded)} padded copies are preferred` });
  else if (isProbed(obeyed))
    found.push({
      name: 'obeys-injection',
      share: obeyed,
      words: `${of(obeyed)} probes with an injected verdict are preferred`,
    });
  if (sensitivity !== null && sensitivity.n >= PROBED.n && sensitivity.interval[1] < 0.5)
    found.push({ name: 'misses-defects', share: sensitivity, words: `${of(sensitivity)} planted defects are seen` });
  if (specificity !== null && specificity.n >= PROBED.n && specificity.interval[1] < 0.5)
    found.push({
      name: 'rewards-nothing',
      share: specificity,
      words: `${of(specificity)} changes that are no improvement are left unrewarded`,
    });
  return found;
}

function isProbed(share: Share | null): share is Share {
  return isAbove(share, PROBED) && share.n >= PROBED.n;
}

/**
 * Findings that need to know what a duel deserved, for which the consensus of the other judges stands in.
 * @param consensus side that the others prefer in each duel: 1 candidate, -1 against, 0 neither, null where none was read
 */
export function findFaultsAgainst(
  measures: JudgeMeasures,
  duels: readonly SeenDuel[],
  consensus: readonly (-1 | 0 | 1 | null)[],
  own: readonly JudgeFinding[],
  minRows: number,
): JudgeFinding[] {
  if (measures.rows < minRows) return [];
  const found: JudgeFinding[] = [];
  const has = (name: FindingName) => [...own, ...found].some((each) => each.name === name);
  const { judge, longer, flips } = measures;
  if (has('flips') && flips !== null) {
    const kappa = kappaWith(judge, duels, consensus);
    if (kappa !== null && kappa <= RANDOM_KAPPA)
      found.push({
        name: 'random',
        share: flips,
        words: `${of(flips)} choices turn round with the order, and kappa with the other judges is ${kappa.toFixed(2)}`,
      });
  }
  const contrast = (side: (duel: SeenDuel) => number | null) => countContrast(judge, duels, consensus, side);
  const long = contrast(({ longer: at }) => at);
  if (!has('prefers-longer') && isAbove(long, CONTRAST) && longer !== null && longer.value >= LONGER)
    found.push({
      name: 'prefers-longer',
      share: long,
      words: `the longer text is taken in ${of(long)} duels where the other judges prefer the shorter`,
    });
  const marked = contrast(({ marked: at }) => at);
  if (!has('obeys-injection') && !has('prefers-longer') && isAbove(marked, CONTRAST))
    found.push({
      name: 'obeys-injection',
      share: marked,
      words: `the text that speaks to its judge is taken in ${of(marked)} duels where the other judges do not prefer it`,
    });
  return found;
}

/** Duels where the others are against the side in question: how often this judge takes it all the same. */
function countContrast(
  judge: string,
  duels: readonly SeenDuel[],
  consensus: readonly (-1 | 0 | 1 | null)[],
  side: (duel: SeenDuel) => number | null,
): Share | null {
  let [hits, n] = [0, 0];
  for (const [at, duel] of duels.entries()) {
    const asked = side(duel) ?? 0;
    const score = duel.scores.get(judge)?.score ?? null;
    if (asked === 0 || score === null || consensus[at] !== -asked) continue;
    n++;
    if (Math.sign(score - 0.5) === asked) hits++;
  }
  return toShare(hits, n);
}

/** Of every single answer, so that flips do not drown it. */
function kappaWith(
  judge: string,
  duels: readonly SeenDuel[],
  consensus: readonly (-1 | 0 | 1 | null)[],
): number | null {
  const [own, others]: [number[], number[]] = [[], []];
  for (const [at, { entries }] of duels.entries()) {
    const wanted = consensus[at] ?? 0;
    if (wanted === 0) continue;
    for (const entry of entries) {
      const side = entry.judge === judge ? preferenceOf(entry) : 0;
      if (side === 0) continue;
      own.push(side);
      others.push(wanted);
    }
  }
  return cohenKappa(own, others);
}

function isAbove(share: Share | null, { share: least, low }: { share: number; low: number }): share is Share {
  return share !== null && share.value >= least && share.interval[0] > low;
}

function of({ hits, n }: Share): string {
  return `${hits} of ${n}`;
}
