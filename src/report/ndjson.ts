/** `--json`: the events as they are, one a line. The form is that of `events.ndjson` in the run's folder. */

import type { Output, Reporter } from './reporter.ts';

export function makeNdjson(output: Output): Reporter {
  let lines = '';
  let due: NodeJS.Immediate | null = null;
  const flush = () => {
    if (due !== null) clearImmediate(due);
    due = null;
    if (lines !== '') output.write(lines);
    lines = '';
  };
  return {
    // What happens in one turn of the loop is written at once: a pipe is written to before `write` returns.
    event: (event, line = JSON.stringify(event)) => {
      lines += `${line}\n`;
      due ??= setImmediate(flush);
    },
    close: flush,
  };
}
