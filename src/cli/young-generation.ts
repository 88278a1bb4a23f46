/**
 * Holds V8's young generation at two halves of 8 MB. Left alone it grows to twice that, which costs a run over many rows 40 MB
 * of memory and no less time. `--max-semi-space-size` is only heard at the start of a process; the growth factor always is.
 */

import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Both halves. */
const ENOUGH_BYTES = 16 << 20;
/** To fill a half with survivors takes longer than this. */
const LOOK_MS = 25;

/** For as long as the process lives: V8 shrinks an idle young generation, which must then be free to grow again. */
export function holdYoungGeneration(): void {
  let isHeld = false;
  setInterval(() => {
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    const isEnough = space !== undefined && space.space_size >= ENOUGH_BYTES;
    if (isEnough === isHeld) return;
    isHeld = isEnough;
    setFlagsFromString(`--semi-space-growth-factor=${isHeld ? 1 : 2}`);
  }, LOOK_MS).unref();
}
