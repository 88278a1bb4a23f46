/** The digest of a port: keys and row digests in canonical order, whatever chunk or pack they lie in. */

import { createHash } from 'node:crypto';
import type { Digest } from '#contract/json.ts';
import { FORMATS } from './key-writer.ts';

/** UTF-16 units gathered before they are hashed: a call a row costs more than the hashing. */
const GATHERED = 8192;

export class PortHasher {
  readonly #hash = createHash('sha256').update(`${FORMATS.port}\n`);
  #text = '';

  add(key: string, row: Digest): void {
    this.#text += `${row}${JSON.stringify(key)}\n`;
    if (this.#text.length >= GATHERED) this.#settle();
  }

  digest(): Digest {
    this.#settle();
    return this.#hash.copy().digest('hex');
  }

  #settle(): void {
    this.#hash.update(this.#text);
    this.#text = '';
  }
}
