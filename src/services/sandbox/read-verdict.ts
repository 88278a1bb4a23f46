/** A broker's answer -> verdict, or the exception that it stands for. */

import { Failure } from '#contract/failure.ts';
import type { JsonObject } from '#contract/json.ts';
import { Infrastructure, type Verdict } from './backend.ts';

/** @throws Infrastructure, Failure `sandbox-tests-invalid`, `sandbox-mount-unreadable` */
export function readVerdict(answer: JsonObject): Verdict {
  refuseTrouble(answer);
  if (typeof answer['status'] !== 'string') throw new Infrastructure('an answer without a status');
  return {
    status: String(answer['status']) as Verdict['status'],
    detail: String(answer['detail'] ?? ''),
    passed: Number(answer['passed'] ?? 0),
    total: Number(answer['total'] ?? 0),
    behaviour: String(answer['behaviour'] ?? ''),
    taken: Array.isArray(answer['taken']) ? answer['taken'].map(String) : [],
    cpuMs: Number(answer['cpuMs']),
    wallMs: Number(answer['wallMs']),
    peakBytes: Number(answer['peakBytes']),
  };
}

export function refuseTrouble(answer: JsonObject): void {
  if (answer['infrastructure'] !== undefined) throw new Infrastructure(String(answer['infrastructure']));
  if (answer['unsupported'] !== undefined) throw new Infrastructure(String(answer['unsupported']));
  if (answer['unreadable'] !== undefined) {
    throw new Failure('sandbox-mount-unreadable', String(answer['unreadable']), {
      scope: 'infrastructure',
      hint: 'check the path; sandboxes started by root run as nobody: `chmod -R o+rX` what they are to read',
    });
  }
  if (answer['invalid'] !== undefined || answer['status'] === 'invalid') {
    throw new Failure(
      'sandbox-tests-invalid',
      `the tests cannot run: ${String(answer['invalid'] ?? answer['detail'])}`,
      {
        hint: 'tests must compile, call the entry point at least once, and hold values that Python can read',
      },
    );
  }
}
