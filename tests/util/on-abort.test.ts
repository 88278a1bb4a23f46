/** Listeners on signals: each called once, in order, and not once it was taken back. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { onAbort, Stopper, type StopSignal } from '#util/on-abort.ts';

const shared = () => {
  const controller = new AbortController();
  return { signal: controller.signal as StopSignal, abort: () => controller.abort() };
};
const own = () => {
  const stopper = new Stopper();
  return { signal: stopper as StopSignal, abort: () => stopper.abort() };
};

for (const [name, make] of [
  ['a signal that is shared', shared],
  ['a stopper', own],
] as const) {
  test(`${name}: all who still listen are called once, in the order of asking`, () => {
    const { signal, abort } = make();
    const heard: string[] = [];
    onAbort(signal, () => heard.push('first'));
    const forget = onAbort(signal, () => heard.push('gone'));
    onAbort(signal, () => {
      heard.push('second');
      forgetLater();
    });
    const forgetLater = onAbort(signal, () => heard.push('taken back in time'));
    onAbort(signal, () => heard.push('third'));
    forget();
    assert.is(signal.aborted, false);
    abort();
    abort();
    assert.is(signal.aborted, true);
    assert.equal(heard, ['first', 'second', 'third']);
  });

  test(`${name}: who comes too late is not called, like any listener`, () => {
    const { signal, abort } = make();
    abort();
    let heard = 0;
    onAbort(signal, () => heard++);
    abort();
    assert.is(heard, 0);
  });
}

test.run();
