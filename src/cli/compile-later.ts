/**
 * Has V8 wait longer before it optimises a function. Most commands live for a second or two, and what compiling costs then
 * (threads of its own, but the same two cores) is never earned back: it was a third of the processor time of 1,000 paid calls.
 * In a run over many rows the hot functions are compiled a moment later, which costs no more than it saves.
 */

import { setFlagsFromString } from 'node:v8';

/** Bytes of bytecode that a function runs before it is looked at; V8's own number is 67,584. */
const BUDGET = 400_000;

/** Later versions do not know the flag by this name, and would say so on standard error. */
export function compileLater(): void {
  if (process.versions.node.startsWith('20.')) setFlagsFromString(`--interrupt-budget=${BUDGET}`);
}
