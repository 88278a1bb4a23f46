/** A project's own test command: the candidate laid among the project's files, the command run as a program, its exit code the verdict. */

import { Failure } from '#contract/failure.ts';
import type { TestStatus } from '#contract/sandbox.ts';
import { sha256 } from '#util/sha256.ts';
import type { Backend, Job, ProgramOutcome, Turn, Verdict } from './backend.ts';

/** @throws Infrastructure, Failure `sandbox-unavailable` */
export async function testByCommand(backend: Backend, job: Job, turn: Turn): Promise<Verdict> {
  const { tests, source, files, limits, hashSeed } = job;
  if (tests.type !== 'command' || backend.program === undefined)
    throw new Failure('sandbox-unavailable', `the backend ${backend.served.backend} cannot run commands`, {
      scope: 'infrastructure',
    });
  const outcome = await backend.program(
    {
      argv: tests.argv,
      files: { ...files, [tests.path]: source },
      deadlineMs: limits.wallMs,
      hashSeed,
      limits,
      collect: { globs: [] },
    },
    turn,
  );
  const { status, detail } = toStatus(outcome);
  return {
    status,
    detail,
    passed: status === 'pass' ? 1 : 0,
    total: 1,
    behaviour: sha256(JSON.stringify([status, outcome.code, outcome.stdout])),
    taken: [],
    cpuMs: outcome.cpuMs,
    wallMs: outcome.wallMs,
    peakBytes: outcome.peakBytes,
  };
}

function toStatus({ ended, code, signal, stdout, stderr }: ProgramOutcome): { status: TestStatus; detail: string } {
  const last = `${stderr}\n${stdout}`.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  if (ended === 'deadline') return { status: 'timeout_wall', detail: 'no end within the wall limit' };
  if (ended === 'cpu') return { status: 'timeout_cpu', detail: 'more processor time than the limit' };
  if (ended === 'scratch_full') return { status: 'fail_exception', detail: 'the scratch folder is full' };
  if (ended !== 'exit') return { status: ended, detail: last };
  if (signal !== null) return { status: 'crash_signal', detail: signal };
  if (code === 127) throw new Failure('sandbox-tests-invalid', `the test command cannot be started: ${last}`, {});
  return code === 0 ? { status: 'pass', detail: '' } : { status: 'fail_assert', detail: `exit code ${code}: ${last}` };
}
