/**
 * The frame of packs and journals: `magic, crc32, flags, type, time, length, key, payload`. The checksum covers all after
 * the flags. A reader that meets damage looks for the next magic whose checksum holds, so one bad byte costs one frame.
 */

import { crc32 } from 'node:zlib';
import type { Digest } from '#contract/json.ts';

/** Numbers are on disk: never reuse one. */
export const FRAME = {
  blob: 1,
  list: 2,
  action: 3,
  node: 4,
  intent: 5,
  answer: 6,
  void: 7,
  /** An action or node entry that was put with `replace`. */
  actionAgain: 8,
  nodeAgain: 9,
  /** An answer whose text `gc --calls` took out: it still counts as paid. */
  answerGone: 10,
} as const;

export type FrameType = (typeof FRAME)[keyof typeof FRAME];

export const HEAD_BYTES = 52;

const MAGIC = 0x534c4631;
const MAGIC_BYTES = Buffer.from('SLF1');
const CRC_AT = 4;
const FLAGS_AT = 8;
const CHECKED_FROM = 9;
const TYPE_AT = 9;
const TIME_AT = 10;
const LENGTH_AT = 16;
const KEY_AT = 20;

/** Set in place, when a later frame took over the key. */
const SUPERSEDED = 1;

/** Writes the head of a frame at `at`; the payload must follow it. */
export function writeHead(target: Buffer, at: number, type: FrameType, key: Digest, time: number, payload: Uint8Array) {
  target.writeUInt32BE(MAGIC, at);
  target[at + FLAGS_AT] = 0;
  target[at + TYPE_AT] = type;
  target.writeUIntBE(time, at + TIME_AT, 6);
  target.writeUInt32BE(payload.byteLength, at + LENGTH_AT);
  if (target.write(key, at + KEY_AT, 32, 'hex') !== 32) throw new Error(`not a digest: ${key}`);
  const head = crc32(target.subarray(at + CHECKED_FROM, at + HEAD_BYTES));
  target.writeUInt32BE(crc32(payload, head), at + CRC_AT);
}

/** Whether something that may be a frame begins at `at`; at least HEAD_BYTES must follow. */
export function isFrameAt(buffer: Buffer, at: number): boolean {
  return buffer.readUInt32BE(at) === MAGIC;
}

export function frameType(buffer: Buffer, at: number): number {
  return buffer[at + TYPE_AT] ?? 0;
}

export function frameTime(buffer: Buffer, at: number): number {
  return buffer.readUIntBE(at + TIME_AT, 6);
}

export function payloadLength(buffer: Buffer, at: number): number {
  return buffer.readUInt32BE(at + LENGTH_AT);
}

export function frameKey(buffer: Buffer, at: number): Digest {
  return buffer.toString('hex', at + KEY_AT, at + KEY_AT + 32);
}

/** Whether the key of a frame is this one. Makes no text: it is asked for every frame that is read. */
export function isFrameOf(buffer: Buffer, at: number, key: Digest): boolean {
  if (key.length !== 64) return false;
  for (let nth = 0; nth < 32; nth++) {
    const byte = (hexDigit(key.charCodeAt(nth * 2)) << 4) | hexDigit(key.charCodeAt(nth * 2 + 1));
    if (buffer[at + KEY_AT + nth] !== byte) return false;
  }
  return true;
}

/** Digests are written in lower case; anything else is no byte. */
function hexDigit(unit: number): number {
  if (unit >= 48 && unit <= 57) return unit - 48;
  return unit >= 97 && unit <= 102 ? unit - 87 : 256;
}

/** The first 32 bits of the key, for a cheap comparison. */
export function frameKeyHead(buffer: Buffer, at: number): number {
  return buffer.readUInt32BE(at + KEY_AT);
}

export function isSuperseded(buffer: Buffer, at: number): boolean {
  return ((buffer[at + FLAGS_AT] ?? 0) & SUPERSEDED) !== 0;
}

/** Where the flags of a frame lie, and what they say once it is superseded. */
export const SUPERSEDED_MARK = { offset: FLAGS_AT, byte: Buffer.from([SUPERSEDED]) };

/** Whether head and payload are as they were written; the whole frame must be in the buffer. */
export function isIntact(buffer: Buffer, at: number): boolean {
  const end = at + HEAD_BYTES + payloadLength(buffer, at);
  return (
    end <= buffer.byteLength && crc32(buffer.subarray(at + CHECKED_FROM, end)) === buffer.readUInt32BE(at + CRC_AT)
  );
}

/** The next place at or after `from` where a frame may begin, or -1. */
export function nextMagic(buffer: Buffer, from: number): number {
  return buffer.indexOf(MAGIC_BYTES, from);
}
