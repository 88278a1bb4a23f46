/** One request on the wire, from its first byte to the last of the answer: deadlines, abort, and what came of it. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { EndpointSpec } from '#contract/manifest.ts';
import type { Clock } from '#util/clock.ts';
import { onAbort, type StopSignal } from '#util/on-abort.ts';

export type Reply =
  | { readonly type: 'response'; readonly status: number; readonly retryAfter: string | null; readonly text: string }
  | { readonly type: 'error'; readonly error: unknown }
  | { readonly type: 'expired'; readonly deadline: 'first-byte' | 'total'; readonly ms: number }
  | { readonly type: 'aborted' };

const BYTE_ORDER_MARK = '\uFEFF';

export class Exchange implements Dispatcher.DispatchHandler {
  /** Never rejects. */
  readonly ended: Promise<Reply>;
  #resolve: (reply: Reply) => void = () => {};
  #hasEnded = false;
  #controller: Dispatcher.DispatchController | null = null;
  #status = 0;
  #retryAfter: string | null = null;
  readonly #pieces: Buffer[] = [];
  readonly #forgetAbort: () => void;
  readonly #cancelFirstByte: () => void;
  readonly #cancelTotal: () => void;

  constructor({ first_byte_ms, total_ms }: EndpointSpec['timeouts'], clock: Clock, signal: StopSignal) {
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#forgetAbort = onAbort(signal, () => this.#giveUp({ type: 'aborted' }));
    const expire = (deadline: 'first-byte' | 'total', ms: number) => () =>
      this.#giveUp({ type: 'expired', deadline, ms });
    this.#cancelFirstByte = clock.after(first_byte_ms, expire('first-byte', first_byte_ms));
    this.#cancelTotal = clock.after(total_ms, expire('total', total_ms));
  }

  /** The first to say how it ended is right. */
  end(reply: Reply): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#cancelFirstByte();
    this.#cancelTotal();
    this.#forgetAbort();
    this.#resolve(reply);
  }

  #giveUp(reply: Reply): void {
    this.end(reply);
    this.#controller?.abort(new Error('given up'));
  }

  // ---- what undici tells -------------------------------------------------------------------------------------------

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Given up while it was waiting for a connection.
    if (this.#hasEnded) controller.abort(new Error('given up'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#cancelFirstByte();
    this.#status = status;
    const retryAfter = headers['retry-after'];
    this.#retryAfter = typeof retryAfter === 'string' ? retryAfter : null;
  }

  onResponseData(_: Dispatcher.DispatchController, piece: Buffer): void {
    this.#pieces.push(piece);
  }

  onResponseEnd(): void {
    const [first] = this.#pieces;
    const body = this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces);
    const text = body.toString('utf8');
    const start = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
    this.end({ type: 'response', status: this.#status, retryAfter: this.#retryAfter, text: text.slice(start) });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.end({ type: 'error', error });
  }
}
