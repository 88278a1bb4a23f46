/** The live view of a terminal: redrawn at most ten times a second, with trouble above it and the closing at its end. */

import { stripVTControlCharacters } from 'node:util';
import type { createLogUpdate } from 'log-update';
import type { RunEvent } from '#contract/event.ts';
import { displayWidth } from '#util/display-width.ts';
import { toClosing } from './closing.ts';
import { toFrame } from './frame.ts';
import { nextCommands, nextLines } from './next-commands.ts';
import type { Output, Reporter } from './reporter.ts';
import { NO_STYLE, type Style, type Tone } from './style.ts';
import { summarize } from './summarize.ts';
import { EMPTY_SUMMARY, nodeOf, type Summary } from './summary.ts';
import { toLine } from './text.ts';

const REDRAW_MS = 100;
/** Without events the clock still moves. */
const IDLE_MS = 1000;
const CLOSING_NODES = 40;
const ERASE_LINE = '\u001b[2K';
const LINE_UP = '\u001b[1A';

export interface TtyOptions {
  readonly style?: Style;
  /** The manifest as the user named it, for the commands to try next. */
  readonly file?: string;
  readonly now?: () => number;
}

/** 45 ms to import, which a run that ends at once does without. */
let createLive: typeof createLogUpdate | null = null;

export async function loadLiveView(): Promise<void> {
  createLive = (await import('log-update')).createLogUpdate;
}

export function makeTty(output: Output, { style = NO_STYLE, file, now = Date.now }: TtyOptions = {}): Reporter {
  let summary = EMPTY_SUMMARY;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let isLoading = false;
  let live: ReturnType<typeof createLogUpdate> | null = null;
  /** The frame on the screen, and the width that it was made for. */
  let drawn: readonly string[] = [];
  let drawnColumns = 0;

  // Read anew for each frame: windows change. Pseudo-terminals that were given no size say 0.
  const screen = {
    write: (text: string) => output.write(text),
    isTTY: output.isTTY,
    get columns() {
      return output.columns || 80;
    },
    get rows() {
      return output.rows || 24;
    },
  };
  const isLive = () => summary.events > 0 && summary.finished === null;
  const stop = () => clearTimeout(timer);
  const wait = (ms: number) => {
    stop();
    timer = setTimeout(draw, ms);
    timer.unref();
  };
  const draw = () => {
    if (!isLive()) return;
    if (createLive === null) {
      if (!isLoading) void loadLiveView().then(draw);
      isLoading = true;
      return;
    }
    // Of a stream it uses write, columns, rows and isTTY alone.
    live ??= createLive(screen as unknown as NodeJS.WritableStream, { showCursor: output.isTTY !== true });
    drawnAt = now();
    const { columns, rows } = screen;
    if (columns < drawnColumns) clear();
    drawn = toFrame(summary, { columns, rows, now: drawnAt, style });
    drawnColumns = columns;
    live(drawn.join('\n'));
    wait(IDLE_MS);
  };
  /** Clears the frame, so that what is written next stays above it. */
  const clear = () => {
    // A window that was made narrower has broken lines of the frame in two, of which nobody else knows.
    const rows = drawn.map((line) => Math.ceil(displayWidth(stripVTControlCharacters(line)) / screen.columns));
    const added = rows.reduce((sum, count) => sum + Math.max(0, count - 1), 0);
    if (added > 0) output.write(`${ERASE_LINE}${LINE_UP}`.repeat(Math.min(added, screen.rows)));
    live?.clear();
    drawn = [];
    drawnColumns = 0;
  };

  return {
    event(event) {
      const before = summary;
      summary = summarize(summary, event);
      if (event.type === 'run-finished') {
        stop();
        clear();
        live?.done();
        output.write(`${closingOf(summary, style, file, screen.columns).join('\n')}\n`);
        return;
      }
      const above = linesAbove(event, before, style);
      if (above.length > 0) {
        clear();
        output.write(`${above.join('\n')}\n`);
        drawnAt = Number.NEGATIVE_INFINITY;
      }
      if (!isLive()) return;
      // A run that ends at once leaves no flicker.
      if (event.type === 'run-started') drawnAt = now();
      const due = drawnAt + REDRAW_MS - now();
      if (due <= 0) draw();
      else wait(due);
    },
    close() {
      stop();
      if (isLive()) clear();
      live?.done();
      summary = EMPTY_SUMMARY;
    },
  };
}

function closingOf(summary: Summary, style: Style, file: string | undefined, columns: number): string[] {
  const next = nextLines(nextCommands(summary, file)).map((line) => `  ${line}`);
  return [...toClosing(summary, { style, nodeLimit: CLOSING_NODES, columns }), '', style('strong', 'next'), ...next];
}

const LEVELS: { readonly [level: string]: Tone } = { error: 'bad', warning: 'warn', info: 'dim' };

/** Notices, nodes that failed, and the first row of each sort of failure: they stay when the frame moves on. */
function linesAbove(event: RunEvent, before: Summary, style: Style): string[] {
  switch (event.type) {
    case 'notice': {
      const about = event.node === undefined ? '' : `${event.node}: `;
      const head = style(LEVELS[event.level] ?? 'dim', `${event.level}[${event.code}]`);
      const hint = event.hint === undefined ? [] : [`  ${style('dim', `hint: ${toLine(event.hint)}`)}`];
      return [`${head}: ${about}${toLine(event.message, 2000)}`, ...hint];
    }
    case 'row-trouble': {
      const isFirst = !nodeOf(before, event.node)?.troubles.has(`${event.disposition} ${event.code}`);
      if (event.disposition !== 'failed' || !isFirst) return [];
      const head = style('bad', `${event.node}: row ${toLine(event.row, 120)} failed, ${toLine(event.code, 60)}`);
      return [`${head}: ${toLine(event.message)}`];
    }
    case 'node-state':
      if (event.state !== 'failed' || event.reason === undefined) return [];
      return [
        `${style('bad', `${event.node}: failed, ${toLine(event.reason.code, 60)}`)}: ${toLine(event.reason.message)}`,
      ];
    default:
      return [];
  }
}
