/** A set of strings that keeps 8 bytes a member: membership is certain when absent, and to be confirmed when present. */

export class KeySet {
  /** Small at first: most ports of a run with thousands of nodes hold a handful of rows. */
  #slots = new Uint32Array(2 << 5);
  #size = 0;

  /** False when the key (or one with the same 64-bit hash) was there before. */
  add(key: string): boolean {
    if (this.#size * 4 > this.#slots.length) this.#grow();
    const [high, low] = hash64(key);
    const isNew = insert(this.#slots, high, low);
    if (isNew) this.#size++;
    return isNew;
  }

  /** True also for another key with the same 64-bit hash. */
  has(key: string): boolean {
    const [high, low] = hash64(key);
    const mask = this.#slots.length / 2 - 1;
    for (let place = low & mask; ; place = (place + 1) & mask) {
      const slotHigh = this.#slots[place * 2];
      const slotLow = this.#slots[place * 2 + 1];
      if (slotHigh === 0 && slotLow === 0) return false;
      if (slotHigh === high && slotLow === low) return true;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 2) {
      const high = old[at] ?? 0;
      const low = old[at + 1] ?? 0;
      if (high !== 0 || low !== 0) insert(this.#slots, high, low);
    }
  }
}

/** Open addressing over pairs of words; the pair (0, 0) marks a free slot. */
function insert(slots: Uint32Array, high: number, low: number): boolean {
  const mask = slots.length / 2 - 1;
  for (let place = low & mask; ; place = (place + 1) & mask) {
    const slotHigh = slots[place * 2];
    const slotLow = slots[place * 2 + 1];
    if (slotHigh === 0 && slotLow === 0) {
      slots[place * 2] = high;
      slots[place * 2 + 1] = low;
      return true;
    }
    if (slotHigh === high && slotLow === low) return false;
  }
}

/** Two independent multiplicative hashes over UTF-16 units (cyrb53's mixing, Bryc 2018, public domain). */
function hash64(key: string): [number, number] {
  let first = 0xdeadbeef;
  let second = 0x41c6ce57;
  for (let at = 0; at < key.length; at++) {
    const unit = key.charCodeAt(at);
    first = Math.imul(first ^ unit, 2654435761);
    second = Math.imul(second ^ unit, 1597334677);
  }
  first = Math.imul(first ^ (first >>> 16), 2246822507) ^ Math.imul(second ^ (second >>> 13), 3266489909);
  second = Math.imul(second ^ (second >>> 16), 2246822507) ^ Math.imul(first ^ (first >>> 13), 3266489909);
  const high = first >>> 0;
  const low = second >>> 0;
  return high === 0 && low === 0 ? [0, 1] : [high, low];
}
