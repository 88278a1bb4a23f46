/** Numbers and dates events, writes them to the run's log, and shows them in the form that fits where they are read. */

import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { EventBody, RunEvent } from '#contract/event.ts';
import type { RunFolder } from '#contract/store.ts';
import { makeGithub } from '#report/github.ts';
import { makeNdjson } from '#report/ndjson.ts';
import { makePlain } from '#report/plain.ts';
import type { Output, Reporter } from '#report/reporter.ts';
import { toRunHtml } from '#report/run-html.ts';
import { chooseStyle } from '#report/style.ts';
import { summarize } from '#report/summarize.ts';
import { EMPTY_SUMMARY } from '#report/summary.ts';
import { makeTty } from '#report/tty.ts';
import type { Prepared } from './compose.ts';
import { shown } from './compose.ts';
import type { Io } from './io.ts';

export interface TellerOptions {
  readonly run: string;
  readonly folder: RunFolder;
  readonly flags: { readonly json?: boolean; readonly plain?: boolean };
  readonly prepared: Prepared;
  /** The manifest as the user named it. */
  readonly target: string | undefined;
  readonly io: Io;
}

export interface Teller {
  emit(event: EventBody): void;
  close(): Promise<void>;
}

/** Log lines that may wait for the disk. */
const LOG_BATCH = 200;

export function makeTeller({ run, folder, flags, prepared, target, io }: TellerOptions): Teller {
  const { secrets } = prepared;
  const output: Output = {
    write: (text) => io.stdout.write(secrets.redact(text)),
    isTTY: io.stdout.isTTY,
    get columns() {
      return io.stdout.columns;
    },
    get rows() {
      return io.stdout.rows;
    },
  };
  const reporters = chooseReporters(flags, prepared, target, output, io);
  let summary = EMPTY_SUMMARY;
  let seq = 0;
  let lines: string[] = [];
  const flush = () => {
    if (lines.length > 0) folder.append(lines);
    lines = [];
  };
  return {
    emit(body) {
      const event: RunEvent = { ...body, v: 1, run, seq: seq++, at: Date.now() };
      summary = summarize(summary, event);
      const line = secrets.redact(JSON.stringify(event));
      lines.push(line);
      if (lines.length >= LOG_BATCH || event.type === 'run-finished') flush();
      // People see paths from where they stand; programs are told what the log holds.
      const isForPeople = event.type === 'published' && flags.json !== true;
      const told = isForPeople ? { ...event, to: shown(resolve(prepared.workspace.dir, event.to), io) } : event;
      for (const reporter of reporters) reporter.event(told, line);
    },
    async close() {
      flush();
      for (const reporter of reporters) await reporter.close();
      await folder.write(
        'summary.json',
        JSON.stringify({
          run,
          finished: summary.finished,
          pipeline: summary.pipeline,
          profile: summary.profile,
          startedAt: summary.startedAt,
          totals: summary.totals,
          fetched: [...summary.fetched].map(([node, counts]) => ({ node, ...counts })),
        }),
      );
      await folder.write('report.html', secrets.redact(toRunHtml(summary)));
    },
  };
}

function chooseReporters(
  flags: TellerOptions['flags'],
  prepared: Prepared,
  target: string | undefined,
  output: Output,
  io: Io,
): Reporter[] {
  if (flags.json === true) return [makeNdjson(output)];
  const isTerminal =
    output.isTTY === true && flags.plain !== true && io.env('CI') === undefined && io.env('TERM') !== 'dumb';
  const style = chooseStyle(io.env, output);
  const file = target ?? shown(prepared.workspace.file, io);
  const reporters: Reporter[] = [isTerminal ? makeTty(output, { style, file }) : makePlain(output)];
  if (io.env('GITHUB_ACTIONS') === 'true') reporters.push(makeGithub(output, githubOptions(prepared, io)));
  return reporters;
}

function githubOptions(prepared: Prepared, io: Io): Parameters<typeof makeGithub>[1] {
  const path = io.env('GITHUB_STEP_SUMMARY');
  const root = io.env('GITHUB_WORKSPACE') ?? io.cwd;
  return {
    texts: prepared.texts,
    fileName: (file: string) => (file.startsWith(`${root}/`) ? file.slice(root.length + 1) : file),
    ...(path === undefined ? {} : { jobSummary: { write: (text: string) => appendFileSync(path, text) } }),
  };
}
