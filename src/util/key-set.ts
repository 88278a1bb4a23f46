/** A set of strings that keeps 8 bytes a member: membership is certain when absent, and to be confirmed when present. */

/** Part of the slots that is in use before the table grows, and by how much it does: 10 to 15 bytes a member. */
const FULL = 0.8;
const GROWTH = 1.5;

export class KeySet {
  /** Small at first: most ports of a run with thousands of nodes hold a handful of rows. */
  #slots = new Uint32Array(2 << 5);
  #size = 0;

  /** False when the key (or one with the same 64-bit hash) was there before. */
  add(key: string): boolean {
    if (this.#size >= (this.#slots.length / 2) * FULL) this.#grow();
    const [high, low] = hash64(key);
    const isNew = insert(this.#slots, high, low);
    if (isNew) this.#size++;
    return isNew;
  }

  /** True also for another key with the same 64-bit hash. */
  has(key: string): boolean {
    const slots = this.#slots;
    const [high, low] = hash64(key);
    for (let at = firstSlot(slots, low); ; at = nextSlot(slots, at)) {
      const slotHigh = slots[at];
      const slotLow = slots[at + 1];
      if (slotHigh === 0 && slotLow === 0) return false;
      if (slotHigh === high && slotLow === low) return true;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * Math.ceil((old.length / 2) * GROWTH));
    for (let at = 0; at < old.length; at += 2) {
      const high = old[at] ?? 0;
      const low = old[at + 1] ?? 0;
      if (high !== 0 || low !== 0) insert(this.#slots, high, low);
    }
  }
}

/** Open addressing over pairs of words; the pair (0, 0) marks a free slot. */
function insert(slots: Uint32Array, high: number, low: number): boolean {
  for (let at = firstSlot(slots, low); ; at = nextSlot(slots, at)) {
    const slotHigh = slots[at];
    const slotLow = slots[at + 1];
    if (slotHigh === 0 && slotLow === 0) {
      slots[at] = high;
      slots[at + 1] = low;
      return true;
    }
    if (slotHigh === high && slotLow === low) return false;
  }
}

/** The word as a part of its range, of the slots. */
function firstSlot(slots: Uint32Array, low: number): number {
  return Math.floor((low / 2 ** 32) * (slots.length / 2)) * 2;
}

function nextSlot(slots: Uint32Array, at: number): number {
  return at + 2 === slots.length ? 0 : at + 2;
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
