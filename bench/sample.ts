/** Measurements taken side by side: on a machine that others use too, only what was measured in turn can be compared. */

import { median } from './process.ts';

export interface Subject {
  readonly name: string;
  /** In how many of the rounds; a tool that takes half a minute is not asked nine times. */
  readonly rounds?: number;
  /** @returns seconds */
  run(): Promise<number>;
}

/** Rounds in which each subject is measured once. @returns the seconds of each, by name, in the order of the rounds */
export async function inTurn(subjects: readonly Subject[], rounds: number): Promise<Map<string, number[]>> {
  const all = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const subject of subjects)
      if (round < (subject.rounds ?? rounds)) all.get(subject.name)?.push(await subject.run());
  return all;
}

/** Median of the ratios of one round each. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): number {
  return median(theirs.map((seconds, round) => (ours[round] ?? Number.NaN) / seconds));
}
