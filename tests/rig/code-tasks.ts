/** Real tasks of shared data as tests that a sandbox can be asked, and labels of many candidates at once. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { CandidateTests, SandboxService, TestResult } from '#contract/sandbox.ts';
import { SHARED_DATA } from './data-sources.ts';

export interface CodeTask {
  readonly id: string;
  readonly reference: string;
  readonly tests: Extract<CandidateTests, { type: 'script' }>;
}

export interface HumanEvalTask extends CodeTask {
  readonly prompt: string;
}

const shared = (name: string): Buffer => readFileSync(join(SHARED_DATA, 'tasks', name));
const linesOf = (text: string): readonly string[] => text.split('\n').filter(Boolean);

export function humanEval(): readonly HumanEvalTask[] {
  interface Raw {
    readonly task_id: string;
    readonly prompt: string;
    readonly canonical_solution: string;
    readonly test: string;
    readonly entry_point: string;
  }
  return linesOf(gunzipSync(shared('HumanEval.jsonl.gz')).toString()).map((line) => {
    const { task_id: id, prompt, canonical_solution, test: script, entry_point: entry } = JSON.parse(line) as Raw;
    return { id, prompt, reference: prompt + canonical_solution, tests: { type: 'script', script, entry } };
  });
}

/** Imports stand in front of the asserts, and so after the solution. */
export function mbpp(): readonly CodeTask[] {
  interface Raw {
    readonly task_id: number;
    readonly code: string;
    readonly test_imports: readonly string[];
    readonly test_list: readonly string[];
  }
  return (JSON.parse(shared('sanitized-mbpp.json').toString()) as readonly Raw[]).map((raw) => {
    const script = [...raw.test_imports, ...raw.test_list].join('\n');
    const names = [...raw.code.matchAll(/^def\s+(\w+)/gm)].map(([, name = '']) => name);
    const entry = names.find((name) => new RegExp(`\\b${name}\\s*\\(`).test(script)) ?? '';
    return { id: `mbpp/${raw.task_id}`, reference: raw.code, tests: { type: 'script', script, entry } };
  });
}

export interface QuixBugsTask extends CodeTask {
  readonly buggy: string;
}

export function quixBugs(): readonly QuixBugsTask[] {
  interface Raw {
    readonly name: string;
    readonly solution: string;
    readonly buggy_program: string;
    readonly tests: string;
  }
  return linesOf(shared('quixbugs_python.jsonl').toString()).map((line) => {
    const { name, solution: reference, buggy_program: buggy, tests: script } = JSON.parse(line) as Raw;
    return { id: name, reference, buggy, tests: { type: 'script', script, entry: name } };
  });
}

/** Each candidate against the tests of its task; as many at once as the sandbox takes. */
export function labelAll(
  sandbox: SandboxService,
  candidates: readonly { readonly task: CodeTask; readonly text: string }[],
  hashSeeds: readonly number[] = [0],
): Promise<readonly TestResult[]> {
  return Promise.all(
    candidates.map(({ task: { reference, tests }, text }) =>
      sandbox.runTests({ language: 'python', candidate: text, reference, tests, hashSeeds }),
    ),
  );
}
