/** All that the writer of an answer could see, as something to ask. */

import { indexText, type TextIndex } from './text-index.ts';

export interface VisibleMessage {
  readonly role: string;
  readonly content: string | null;
}

type SetName = 'words' | 'parts' | 'fileNames';

/** From here on one merged set is cheaper than asking each message. */
const LOOKUPS_BEFORE_MERGE = 200_000;

export class Visible {
  readonly texts: readonly string[];
  /** What the agent itself wrote, oldest first. */
  readonly ownTexts: readonly string[];
  readonly #indexes: readonly TextIndex[];
  readonly #merged: { [set in SetName]?: Set<string> } = {};
  #lookups = 0;
  readonly #numbers = new Map<string, ReadonlySet<number>>();
  #grams: readonly ReadonlySet<number>[] | undefined;

  constructor(messages: readonly VisibleMessage[]) {
    this.texts = messages.map(({ content }) => content ?? '');
    this.ownTexts = messages.filter(({ role }) => role === 'assistant').map(({ content }) => content ?? '');
    this.#indexes = this.texts.map(indexText);
  }

  hasName(name: string): boolean {
    return this.#has('words', name);
  }

  hasPart(part: string): boolean {
    return this.#has('parts', part);
  }

  hasFileName(name: string): boolean {
    return this.#has('fileNames', name);
  }

  hasGram(gram: number): boolean {
    this.#grams ??= this.#indexes.map((index) => index.grams());
    return this.#grams.some((grams) => grams.has(gram));
  }

  includes(text: string): boolean {
    return this.texts.some((shown) => shown.includes(text));
  }

  /** Whether a number in or near the range stands where the file is spoken of. */
  hasNumberNear(fileName: string, from: number, to: number, slack: number): boolean {
    const numbers = this.#numbers.get(fileName) ?? this.#numbersAbout(fileName);
    this.#numbers.set(fileName, numbers);
    for (const number of numbers) if (number >= from - slack && number <= to + slack) return true;
    return false;
  }

  /** Numbers in messages that name the file and in the answers to them. */
  #numbersAbout(fileName: string): ReadonlySet<number> {
    const found = new Set<number>();
    for (const [at, index] of this.#indexes.entries()) {
      if (!index.fileNames.has(fileName) && this.#indexes[at - 1]?.fileNames.has(fileName) !== true) continue;
      for (const number of index.lineNumbers) found.add(number);
    }
    return found;
  }

  #has(set: SetName, word: string): boolean {
    const merged = this.#merged[set];
    if (merged !== undefined) return merged.has(word);
    this.#lookups += this.#indexes.length;
    if (this.#lookups < LOOKUPS_BEFORE_MERGE) return this.#indexes.some((index) => index[set].has(word));
    const all = new Set<string>();
    for (const index of this.#indexes) for (const each of index[set]) all.add(each);
    this.#merged[set] = all;
    return all.has(word);
  }
}
