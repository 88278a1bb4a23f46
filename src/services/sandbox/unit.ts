/** One connection to what the keeper forked: an order in, an answer out, as frames of JSON. */

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { JsonObject } from '#contract/json.ts';

/** A frame is four bytes of length and JSON. Everything of a candidate's has a limit of its own far below this. */
const LARGEST_ANSWER = 1 << 30;

/** The other end is gone: the unit was killed, is out of memory, or ended itself because it could not go on. */
export class UnitGone extends Error {}

export class Unit {
  readonly #socket: Duplex;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #wanted = 4;
  #isHead = true;
  readonly #answers: JsonObject[] = [];
  #waiting: { resolve(answer: JsonObject): void; reject(error: Error): void } | null = null;
  #isGone = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('data', (piece) => this.#hear(piece));
    const gone = () => this.#lose();
    socket.on('error', gone).on('close', gone).on('end', gone);
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  send(order: JsonObject): void {
    const body = Buffer.from(JSON.stringify(order));
    const head = Buffer.alloc(4);
    head.writeUInt32BE(body.length);
    this.#socket.write(Buffer.concat([head, body]));
  }

  /** @throws UnitGone */
  next(): Promise<JsonObject> {
    const answer = this.#answers.shift();
    if (answer !== undefined) return Promise.resolve(answer);
    if (this.#isGone) return Promise.reject(new UnitGone('the sandbox is gone'));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  ask(order: JsonObject): Promise<JsonObject> {
    this.send(order);
    return this.next();
  }

  /** Everything below it ends with the connection. */
  end(): void {
    this.#socket.destroy();
    this.#lose();
  }

  /** Whether the process may end although this is open. */
  ref(isNeeded: boolean): void {
    if (!(this.#socket instanceof Socket)) return;
    if (isNeeded) this.#socket.ref();
    else this.#socket.unref();
  }

  #hear(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    while (this.#bytes >= this.#wanted) {
      const data = Buffer.concat(this.#pieces);
      const part = data.subarray(0, this.#wanted);
      this.#pieces = [data.subarray(this.#wanted)];
      this.#bytes -= this.#wanted;
      if (this.#isHead) {
        this.#wanted = part.readUInt32BE();
        if (this.#wanted > LARGEST_ANSWER) {
          this.end();
          return;
        }
      } else {
        this.#wanted = 4;
        this.#tell(part);
      }
      this.#isHead = !this.#isHead;
    }
  }

  #tell(body: Buffer): void {
    let answer: JsonObject;
    try {
      answer = JSON.parse(body.toString('utf8')) as JsonObject;
    } catch {
      this.end();
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#answers.push(answer);
    else waiting.resolve(answer);
  }

  #lose(): void {
    this.#isGone = true;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(new UnitGone('the sandbox is gone'));
  }
}
