/** Recorded answers by call key: JSONL files in a folder, what provider `replay` answers from and `--record` writes. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '#contract/failure.ts';
import type { Digest, JsonObject } from '#contract/json.ts';
import type { Usage } from '#contract/services.ts';
import type { CallRecord } from '#contract/store.ts';
import { isCount } from '#util/answer-bound.ts';

export interface Recording {
  readonly key: Digest;
  readonly text: string;
  readonly reasoning: string | null;
  readonly finishReason: string;
  readonly usage: Usage;
}

export type Recordings = ReadonlyMap<Digest, Recording>;

/**
 * All `*.jsonl` files of a folder, in order of name; a key's last line counts.
 * @throws Failure `recordings-missing`, `recording-invalid`
 */
export async function loadRecordings(dir: string): Promise<Recordings> {
  let names: string[];
  try {
    names = (await readdir(dir)).filter((name) => name.endsWith('.jsonl')).sort();
  } catch (error) {
    throw new Failure('recordings-missing', `there is no folder of recordings at ${dir}`, {
      scope: 'endpoint',
      hint: 'make one with `sluice run --record DIR` against a live endpoint',
      cause: error,
    });
  }
  const recordings = new Map<Digest, Recording>();
  for (const name of names) {
    const lines = (await readFile(join(dir, name), 'utf8')).split('\n');
    for (const [index, line] of lines.entries()) {
      if (line.trim() === '') continue;
      const recording = parseRecording(line);
      if (recording === null) throw invalid(join(dir, name), index + 1);
      recordings.set(recording.key, recording);
    }
  }
  return recordings;
}

function invalid(file: string, line: number): Failure {
  return new Failure('recording-invalid', `${file}:${line}: not a recording`, {
    scope: 'endpoint',
    hint: 'a line is {"key": <64 hex>, "answer": {"text", "reasoning", "finishReason"}, "usage": {"input", "output"}}',
  });
}

function parseRecording(line: string): Recording | null {
  try {
    const { key, answer, usage } = JSON.parse(line);
    const { text, reasoning = null, finishReason = 'stop' } = answer;
    const { input = 0, output = 0 } = usage ?? {};
    const isSound =
      /^[0-9a-f]{64}$/.test(key) &&
      typeof text === 'string' &&
      (reasoning === null || typeof reasoning === 'string') &&
      typeof finishReason === 'string' &&
      isCount(input) &&
      isCount(output);
    return isSound ? { key, text, reasoning, finishReason, usage: { input, output } } : null;
  } catch {
    return null;
  }
}

/** Journal records as lines of a recordings file, sorted by key, so that recording twice gives the same bytes. */
export function exportRecordings(records: Iterable<CallRecord>): string[] {
  return [...records]
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ key, model, answer, usage }) => {
      const { text = '', reasoning = null, finishReason = 'stop' } = answer;
      const line: JsonObject = {
        key,
        model,
        answer: { text, reasoning, finishReason },
        usage: { input: usage.input, output: usage.output },
      };
      return JSON.stringify(line);
    });
}
