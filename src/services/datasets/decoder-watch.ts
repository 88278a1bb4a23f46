/** The thread that holds the decoder to its deadlines: told milliseconds, it ends the process after them; 0 takes that back. */

import { Worker } from 'node:worker_threads';

/** Plain JavaScript, so that it starts at once and needs no loader. The signal tells the parent what happened. */
const WATCH = `
  const { parentPort } = require('node:worker_threads');
  let timer;
  parentPort.on('message', (ms) => {
    clearTimeout(timer);
    if (ms > 0) timer = setTimeout(() => process.kill(process.pid, 'SIGALRM'), ms);
  });
`;

export const watch = new Worker(WATCH, { eval: true, execArgv: [], env: {} });
